from typing import TypeVar

from BTrees._tables import Tree, TreeSet

_K = TypeVar("_K")
_V = TypeVar("_V")

class OOBTree(Tree[_K, _V]): ...
class OOTreeSet(TreeSet[_K]): ...
