"""A small HTTP load generator: some keep-alive connections, each with one request under way at a time.

It speaks raw HTTP/1.1 over asyncio so that it costs less than the server that it measures.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence

import msgspec


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured. Latencies are in milliseconds."""

    requests: int
    failures: int
    seconds: float
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float


class _Client(asyncio.Protocol):
    """One connection: sends its requests in turn, each as soon as the answer to the last is complete."""

    def __init__(
        self, requests: Sequence[bytes], until: float, done: asyncio.Future[None], latencies: list[float]
    ) -> None:
        self._requests = itertools.cycle(requests)
        self._until = until
        self._done = done
        self._latencies = latencies
        self._buffer = b""
        self._sent = 0.0
        self.failures = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        now = time.perf_counter()
        self._latencies.append(now - self._sent)
        self.failures += not head.startswith(b"HTTP/1.1 2")
        self._buffer = b""
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def post(host: str, port: int, connections: Sequence[Sequence[bytes]], seconds: float) -> Result:
    """Send the requests of each connection in turn, again and again for some seconds."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    started = time.perf_counter()
    ends: list[asyncio.Future[None]] = []
    clients: list[_Client] = []
    for requests in connections:
        done: asyncio.Future[None] = loop.create_future()
        client = _Client(requests, started + seconds, done, latencies)
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]
        ends.append(done)
        clients.append(client)
    await asyncio.gather(*ends)
    took = time.perf_counter() - started
    ordered = sorted(latencies)
    return Result(
        requests=len(ordered),
        failures=sum(client.failures for client in clients),
        seconds=round(took, 2),
        per_second=round(len(ordered) / took, 1),
        p50_ms=round(ordered[len(ordered) // 2] * 1000, 2),
        p99_ms=round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
        max_ms=round(ordered[-1] * 1000, 2),
    )


def request(path: str, key: str, body: object) -> bytes:
    """A POST of a JSON body, as bytes."""
    encoded = msgspec.json.encode(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(encoded)}\r\n\r\n"
    )
    return head.encode() + encoded
