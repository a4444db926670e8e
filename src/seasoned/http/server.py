"""Runs the application in this process until a signal stops it."""

import asyncio
import ctypes
import gc
import importlib.util
import platform
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from seasoned import __version__, instrumentation
from seasoned.engine import Engine
from seasoned.errors import Invalid
from seasoned.http import stopping
from seasoned.http.app import App
from seasoned.http.writes import TimedWrites
from seasoned.telemetry.metrics import Metrics

BACKLOG = 2_048
GC_THRESHOLD = (50_000, 20, 50)
# Parameters of glibc's malloc.h, and their values.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BLOCK_BYTES, ARENAS = 256 * 1024, 2


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one. Raises Invalid if the address is not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = error.strerror or "it cannot be used"
        raise Invalid(f"Cannot listen on {host}:{port}: {reason}; choose another --host or --port.") from None
    listener.listen(BACKLOG)
    return listener


class _Server(uvicorn.Server):
    """uvicorn, which waits for open requests when it stops; long-lived ones are ended.

    Once stopped, it lets the signal end the process; `at_end` runs before that.
    """

    at_end: Callable[[], None] | None = None

    def __init__(self, config: uvicorn.Config, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config)
        self._loop = loop
        self._told = asyncio.Event()

    async def main_loop(self) -> None:
        """Wait for the signal; uvicorn polls ten times a second, which would be most of an idle server's CPU time."""
        await self.on_tick(0)
        await self._told.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and sig == signal.SIGINT:
            # A second Ctrl-C ends at once: committed data is safe, and the rest is due at the next start.
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        stopping.begin()
        self._told.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.at_end is not None:
            await asyncio.to_thread(self.at_end)


def serve(engine: Engine, listener: socket.socket, at_end: Callable[[], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; open requests are finished first, then `at_end` is called."""
    metrics = _metrics()
    config = uvicorn.Config(
        App(engine, metrics),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        date_header=False,
        ws="none",
        http=_protocol(engine.config.body_seconds, engine.config.write_seconds),
        timeout_graceful_shutdown=10,
        lifespan="on",
    )
    # Imported objects live as long as the process, so the garbage collector need not scan them.
    _give_back_memory()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        server = _Server(config, runner.get_loop())
        server.at_end = at_end
        runner.run(server.serve(sockets=[listener]))


def _give_back_memory() -> None:
    """Have glibc return large blocks to the system as soon as they are free.

    By default it starts to keep them per thread once one was freed, and a server would stay as large as its largest
    responses.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
        libc.mallopt(M_ARENA_MAX, ARENAS)


def _metrics() -> Metrics | None:
    """The listener behind `/metrics`; None without the extra."""
    try:
        metrics = Metrics(__version__)
    except ImportError:
        return None
    instrumentation.listen(metrics, counts=True)
    return metrics


def _protocol(head_seconds: float, write_seconds: float) -> type[asyncio.Protocol]:
    """The HTTP protocol class; the fallback h11 has its own limits on what it reads."""
    if importlib.util.find_spec("httptools") is None:
        from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415 - only one of the two is needed

        return type("Protocol", (TimedWrites, H11Protocol), {"write_seconds": write_seconds})
    from seasoned.http.protocol import Protocol  # noqa: PLC0415 - not on every platform

    return type("Protocol", (Protocol,), {"head_seconds": head_seconds, "write_seconds": write_seconds})


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop  # noqa: PLC0415 - not on every platform

    new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return new_loop
