"""The routing strategies, one file each: a new strategy is a new file here and nothing else.

A strategy's name is its file's name and its label the first line of its docstring. It defines `SCOPE`, `Options` (a
frozen dataclass, its form) and `rank(options, agent, queue, interaction)`, whose smallest key is chosen. Strategies do
not know each other, and none knows the time.
"""
