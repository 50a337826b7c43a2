from typing import Any

from pyramid.registry import Registry
from pyramid.response import Response
from webob.request import BaseRequest

class Route:
    name: str
    pattern: str

class Request(BaseRequest):
    registry: Registry
    matchdict: dict[str, str]
    matched_route: Route | None
    response: Response
    identity: Any  # any: what the security policy gives
    authenticated_userid: str | None
    exception: BaseException | None
    openapi_validated: Any  # any: the body as the API's description converts it
    def has_permission(self, permission: str, context: object = None) -> bool: ...
