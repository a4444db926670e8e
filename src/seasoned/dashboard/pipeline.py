"""The pipeline: what waits for each stage, what is retried and parked; and what asking models took."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Final

import msgspec
from starlette.responses import Response

from seasoned.dashboard import charts
from seasoned.dashboard.call import Call
from seasoned.engine.overview import STAGES
from seasoned.learning.accounting import Stage
from seasoned.store.model_calls import DAY, UsageRow
from seasoned.store.overview import WorkRow

ROWS: Final = 50
RETRIED_MAX: Final = 200
DAYS: Final = 30
_EPOCH: Final = date(1970, 1, 1)


async def show(call: Call) -> Response:
    """GET /pipeline."""
    stage = next((one for one in STAGES if one == call.text("stage")), None)
    parked: dict[Stage, list[WorkRow]] = {
        one: await call.engine.overview.parked(call.project_id, one, call.text("after") if stage else "", ROWS + 1)
        for one in STAGES
        if stage in (None, one)
    }
    return call.show(
        "pipeline.html",
        standing=await call.engine.overview.standing(call.project_id),
        parked=parked,
        rows=ROWS,
        condition=await call.engine.conditions.look(),
        config=call.engine.config,
        done=call.text("done"),
    )


async def retry_all(call: Call) -> Response:
    """POST /pipeline/retry: try again what a stage gave up on, the first RETRIED_MAX of it."""
    form = await call.form()
    stage = next((one for one in STAGES if one == form.text("stage")), STAGES[0])
    found = await call.engine.overview.parked(call.project_id, stage, "", RETRIED_MAX)
    for session_id in dict.fromkeys(one.session_id for one in found):
        await call.engine.sessions.retry(call.project_id, session_id)
    return call.go("/pipeline", done=len(found))


async def usage(call: Call) -> Response:
    """GET /usage: tokens and money by day, stage, model and space, and the calls one by one."""
    found = await call.engine.calls.usage(call.project_id, DAYS)
    rows, cursor = await call.engine.overview.calls(call.project_id, call.list_query(ROWS))
    names = {one.id: one.name for one in await call.engine.overview.named_spaces(call.project_id, _spaces(found.items))}
    today = call.now // DAY
    return call.show(
        "usage.html",
        chart=charts.stacked(_by_day(found.items), STAGES, today, DAYS),
        totals={
            "Stage": _totals(found.items, lambda one: one.stage),
            "Model": _totals(found.items, lambda one: one.model),
            "Space": _totals(found.items, lambda one: names.get(one.space_id, "") or one.space_id[-6:] or "none"),
        },
        budgets=found.budgets,
        rows=rows,
        cursor=cursor,
        all=_sum(found.items),
    )


async def one_call(call: Call) -> Response:
    """GET /usage/calls/{id}: an answer of a model, with secrets redacted."""
    from seasoned.safety.secrets import redact  # noqa: PLC0415 - its rules are large

    found = await call.engine.overview.call(call.project_id, call.id())
    return call.show("model_call.html", one=found, answer=_pretty(redact(found.answer or "")))


class Total(msgspec.Struct, frozen=True):
    """What some calls took together."""

    calls: int
    failed: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    price_micros: int


def _sum(rows: list[UsageRow]) -> Total:
    return Total(*(sum(getattr(one, name) for one in rows) for name in Total.__struct_fields__))


def _totals(rows: list[UsageRow], key: Callable[[UsageRow], str]) -> list[tuple[str, Total]]:
    by_key: dict[str, list[UsageRow]] = {}
    for one in rows:
        by_key.setdefault(key(one), []).append(one)
    found = [(name, _sum(some)) for name, some in by_key.items()]
    return sorted(found, key=lambda one: -(one[1].input_tokens + one[1].output_tokens))


def _by_day(rows: list[UsageRow]) -> dict[tuple[int, str], int]:
    counted: Counter[tuple[int, str]] = Counter()
    for one in rows:
        counted[(date.fromisoformat(one.day) - _EPOCH).days, one.stage] += one.input_tokens + one.output_tokens
    return counted


def _spaces(rows: list[UsageRow]) -> list[str]:
    return sorted({one.space_id for one in rows if one.space_id})


def _pretty(text: str) -> str:
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:
        return text
