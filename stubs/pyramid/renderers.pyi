from collections.abc import Mapping

from pyramid.request import Request

def render(renderer_name: str, value: Mapping[str, object], request: Request | None = None) -> str: ...
