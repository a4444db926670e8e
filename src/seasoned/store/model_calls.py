"""Model calls: questions, costs and answers, which are stored before they are used."""

from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy import Connection

from seasoned.clock import SECOND, to_datetime
from seasoned.ids import new_id
from seasoned.store.rows import to_rows
from seasoned.store.schema import model_calls

DAY = 86_400 * SECOND


class UsageRow(msgspec.Struct, frozen=True):
    """What one stage spent with one model on one day (UTC)."""

    day: Annotated[str, Meta(description="The day (UTC).", extra_json_schema={"format": "date"})]
    space_id: Annotated[str, Meta(description="The learning space; empty when the calls were for none.")]
    stage: Annotated[str, Meta(description="The stage that asked.")]
    model: Annotated[str, Meta(description="The model, as `provider:name`.")]
    calls: Annotated[int, Meta(ge=0, description="How many calls.")]
    failed: Annotated[int, Meta(ge=0, description="How many of them gave no usable answer.")]
    unpriced: Annotated[int, Meta(ge=0, description="How many of them have no known price.")]
    input_tokens: Annotated[int, Meta(ge=0, description="Tokens that were sent.")]
    cached_tokens: Annotated[int, Meta(ge=0, description="Those of them that the provider had cached.")]
    output_tokens: Annotated[int, Meta(ge=0, description="Tokens that were answered.")]
    price_micros: Annotated[int, Meta(ge=0, description="The price in millionths of a dollar.")]
    latency_ms: Annotated[int, Meta(ge=0, description="The time the calls took together, in milliseconds.")]


class Spent(msgspec.Struct, frozen=True):
    """What was spent since a moment: tokens in and out, and millionths of a dollar."""

    tokens: int
    price_micros: int


def answer_to(connection: Connection, question_sha256: str) -> str | None:
    """The newest usable answer to a question."""
    statement = (
        sa.select(model_calls.c.answer)
        .where(model_calls.c.question_sha256 == question_sha256, model_calls.c.answer > "")
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
    day = model_calls.c.created_at // DAY
    keys = [day, sa.func.coalesce(model_calls.c.space_id, ""), model_calls.c.stage, model_calls.c.model]
    sums = [
        sa.cast(sa.func.coalesce(sa.func.sum(model_calls.c[name]), 0), sa.BigInteger)
        for name in ("input_tokens", "cached_tokens", "output_tokens", "price_micros", "latency_ms")
    ]
    unpriced = sa.func.sum(sa.case((model_calls.c.price_micros.is_(None), 1), else_=0))
    failed = sa.func.sum(sa.case((model_calls.c.answer.is_(None), 1), else_=0))
    statement = (
        sa.select(*keys, sa.func.count(), failed, unpriced, *sums)
        .where(model_calls.c.project_id == project_id, model_calls.c.created_at >= since)
        .group_by(*keys)
        .order_by(sa.desc(keys[0]), *keys[1:])
        .limit(limit)
    )
    found = connection.execute(statement).all()
    return to_rows(UsageRow, ((to_datetime(row[0] * DAY).date().isoformat(), *row[1:]) for row in found))


def spent(connection: Connection, project_id: str, since: int, space_id: str = "") -> Spent:
    """What a project, or one of its spaces, spent since a moment."""
    where = [model_calls.c.project_id == project_id, model_calls.c.created_at >= since]
    if space_id:
        where.append(model_calls.c.space_id == space_id)
    tokens = sa.func.sum(model_calls.c.input_tokens + model_calls.c.output_tokens)
    statement = sa.select(sa.func.coalesce(tokens, 0), sa.func.coalesce(sa.func.sum(model_calls.c.price_micros), 0))
    return Spent(*(int(amount) for amount in connection.execute(statement.where(*where)).one()))
