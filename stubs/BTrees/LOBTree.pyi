from typing import TypeVar

from BTrees._tables import Tree

_V = TypeVar("_V")

class LOBTree(Tree[int, _V]): ...
