"""Who may see what: permissions by role, deny by default."""

import enum
from collections.abc import Mapping


class Permission(enum.StrEnum):
    """What a page asks of who looks at it."""

    ANYBODY = "anybody"
    "Also people who have not signed in."
    SIGNED_IN = "signed_in"
    DESK = "desk"
    FLOOR = "floor"
    CALLS = "calls"
    "An agent sees the calls that were offered to this agent, the others all."
    RECORDINGS = "recordings"
    EXPORT = "export"
    TEXTS = "texts"
    SEND_TEXT = "send_text"
    SETUP = "setup"
    SYSTEM = "system"
    NOBODY = "nobody"
    "What a page has that names no permission."


ROLES: Mapping[str, frozenset[Permission]] = {
    "agent": frozenset({Permission.SIGNED_IN, Permission.DESK, Permission.CALLS}),
    "supervisor": frozenset(
        {
            Permission.SIGNED_IN,
            Permission.DESK,
            Permission.FLOOR,
            Permission.CALLS,
            Permission.RECORDINGS,
            Permission.EXPORT,
            Permission.TEXTS,
            Permission.SEND_TEXT,
            Permission.SYSTEM,
        }
    ),
    "administrator": frozenset(set(Permission) - {Permission.NOBODY, Permission.ANYBODY}),
}


def allows(role: str, permission: str) -> bool:
    """Whether a role, or nobody at all (``""``), has a permission."""
    return permission == Permission.ANYBODY or permission in ROLES.get(role, frozenset())
