"""A dialog: what two telephones remember of each other between messages (RFC 3261 12). No socket, no clock."""

import re
from dataclasses import dataclass, field

from drivers.robot.sip import Headers, RemoteProtocolError, Request, Response, parse_address, parse_uri
from drivers.robot.transactions import Where

MAX_FORWARDS = 70
ROUTES_MAX = 20


@dataclass(slots=True, kw_only=True)
class Dialog:
    """One dialog, seen from our side."""

    call_id: str
    local: str
    "Our From, or To where they called, with our tag."
    local_tag: str
    remote: str
    "Their address, with their tag once there is one."
    target: str
    "Where they want to be asked: their Contact."
    contact: str
    "Where we want to be asked."
    routes: tuple[str, ...] = ()
    sequence: int = 0
    remote_sequence: int = field(default=-1)

    @property
    def remote_tag(self) -> str:
        """Their tag, empty until they answered."""
        return parse_address(self.remote).tag

    def accept(self, response: Response) -> None:
        """Learn from the answer to our INVITE who they are and by which way to reach them."""
        self.remote = response.headers.first("to")
        self.refresh(response.headers)
        routes = response.headers.listed("record-route")
        self.routes = tuple(reversed(routes[:ROUTES_MAX]))

    def refresh(self, headers: Headers) -> None:
        """Learn a new target (RFC 3261 12.2): a Contact that is none is passed over."""
        contacts = headers.listed("contact")
        target = parse_address(contacts[0]).uri if contacts else ""
        if re.fullmatch(r"sips?:\S+", target, re.IGNORECASE):
            self.target = target

    def request(
        self, method: str, via: str, *, extra: tuple[tuple[str, str], ...] = (), body: bytes = b"", number: int = 0
    ) -> Request:
        """Write a request inside the dialog; an ACK names the `number` of its INVITE, others count on."""
        if not number:
            self.sequence += 1
            number = self.sequence
        fields = [
            ("Via", via),
            ("Max-Forwards", str(MAX_FORWARDS)),
            *(("Route", route) for route in self.routes),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", self.contact),
            *extra,
        ]
        if body and not any(name.lower() == "content-type" for name, _ in extra):
            fields.append(("Content-Type", "application/sdp"))
        return Request(method=method, uri=self.target, headers=Headers(fields=tuple(fields)), body=body)

    def next_hop(self, default: Where) -> Where:
        """Tell where its requests go: the first route, else the target; `default` where that is no plain address."""
        try:
            uri = parse_uri(parse_address(self.routes[0]).uri if self.routes else self.target)
        except RemoteProtocolError:
            return default
        if not re.fullmatch(r"[0-9.]{7,15}", uri.host):
            return default
        return (uri.host, uri.port or 5060)

    def fresh(self, request: Request) -> bool:
        """Tell whether a request of theirs comes in order, and remember it (RFC 3261 12.2.2)."""
        number, method = request.headers.cseq
        if method == "ACK":
            return True
        if number < self.remote_sequence:
            return False
        self.remote_sequence = number
        return True


def answered_by_us(invite: Request, local_tag: str, contact: str) -> Dialog:
    """Make the dialog of a call that came in."""
    headers = invite.headers
    dialog = Dialog(
        call_id=headers.call_id,
        local=f"{headers.first('to')};tag={local_tag}",
        local_tag=local_tag,
        remote=headers.first("from"),
        target=headers.sender.uri,
        contact=contact,
        routes=headers.listed("record-route")[:ROUTES_MAX],
        remote_sequence=headers.cseq[0],
    )
    dialog.refresh(headers)
    return dialog


def respond(
    request: Request,
    code: int,
    reason: str,
    *,
    tag: str = "",
    extra: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> Response:
    """Write the answer to a request: what RFC 3261 8.2.6.2 has copied, and what is added."""
    headers = request.headers
    recipient = headers.first("to")
    if tag and not parse_address(recipient).tag:
        recipient += f";tag={tag}"
    fields = [
        *(("Via", value) for value in headers.every("via")),
        *(("Record-Route", value) for value in headers.every("record-route")),
        ("From", headers.first("from")),
        ("To", recipient),
        ("Call-ID", headers.call_id),
        ("CSeq", headers.first("cseq")),
        *extra,
    ]
    if body:
        fields.append(("Content-Type", "application/sdp"))
    return Response(code=code, reason=reason, headers=Headers(fields=tuple(fields)), body=body)
