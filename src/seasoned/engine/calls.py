"""Model calls kept in the store, and what they add up to."""

import msgspec

from seasoned import faults
from seasoned.clock import SECOND
from seasoned.llm.calls import Call
from seasoned.store import Store, calls
from seasoned.store.calls import UsageRow

DAY_SECONDS = 86_400
ROWS_MAX = 1_000


class ModelCalls:
    """Where language models keep their calls (`seasoned.llm.calls.CallLog`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer_to(self, question_sha256: str) -> str | None:
        """The usable answer that this very question got before."""
        return await self._store.read(lambda connection: calls.answer_to(connection, question_sha256))

    async def add(self, call: Call) -> None:
        """Keep a call; the answer may be used once this returns."""
        faults.point("answer.received")
        values = msgspec.structs.asdict(call)
        scope = values.pop("scope")
        ids = {name: value or None for name, value in msgspec.structs.asdict(scope).items()}
        await self._store.write(lambda connection: calls.add(connection, {**values, **ids}, self._store.clock.now()))
        faults.point("answer.stored")

    async def usage(self, project_id: str, days: int) -> list[UsageRow]:
        """What a project spent in the last days, by day, space, stage and model."""
        since = self._store.clock.now() - days * DAY_SECONDS * SECOND
        return await self._store.read(lambda connection: calls.usage(connection, project_id, since, ROWS_MAX))
