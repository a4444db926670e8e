"""Model calls: what was asked, what it cost, and the answers, which are kept before they are used."""

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.ids import new_id
from seasoned.store.rows import to_rows
from seasoned.store.schema import model_calls


class UsageRow(msgspec.Struct, frozen=True):
    """What one stage spent with one model on one day (UTC); tokens are counts, `failed` calls gave no usable answer."""

    day: str
    space_id: str
    stage: str
    model: str
    calls: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    latency_ms: int


def answer_to(connection: Connection, question_sha256: str) -> str | None:
    """The newest usable answer to a question."""
    statement = (
        sa.select(model_calls.c.answer)
        .where(model_calls.c.question_sha256 == question_sha256, model_calls.c.answer.is_not(None))
        .order_by(model_calls.c.created_at.desc())
        .limit(1)
    )
    found = connection.execute(statement).first()
    return None if found is None else str(found[0])


def add(connection: Connection, values: dict[str, object], now: int) -> None:
    """Keep a call."""
    connection.execute(sa.insert(model_calls).values(id=new_id(), created_at=now, **values))


def usage(connection: Connection, project_id: str, since: int, limit: int) -> list[UsageRow]:
    """What the project spent since a moment, newest day first."""
    day = sa.func.date(model_calls.c.created_at / 1_000_000, "unixepoch")
    keys = [day, sa.func.coalesce(model_calls.c.space_id, ""), model_calls.c.stage, model_calls.c.model]
    sums = [
        sa.func.sum(model_calls.c[name]) for name in ("input_tokens", "cached_tokens", "output_tokens", "latency_ms")
    ]
    failed = sa.func.sum(sa.case((model_calls.c.answer.is_(None), 1), else_=0))
    statement = (
        sa.select(*keys, sa.func.count(), failed, *sums)
        .where(model_calls.c.project_id == project_id, model_calls.c.created_at >= since)
        .group_by(*keys)
        .order_by(sa.desc(keys[0]), *keys[1:])
        .limit(limit)
    )
    return to_rows(UsageRow, connection.execute(statement).all())
