"""A request's body, bounded in bytes and time, and read to its end before the response is sent."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from seasoned.errors import Busy, TooLarge, TooSlow
from seasoned.http import stopping

# How much of a refused body is still read and discarded. Closing a connection with unread data resets it, and a client
# that is still sending would lose the response.
THROWN_AWAY_TIMES = 4
# How much of a response is sent at once, since the server buffers all it is given.
SLICE_BYTES = 64 * 1024
_ANNOUNCE = frozenset({b"content-length", b"transfer-encoding"})
# In the scope of a request with an endless response: a client that closes its side has disconnected.
ENDLESS = "seasoned.endless"


class RequestBody:
    """The stream of one request; `receive` replaces the server's.

    `is_complete` says whether the whole body was read; it is true from the start if the headers announce none.
    """

    __slots__ = ("_bytes_max", "_deadline", "_receive", "_seconds", "_seen", "is_complete")

    def __init__(self, scope: Scope, receive: Receive, bytes_max: int, seconds: float) -> None:
        self._receive = receive
        self._bytes_max = bytes_max
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._seen = 0
        self.is_complete = not any(name in _ANNOUNCE for name, _ in scope["headers"])

    async def receive(self) -> Message:
        """The next piece. Raises TooLarge or TooSlow at the limits, and Busy when the server shuts down.

        Once the body is complete, the next message is the client's disconnect, which may take any time.
        """
        if self.is_complete:
            return await self._receive()
        message = await self._next()
        self._check_size()
        return message

    async def throw_away(self) -> bool:
        """Read and discard the rest; whether the body was read to its end."""
        try:
            while not self.is_complete and self._seen <= THROWN_AWAY_TIMES * self._bytes_max:
                await self._next()
        except (TooSlow, Busy):
            return False
        return self.is_complete

    def _check_size(self) -> None:
        if self._seen > self._bytes_max:
            raise TooLarge(f"The request body exceeds {self._bytes_max} bytes; send less per request.")

    async def _next(self) -> Message:
        message = await self._awaited()
        self._seen += len(message.get("body", b""))
        self.is_complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _awaited(self) -> Message:
        try:
            async with stopping.limit(self._deadline):
                return await self._receive()
        except TimeoutError:
            raise TooSlow(
                f"The request body was incomplete after {self._seconds:g} seconds; send less, or faster."
            ) from None


class ResponseBody:
    """The stream of one response; `send` replaces the server's.

    `status` is the response's, 0 before it begins.
    """

    __slots__ = ("_body", "_send", "status")

    def __init__(self, body: RequestBody, send: Send) -> None:
        self._body = body
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a piece. Before the first, the rest of the request body is read; if that fails, the connection is closed
        afterwards.
        """
        if not self.status:
            self.status = message["status"]
            if not self._body.is_complete and not await self._body.throw_away():
                # A client that keeps sending must not keep the connection.
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        body = message.get("body", b"")
        if len(body) <= SLICE_BYTES:
            await self._send(message)
            return
        for start in range(0, len(body), SLICE_BYTES):
            end = start + SLICE_BYTES
            more = end < len(body) or message.get("more_body", False)
            await self._send({**message, "body": body[start:end], "more_body": more})
            # The connection signals backpressure only after a turn of the event loop.
            await asyncio.sleep(0)
