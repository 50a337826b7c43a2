"""The routing strategies, one file each: a new strategy is a new file here and nothing else.

A strategy's name is its file's name and its label the first line of its docstring. It defines `Options` (a frozen
dataclass, its form), `rank(options, agent, member)`, whose smallest key is chosen and which ends with the slug so that
no two are equal, `SCOPE`, which says what the key depends on, and `width(options)`, how many phones ring at once (0 for
all). One of scope `INTERACTION` defines `draw(options, turn, free)` too: where in the order to begin; one of scope
`SHARE` defines `begins_at(options, agent, others)`: how many offers who signs on is taken to have had. Strategies do
not know each other, and none knows the time.
"""
