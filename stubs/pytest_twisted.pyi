from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar  # any: what a coroutine takes and yields is Twisted's affair

_P = ParamSpec("_P")
_T = TypeVar("_T")

def ensureDeferred(
    f: Callable[_P, Coroutine[Any, Any, None]],
) -> Callable[_P, None]: ...
def async_yield_fixture(
    *, scope: str = "function"
) -> Callable[[Callable[_P, AsyncIterator[_T]]], Callable[_P, _T]]: ...
