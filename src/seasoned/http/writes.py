"""Write timeouts: a client that does not read its response is disconnected."""

import asyncio

from seasoned import instrumentation


class TimedWrites(asyncio.Protocol):
    """A mixin for uvicorn's protocols, which wait indefinitely: a limit on how long a client may leave sent data
    unread. Each slice beyond a small buffer must be read within that time.
    """

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    write_seconds = 30.0
    _write_timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.write_seconds, self._is_not_read)

    def resume_writing(self) -> None:
        self._stop_write_timer()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_write_timer()
        super().connection_lost(exc)

    def _is_not_read(self) -> None:
        self._write_timer = None
        instrumentation.cut_off()
        self.transport.abort()

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
