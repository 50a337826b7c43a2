"""HTTP digest as SIP uses it (RFC 2617, 7616, 8760): the answer to a 401 or 407."""

import hashlib
import re
from dataclasses import dataclass

from drivers.robot.sip import Headers, LocalProtocolError, RemoteProtocolError, quoted

ALGORITHMS = {"md5": "md5", "sha-256": "sha256"}
"The algorithms that we answer, by their name in a challenge; MD5 where the challenge names none."

CHALLENGES = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}
"Which header asks and which answers, by the response's code."

_PARAM = re.compile(r'\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who we are to the one who asks."""

    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a 401 or 407 asks for."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    opaque: str = ""
    auth: bool = False
    "Whether the quality of protection `auth` is offered; without it the answer is RFC 2069's."
    stale: bool = False
    "Whether only the nonce was too old: the password was not refused."


def parse_challenge(text: str) -> Challenge:
    """Read one WWW-Authenticate or Proxy-Authenticate value."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        raise RemoteProtocolError(f"an authentication that we do not know: {scheme[:60]!r}")
    params: dict[str, str] = {}
    while rest.strip():
        found = _PARAM.match(rest)
        if found is None:
            raise RemoteProtocolError(f"no parameter of a challenge: {rest[:60]!r}")
        value = re.sub(r"\\(.)", r"\1", found[2], flags=re.DOTALL) if found[2] is not None else found[3]
        params[found[1].lower()] = value
        rest = rest[found.end() :]
    algorithm = params.get("algorithm", "MD5")
    offered = {item.strip().lower() for item in params.get("qop", "").split(",")} - {""}
    if algorithm.lower() not in ALGORITHMS or (offered and "auth" not in offered):
        raise RemoteProtocolError(f"a digest that we cannot answer: {algorithm[:60]!r} {sorted(offered)!r:.60}")
    if "realm" not in params or not params.get("nonce"):
        raise RemoteProtocolError("a challenge without realm or nonce")
    return Challenge(
        realm=params["realm"],
        nonce=params["nonce"],
        algorithm=algorithm,
        opaque=params.get("opaque", ""),
        auth="auth" in offered,
        stale=params.get("stale", "").lower() == "true",
    )


def find_challenge(code: int, headers: Headers) -> Challenge:
    """Give the first challenge of a 401 or 407 that we can answer."""
    problem = RemoteProtocolError(f"a {code} without a challenge")
    for value in headers.every(CHALLENGES[code][0]):
        try:
            return parse_challenge(value)
        except RemoteProtocolError as error:
            problem = error
    raise problem


def answer(challenge: Challenge, credentials: Credentials, method: str, uri: str, cnonce: str) -> str:
    """Write the value of the Authorization header for one use of a nonce."""
    if ":" in credentials.user:
        raise LocalProtocolError("a user name with a colon cannot be authenticated by digest")
    name = ALGORITHMS[challenge.algorithm.lower()]

    def digest(*parts: str) -> str:
        text = ":".join(parts).encode("utf-8", "surrogateescape")
        return hashlib.new(name, text, usedforsecurity=False).hexdigest()

    count = "00000001"
    secret = digest(credentials.user, challenge.realm, credentials.password)
    asked = digest(method, uri)
    if challenge.auth:
        response = digest(secret, challenge.nonce, count, cnonce, "auth", asked)
    else:
        response = digest(secret, challenge.nonce, asked)
    fields = [
        f"username={quoted(credentials.user)}",
        f"realm={quoted(challenge.realm)}",
        f"nonce={quoted(challenge.nonce)}",
        f"uri={quoted(uri)}",
        f'response="{response}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.auth:
        fields += ["qop=auth", f"nc={count}", f"cnonce={quoted(cnonce)}"]
    if challenge.opaque:
        fields.append(f"opaque={quoted(challenge.opaque)}")
    return "Digest " + ", ".join(fields)
