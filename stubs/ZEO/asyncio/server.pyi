from asyncio import AbstractEventLoop, BaseTransport
from collections.abc import Collection

class SizedMessageProtocol:
    transport: BaseTransport

class ServerProtocol:
    methods: Collection[str]
    sm_protocol: SizedMessageProtocol

class Acceptor:
    event_loop: AbstractEventLoop
