"""What model calls cost (an extension of the wire contract)."""

import msgspec
from starlette.responses import Response

from seasoned.http.request import Call, answer

DAYS_DEFAULT = 30
DAYS_MAX = 366


async def get(call: Call) -> Response:
    """GET /usage: calls, tokens, price and time by day, space, stage and model, newest day first; today's budgets."""
    found = await call.engine.calls.usage(call.project_id, call.number("days", DAYS_DEFAULT, 1, DAYS_MAX))
    budgets = [{**msgspec.to_builtins(one), "paused": one.is_used_up} for one in found.budgets]
    return answer({"items": [msgspec.to_builtins(row) for row in found.items], "budgets": budgets})
