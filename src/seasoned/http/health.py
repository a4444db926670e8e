"""The health of a space's skills, and proposals that mend it."""

from seasoned.engine.health import Proposed, SpaceHealth
from seasoned.http.request import Answer, ApiRequest, answer


async def get(call: ApiRequest) -> Answer[SpaceHealth]:
    """GET /learning_spaces/{space_id}/health."""
    return answer(await call.engine.health.of_space(call.project_id, call.id("space_id", "The space id")))


async def propose(call: ApiRequest) -> Answer[Proposed]:
    """POST /learning_spaces/{space_id}/health."""
    return answer(await call.engine.health.propose(call.project_id, call.id("space_id", "The space id")))
