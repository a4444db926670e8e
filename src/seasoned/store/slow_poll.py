"""A PostgreSQL connection that rarely polls while it waits. Importing this needs the driver, an extra."""

from psycopg import AsyncConnection
from psycopg.abc import RV, PQGen
from psycopg.rows import TupleRow

POLL_SECONDS = 5.0


class SlowPollConnection(AsyncConnection[TupleRow]):
    """The driver polls for interrupts ten times a second, which an event loop does not need. With two listening
    connections, that polling would be most of an idle worker's CPU time.
    """

    async def wait(self, gen: PQGen[RV], interval: float = POLL_SECONDS, timeout: float | None = None) -> RV:  # noqa: ASYNC109 - the driver's
        """Like the driver's method; `interval` and `timeout` are in seconds."""
        return await super().wait(gen, interval, timeout)
