"""The nodes of a flow, one file each: a new node is a new file here and nothing else.

A node's name is its file's name and its label the first line of its docstring. It defines `Options` (a frozen
dataclass, its form), `exits(options)`, `enter(options, visit)` and `hear(options, heard)`. Nodes do not know each
other.
"""
