"""Spaces: what each holds, and what it learned, newest first."""

from typing import Final

from starlette.responses import Response

from seasoned.dashboard.call import Call, here
from seasoned.space import Policy
from seasoned.store.rows import PageQuery

SKILLS: Final = 50
LESSONS: Final = 30


async def listed(call: Call) -> Response:
    """GET /spaces."""
    rows, cursor = await call.engine.spaces.page(call.project_id, call.list_query())
    sizes = await call.engine.spaces.sizes([row.id for row in rows])
    return call.show("spaces.html", rows=rows, cursor=cursor, sizes=sizes)


async def show(call: Call) -> Response:
    """GET /spaces/{id}: its skills with their files, and what it learned lately."""
    space_id, wanted = call.id(), call.text("skill").strip()
    row = await call.engine.spaces.get(call.project_id, space_id)
    query = PageQuery(limit=SKILLS, cursor=call.text("after"))
    found, cursor = await call.engine.overview.skills(call.project_id, space_id, query, wanted)
    learned = await call.engine.overview.learned(call.project_id, space_id, call.number("before"), LESSONS)
    return call.show(
        "_skills.html" if call.is_fragment else "space.html",
        space=row,
        size=(await call.engine.spaces.sizes([space_id]))[space_id],
        skills=found,
        cursor=cursor,
        wanted=wanted,
        learned=learned,
        before=learned[-1].space_number if len(learned) == LESSONS else 0,
    )


async def set_policy(call: Call) -> Response:
    """POST /spaces/{id}/policy."""
    form = await call.form()
    policy: Policy = "review" if form.text("policy") == "review" else "auto"
    await call.engine.spaces.set_policy(call.project_id, call.id(), policy)
    return call.go(here(f"/spaces/{call.id()}"))
