"""SIP messages: whatever comes is read or refused, whatever leaves holds its lines."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.robot import sip

HEAD = (
    ("Via", "SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKa"),
    ("From", '"A" <sip:a@127.0.0.1>;tag=1'),
    ("To", "<sip:b@127.0.0.1>"),
    ("Call-ID", "c1"),
    ("CSeq", "7 INVITE"),
)


def raw(start: str = "INVITE sip:b@h SIP/2.0", drop: str = "", extra: str = "", body: str = "") -> bytes:
    """Write a datagram, lines and all, as a careless peer would."""
    lines = [f"{name}: {value}" for name, value in HEAD if name != drop]
    return ("\r\n".join([start, *lines]) + "\r\n" + extra + "\r\n" + body).encode()


def a_request(*extra: tuple[str, str], uri: str = "sip:b@h", body: bytes = b"") -> sip.Request:
    """Make an INVITE."""
    return sip.Request(method="INVITE", uri=uri, headers=sip.Headers(fields=(*HEAD, *extra)), body=body)


def test_a_request_comes_back_as_it_was_written() -> None:
    """A request comes back as it was written."""
    written = a_request(("X-Any", "ü"), body=b"v=0\r\n")
    read = sip.parse(written.encode())
    assert isinstance(read, sip.Request)
    assert (read.method, read.uri, read.body) == ("INVITE", "sip:b@h", b"v=0\r\n")
    assert read.headers.fields == (*written.headers.fields, ("Content-Length", "5"))


def test_a_response_comes_back_as_it_was_written() -> None:
    """A response comes back as it was written."""
    read = sip.parse(sip.Response(code=486, reason="Busy Here", headers=sip.Headers(fields=HEAD)).encode())
    assert isinstance(read, sip.Response)
    assert (read.code, read.reason) == (486, "Busy Here")


def test_a_response_needs_no_phrase() -> None:
    """A response needs no phrase."""
    read = sip.parse(raw("SIP/2.0 200"))
    assert isinstance(read, sip.Response)
    assert read.reason == ""


def test_short_names_folded_lines_and_bare_newlines_are_read() -> None:
    """Short names folded lines and bare newlines are read."""
    text = (
        "\r\nOPTIONS sip:b@h SIP/2.0\nv: SIP/2.0/UDP h;branch=z9\nf: <sip:a@h>;tag=x\nt : <sip:b@h>\ni: q\n"
        "CSeq: 1\n OPTIONS\nl: 2\n\nhello"
    )
    read = sip.parse(text.encode())
    assert isinstance(read, sip.Request)
    assert read.headers.cseq == (1, "OPTIONS")
    assert read.headers.sender.tag == "x"
    assert read.headers.recipient.tag == ""
    assert read.headers.call_id == "q"
    assert read.body == b"he"


@pytest.mark.parametrize(
    ("datagram", "complaint"),
    [
        (b"x" * 65_536, "65536 bytes"),
        (b"OPTIONS sip:b@h SIP/2.0\r\n", "no empty line"),
        (raw("INVITE sip:b@h SIP/3.0"), "no SIP start line"),
        (raw("INVITE  SIP/2.0"), "no SIP start line"),
        (raw("INVITE sip:b@h"), "no SIP start line"),
        (raw("SIP/2.0 099 Low"), "no SIP start line"),
        (raw("SIP/2.0 700 High"), "no SIP start line"),
        (raw("BYE sip:b@h SIP/2.0"), "whose CSeq says 'INVITE'"),
        (raw("IN<VITE sip:b@h SIP/2.0"), "whose CSeq"),
        (raw(drop="Via"), "no via header"),
        (raw(drop="CSeq"), "no cseq header"),
        (raw(drop="CSeq", extra="CSeq: x INVITE\r\n"), "bad CSeq"),
        (raw(drop="CSeq", extra="CSeq: 2147483648 INVITE\r\n"), "bad CSeq"),
        (raw(extra="no colon\r\n"), "no header"),
        (raw(extra="bad name: 1\r\n"), "no header"),
        (raw(extra="X: a\0b\r\n"), "no header"),
        (raw(extra="X: a\rb\r\n"), "no header"),
        (raw(extra="X: 1\r\n" * 196), "201 headers"),
        (raw(extra=f"X: {'a' * 8_192}\r\n"), "a line of more than 8192"),
        (raw(extra="Content-Length: -1\r\n"), "bad Content-Length"),
        (raw(extra="Content-Length: 5\r\n", body="four"), "4 of 5 bytes"),
    ],
)
def test_what_is_no_sip_is_refused_with_a_reason(datagram: bytes, complaint: str) -> None:
    """What is no SIP is refused with a reason."""
    with pytest.raises(sip.RemoteProtocolError, match=re.escape(complaint)):
        sip.parse(datagram)


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(datagram: bytes) -> None:
    """Any bytes are read or refused."""
    try:
        sip.parse(datagram)
    except sip.RemoteProtocolError:
        return


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 400), st.integers(0, 80))
def test_a_message_with_any_wound_is_read_or_refused(wound: bytes, start: int, length: int) -> None:
    """A message with any wound is read or refused."""
    whole = raw(extra='Contact: "x" <sip:a@h>, <sip:b@h>\r\nContent-Length: 3\r\n', body="abc")
    try:
        message = sip.parse(whole[:start] + wound + whole[start + length :])
        assert message.headers.call_id
        assert isinstance(message.headers.branch, str)
        assert isinstance(message.headers.sender.tag, str)
        sip.parse_uri(message.headers.recipient.uri)
    except sip.RemoteProtocolError:
        return


LINE = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=60)


@settings(deadline=None)
@given(LINE, LINE)
def test_any_name_and_header_come_back(name: str, value: str) -> None:
    """Any name and header come back."""
    address = sip.Address(name=name, uri="sip:a@h", params=(("tag", "1"),))
    request = a_request(("Contact", str(address)), ("X-Any", value.strip(" \t")))
    read = sip.parse(request.encode())
    assert read.headers.listed("m") == (str(address),)
    assert sip.parse_address(read.headers.first("contact")) == address
    assert read.headers.first("x-any") == value.strip(" \t")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_number_comes_back_and_stays_on_its_line(number: str) -> None:
    """Any number comes back and stays on its line."""
    uri = str(sip.Uri(user=number, host="127.0.0.1", port=5060))
    assert sip.parse_uri(uri) == sip.Uri(user=number, host="127.0.0.1", port=5060)
    assert isinstance(sip.parse(a_request(uri=uri).encode()), sip.Request)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=40))
def test_a_header_that_is_no_utf_8_leaves_as_it_came(value: bytes) -> None:
    """A header that is no UTF-8 leaves as it came."""
    value = re.sub(rb"[\r\n\0\t ]", b"", value)
    text = value.decode("utf-8", "surrogateescape")
    assert b"\r\nX-Any: " + value + b"\r\n" in a_request(("X-Any", text)).encode()


@pytest.mark.parametrize(
    "request_",
    [
        a_request(("X", "a\r\nY: b")),
        a_request(("X", "a\nb")),
        a_request(("X", "a\0b")),
        a_request(("X: y", "a")),
        a_request(("", "a")),
        a_request(uri="sip:b@h SIP/2.0\r\nX: y"),
        a_request(uri=""),
        sip.Request(method="IN VITE", uri="sip:b@h", headers=sip.Headers(fields=HEAD)),
        sip.Response(code=200, reason="OK\r\nX: y", headers=sip.Headers(fields=HEAD)),
    ],
)
def test_a_line_cannot_be_forged(request_: sip.Message) -> None:
    """A line cannot be forged."""
    with pytest.raises(sip.LocalProtocolError):
        request_.encode()


def test_a_quoted_name_cannot_hold_a_line_break() -> None:
    """A quoted name cannot hold a line break."""
    with pytest.raises(sip.LocalProtocolError):
        str(sip.Address(name="a\r\nb", uri="sip:a@h"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sip:a@h;tag=1", sip.Address(uri="sip:a@h", params=(("tag", "1"),))),
        ("<sip:a@h;lr>;tag=1", sip.Address(uri="sip:a@h;lr", params=(("tag", "1"),))),
        ("Al Ice <sip:a@h>", sip.Address(name="Al Ice", uri="sip:a@h")),
        (
            '"a \\"b\\" <c>, d" <sip:a@h>;x="y;z";lr',
            sip.Address(name='a "b" <c>, d', uri="sip:a@h", params=(("x", "y;z"), ("lr", ""))),
        ),
    ],
)
def test_addresses_are_read(text: str, address: sip.Address) -> None:
    """Addresses are read."""
    assert sip.parse_address(text) == address
    assert sip.parse_address(str(address)) == address or '"y;z"' in text


@pytest.mark.parametrize("text", ['"a', '"a" sip:a@h', "<sip:a@h", '<sip:a@h>;x="y'])
def test_broken_addresses_are_refused(text: str) -> None:
    """Broken addresses are refused."""
    with pytest.raises(sip.RemoteProtocolError):
        sip.parse_address(text)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:h", sip.Uri(host="h")),
        (
            "SIPS:%61:pw@h:5061;transport=tcp?X=y",
            sip.Uri(scheme="sips", user="a", host="h", port=5061, params=";transport=tcp?X=y"),
        ),
        ("sip:a@[::1]:5060", sip.Uri(user="a", host="[::1]", port=5060)),
        ("tel:+15;ext=1", sip.Uri(scheme="tel", user="+15", host="", params=";ext=1")),
    ],
)
def test_uris_are_read(text: str, uri: sip.Uri) -> None:
    """URIs are read."""
    assert sip.parse_uri(text) == uri


@pytest.mark.parametrize("text", ["", "sip", "http://h", "sip:a@", "sip:a@h:99999", "sip:a@h h", "sip:a@[zz]"])
def test_broken_uris_are_refused(text: str) -> None:
    """Broken uris are refused."""
    with pytest.raises(sip.RemoteProtocolError):
        sip.parse_uri(text)


def test_lists_are_split_outside_of_quotes_and_brackets() -> None:
    """Lists are split outside of quotes and brackets."""
    assert sip.split_list('"a, \\", b" <sip:a,b@h>, c>,, d') == ('"a, \\", b" <sip:a,b@h>', "c>", "d")


def test_a_message_without_via_has_no_branch() -> None:
    """A message without via has no branch."""
    assert sip.Headers(fields=()).branch == ""
