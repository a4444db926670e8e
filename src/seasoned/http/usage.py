"""What model calls cost (an extension of the wire contract)."""

from typing import Annotated

import msgspec

from seasoned.engine import model_calls
from seasoned.http.fields import about
from seasoned.http.request import Answer, ApiRequest, answer
from seasoned.store.model_calls import UsageRow

DAYS_DEFAULT = 30
DAYS_MAX = 366


class Usage(UsageRow, frozen=True):
    """The model calls of a day, for a space, a stage and a model."""


class Budget(model_calls.Budget, frozen=True, kw_only=True):
    """A limit for one day (UTC)."""

    paused: Annotated[bool, about("Whether learning waits because it is used up.")]


class _Used(msgspec.Struct, frozen=True):
    """What was used."""

    items: Annotated[list[Usage], about("The sums.")]
    budgets: Annotated[list[Budget], about("The limits that are set, with how much of them is used.")]


async def get(call: ApiRequest) -> Answer[_Used]:
    """GET /usage: calls, tokens, price and time by day, space, stage and model, newest day first; today's budgets."""
    found = await call.engine.calls.usage(call.project_id, call.number("days", DAYS_DEFAULT, 1, DAYS_MAX))
    items = [Usage(**msgspec.structs.asdict(row)) for row in found.items]
    budgets = [Budget(**msgspec.structs.asdict(one), paused=one.is_used_up) for one in found.budgets]
    return answer(_Used(items, budgets))
