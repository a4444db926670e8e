"""Review: what waits for a person, one after the other, with what it would change beside what it rests on."""

import asyncio
from collections.abc import Sequence
from typing import Final, get_args

import msgspec
from starlette.responses import Response

from seasoned.dashboard import diffs
from seasoned.dashboard.access import wanted_ids
from seasoned.dashboard.call import Call, Form, here
from seasoned.engine.diffs import FileDiff
from seasoned.engine.proposals import Proposal, ShownProposal, texts_of
from seasoned.errors import Conflict, HeadMoved, Invalid, NotFound
from seasoned.ids import is_id
from seasoned.store.proposals import ProposalStatus

ROWS: Final = 40
STATUSES: Final = get_args(ProposalStatus)
REASON: Final = "Rejected on the page."


async def show(call: Call) -> Response:
    """GET /review."""
    return await _page(call)


async def _page(call: Call, *, at: str = "", wrong: str = "") -> Response:
    space, status = call.text("space"), call.text("status")
    status = status if status in STATUSES else "pending"
    query = call.list_query(ROWS, newest_first=status != "pending")
    rows, cursor = await call.engine.proposals.page(
        call.project_id, query, space_id=space if is_id(space) else "", status=status
    )
    at = at or call.text("at")
    shown = await _shown(call, at if is_id(at) else "", rows)
    ids = [one.row.id for one in rows]
    place = ids.index(shown.proposal.row.id) if shown and shown.proposal.row.id in ids else -1
    files = await asyncio.to_thread(diffs.shown, _named(shown)) if shown else []
    return call.show(
        "review.html",
        status=409 if wrong else 200,
        rows=rows,
        cursor=cursor,
        shown=shown,
        files=files,
        wanted=status,
        space=space,
        wrong=wrong,
        following=ids[place + 1] if 0 <= place < len(ids) - 1 else ids[place - 1] if place > 0 else "",
        texts=texts_of(shown.proposal.row) if shown else [],
        heads=msgspec.json.encode(shown.proposal.heads).decode() if shown else "",
        done=call.text("done"),
        ended=call.text("as"),
        titles=await _titles(call, shown),
    )


async def _shown(call: Call, at: str, rows: Sequence[Proposal]) -> ShownProposal | None:
    wanted = at or (rows[0].row.id if rows else "")
    try:
        return await call.engine.proposals.show(call.project_id, wanted) if wanted else None
    except NotFound:
        return await call.engine.proposals.show(call.project_id, rows[0].row.id) if rows else None


async def _titles(call: Call, shown: ShownProposal | None) -> dict[str, str]:
    return await call.engine.overview.titles([one.session_id for one in shown.proposal.lessons]) if shown else {}


def _named(shown: ShownProposal) -> list[FileDiff]:
    return [
        FileDiff(path=f"{skill}/{one.path}", change=one.change, text=one.text)
        for skill, found in sorted(shown.files.items())
        for one in found
    ]


async def approve(call: Call) -> Response:
    """POST /review/{id}/approve: as it is, or with texts that the person changed."""
    proposal_id, form = call.id(), await call.form()
    texts = [one.replace("\r\n", "\n") for one in form.every("text")] if form.text("edited") else None
    try:
        heads = msgspec.json.decode(form.text("heads") or "{}", type=dict[str, int])
        await call.engine.proposals.approve(call.project_id, [proposal_id], texts=texts, heads=heads or None)
    except (Conflict, HeadMoved, Invalid, msgspec.DecodeError, msgspec.ValidationError) as error:
        return await _page(call, at=proposal_id, wrong=str(error))
    return _go_on(call, form, proposal_id, "approved")


async def reject(call: Call) -> Response:
    """POST /review/{id}/reject."""
    proposal_id, form = call.id(), await call.form()
    try:
        await call.engine.proposals.reject(call.project_id, [proposal_id], form.text("reason").strip() or REASON)
    except (Conflict, Invalid) as error:
        return await _page(call, at=proposal_id, wrong=str(error))
    return _go_on(call, form, proposal_id, "rejected")


async def undo(call: Call) -> Response:
    """POST /review/{id}/undo: it waits again."""
    proposal_id = call.id()
    try:
        await call.engine.proposals.undo(call.project_id, proposal_id)
    except (Conflict, HeadMoved, Invalid) as error:
        return await _page(call, at=proposal_id, wrong=str(error))
    return call.go("/review", at=proposal_id, space=call.text("space"))


async def decide(call: Call) -> Response:
    """POST /review: several at once; those of a space all or none."""
    form = await call.form()
    chosen = [await call.engine.proposals.get(call.project_id, key) for key in wanted_ids(form, ROWS)]
    by_space: dict[str, list[str]] = {}
    for one in chosen:
        by_space.setdefault(one.row.space_id, []).append(one.row.id)
    use = call.engine.proposals
    ended = "approved" if form.text("action") == "approve" else "rejected"
    try:
        for ids in by_space.values():
            if ended == "approved":
                await use.approve(call.project_id, ids)
            else:
                await use.reject(call.project_id, ids, form.text("reason").strip() or REASON)
    except (Conflict, HeadMoved, Invalid) as error:
        return await _page(call, wrong=str(error))
    return call.go("/review", space=form.text("space"), **{"as": f"{len(chosen)} {ended}"})


def _go_on(call: Call, form: Form, proposal_id: str, ended: str) -> Response:
    following = form.text("following")
    at = following if is_id(following) else ""
    return call.go(here("/review", at=at, space=form.text("space"), done=proposal_id, **{"as": ended}))
