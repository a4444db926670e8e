"""Search over everything that was learned, as one types."""

from typing import Final

from markupsafe import Markup, escape
from starlette.responses import Response

from seasoned.dashboard.call import Call, here
from seasoned.dashboard.markdown import visible
from seasoned.engine.search import FOUND_MAX, KINDS, QUERY_CHARS_MAX, Found, FoundPage, kinds_of

ROWS: Final = 25


async def show(call: Call) -> Response:
    """GET /search: all of the page, or for who types what is found only."""
    asked, kind = call.text("q").strip()[:QUERY_CHARS_MAX], call.text("kind")
    kinds = kinds_of([kind] if kind in KINDS else [])
    place = call.number("after", 0, FOUND_MAX)
    found = FoundPage([], 0)
    if asked:
        found = await call.engine.search.find(call.project_id, asked, kinds=kinds, limit=ROWS, place=place)
    titles = await call.engine.overview.titles([one.session_id for one in found.items if one.session_id])
    return call.show(
        "_found.html" if call.is_fragment else "search.html",
        asked=asked,
        kind=kind,
        kinds=KINDS,
        found=[(one, address(one), excerpt(one)) for one in found.items],
        following=found.next_place,
        titles=titles,
    )


def address(one: Found) -> str:
    """Where to look at what was found."""
    if one.kind == "skill":
        return f"/skills/{one.id}"
    if one.kind == "entry":
        return here(f"/skills/{one.id}", file=one.path)
    if one.kind == "message":
        return f"/sessions/{one.session_id}?at={one.number}#m-{one.number}"
    return f"/sessions/{one.session_id}#{'l' if one.kind == 'lesson' else 't'}-{one.id}"


def excerpt(one: Found) -> Markup:
    """An excerpt with the words that were asked for marked."""
    out, at = [], 0
    for mark in one.marks:
        out += [escape(visible(one.excerpt[at : mark.start]))]
        out += [Markup("<mark>{}</mark>").format(visible(one.excerpt[mark.start : mark.end]))]
        at = mark.end
    return Markup("").join([*out, escape(visible(one.excerpt[at:]))])
