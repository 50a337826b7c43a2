"""The words between the daemon and the presser: msgpack, each message with its length before it."""

import struct
from collections.abc import Iterator
from typing import IO

import msgspec


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk of calls in columns, as it is stored."""

    began: int
    "The earliest beginning, microseconds UTC."
    ended: int
    "The latest end."
    least: str
    "The least interaction id in it."
    greatest: str
    ready: bytes
    "The sheet that lists are made from."
    who: bytes
    "The sheet of parties."
    rest: bytes
    "The sheet of all else."
    visits: bytes
    "The sheet of queue visits, that reports read."


class PressedChunk(msgspec.Struct, frozen=True, kw_only=True, tag="chunk"):
    """A chunk is ready to be stored in place of its pages."""

    number: int
    chunk: Pressed


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """What the indexes have about a call in a chunk."""

    interaction: str
    batch: int
    party: str


class Sweep(msgspec.Struct, frozen=True, kw_only=True, tag="sweep"):
    """The indexes need these calls no more, once their chunk is stored."""

    number: int
    "Of the chunk."
    entries: tuple[Entry, ...]
    "One a call, in the order of their numbers."


Pressing = PressedChunk | Sweep

_LENGTH = struct.Struct(">I")
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Pressing] = msgspec.msgpack.Decoder(Pressing)


def framed(message: Pressing) -> bytes:
    """Give a message with its length before it."""
    data = _encoder.encode(message)
    return _LENGTH.pack(len(data)) + data


def messages(stream: IO[bytes]) -> Iterator[Pressing]:
    """Read messages until the stream ends; one that was cut off is none. Raises `msgspec.ValidationError`."""
    while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = stream.read(length)
        if len(data) < length:
            return
        yield _decoder.decode(data)
