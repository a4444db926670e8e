"""What model calls cost (an extension of the wire contract)."""

import msgspec
from starlette.responses import Response

from seasoned.http.wire import Call, answer

DAYS_DEFAULT = 30
DAYS_MAX = 366


async def get(call: Call) -> Response:
    """GET /usage: calls, tokens and time by day, space, stage and model, newest day first."""
    rows = await call.engine.calls.usage(call.project_id, call.number("days", DAYS_DEFAULT, 1, DAYS_MAX))
    return answer({"items": [msgspec.to_builtins(row) for row in rows]})
