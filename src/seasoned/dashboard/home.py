"""The first page: what was learned lately, what is under way, what waits for a person, and what it costs."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Final

from starlette.responses import Response

import seasoned
from seasoned.dashboard import charts
from seasoned.dashboard.call import Call
from seasoned.errors import NotFound
from seasoned.store.model_calls import DAY
from seasoned.store.overview import DayRow
from seasoned.store.rows import PageQuery

DAYS: Final = 30
KINDS: Final = ("procedure", "pitfall", "fact", "preference")
ENDS: Final = ("written", "reinforced", "proposed", "declined", "parked")
EXAMPLES: Final = "examples"


async def show(call: Call) -> Response:
    """GET /."""
    summaries = await call.engine.overview.spaces(call.project_id)
    if not summaries:
        some, _ = await call.engine.sessions.page(call.project_id, PageQuery(limit=1))
        base = (call.engine.config.public_url or str(call.request.base_url)).rstrip("/")
        return call.show("start.html", base=base, has_sessions=bool(some), has_examples=bool(_examples()))
    today = call.now // DAY
    days = await call.engine.overview.days(call.project_id, DAYS)
    usage = await call.engine.calls.usage(call.project_id, DAYS)
    waiting, _ = await call.engine.proposals.page(call.project_id, PageQuery(limit=3), status="pending")
    return call.show(
        "home.html",
        spaces=summaries,
        standing=await call.engine.overview.standing(call.project_id),
        waiting=waiting,
        usage=usage,
        tokens=sum(one.input_tokens + one.output_tokens for one in usage.items),
        price=sum(one.price_micros for one in usage.items),
        by_kind=charts.stacked(_by(days, KINDS, "kind"), KINDS, today, DAYS),
        by_end=charts.stacked(_by(days, ENDS, "status"), ENDS, today, DAYS),
    )


async def standing(call: Call) -> Response:
    """GET /parts/standing: what is under way, asked for again whenever it changes."""
    return call.show("_standing.html", standing=await call.engine.overview.standing(call.project_id))


async def learn_examples(call: Call) -> Response:
    """POST /examples: learn the sessions that come with the package, in a space of their own."""
    from seasoned import importers  # noqa: PLC0415 - only here, and they read many formats

    found = _examples()
    if not found:
        raise NotFound("This installation has no examples; `make demo` learns them in the project's folder.")
    space = await call.engine.learning.space_named(call.project_id, EXAMPLES)
    for path in found:
        for transcript in await asyncio.to_thread(list, importers.read(path)):
            await call.engine.learning.take(call.project_id, space.id, transcript)
    return call.go("/")


def _by(days: list[DayRow], parts: tuple[str, ...], field: str) -> dict[tuple[int, str], int]:
    counted: Counter[tuple[int, str]] = Counter()
    for row in days:
        part = getattr(row, field)
        if part in parts and row.kind != "skip":
            counted[row.day, part] += row.count
    return counted


def _examples() -> list[Path]:
    """The transcripts that come with the package, or lie in the folder that it is developed in."""
    package = Path(seasoned.__file__).parent
    places = (package / EXAMPLES, package.parents[1] / EXAMPLES / "shop")
    return sorted(next((one for one in places if one.is_dir()), package).glob("*.json*"))
