from typing import TypeVar

from BTrees._tables import Tree

_K = TypeVar("_K")

class OLBTree(Tree[_K, int]): ...
