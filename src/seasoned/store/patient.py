"""A connection to PostgreSQL that sleeps while it waits. Importing this needs the driver, an extra."""

from psycopg import AsyncConnection
from psycopg.abc import RV, PQGen
from psycopg.rows import TupleRow

LOOK_SECONDS = 5.0


class PatientConnection(AsyncConnection[TupleRow]):
    """The driver's own looks up ten times a second whether it was interrupted, which an event loop tells by itself;
    with two that listen, that is most of what an idle worker would do.
    """

    async def wait(self, gen: PQGen[RV], interval: float = LOOK_SECONDS, timeout: float | None = None) -> RV:  # noqa: ASYNC109 - the driver's
        """As the driver's; `interval` and `timeout` are in seconds."""
        return await super().wait(gen, interval, timeout)
