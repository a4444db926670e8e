"""The use of skills: who read them, and how those tasks ended."""

from typing import Annotated

import msgspec

from seasoned.engine.use import SkillUse
from seasoned.http.fields import about
from seasoned.http.request import Answer, ApiRequest, answer
from seasoned.store.reads import UsedSkill


class _UsedSkills(msgspec.Struct, frozen=True):
    """The use of a space's skills."""

    items: Annotated[list[UsedSkill], about("The skills, the one that was loaded most first.")]


async def of_skill(call: ApiRequest) -> Answer[SkillUse]:
    """GET /agent_skills/{skill_id}/use."""
    return answer(await call.engine.use.of_skill(call.project_id, call.id("skill_id", "The skill id")))


async def of_space(call: ApiRequest) -> Answer[_UsedSkills]:
    """GET /learning_spaces/{space_id}/use."""
    return answer(_UsedSkills(await call.engine.use.every(call.project_id, call.id("space_id", "The space id"))))
