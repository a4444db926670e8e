"""Skills: their files with who taught each line, their versions, and changes by people."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from seasoned.dashboard import diffs, markdown
from seasoned.dashboard.call import Call, Form, here
from seasoned.dashboard.markdown import Block
from seasoned.engine import diffs as differences
from seasoned.engine.blame import BlamedFile, BlamedRange
from seasoned.engine.history import main_file
from seasoned.engine.overview import SkillView
from seasoned.errors import HeadMoved, Invalid, NotFound
from seasoned.skill import EDITED_BYTES_MAX, SKILL_FILE, entries, entry_hash, heading_key
from seasoned.store.lessons import LessonRow
from seasoned.store.overview import EvidenceRow

LINES: Final = 400
VERSIONS: Final = 30
FILES: Final = 200
MARK_CHARS: Final = 12


class Margin(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a block or a line: where it comes from. `goes_to` is the message that taught it."""

    range: BlamedRange
    line: int
    goes_to: str
    says: str
    is_again: bool


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A block of a file with its margin; for an entry its mark and what supports it."""

    block: Block
    margin: Margin | None
    mark: str
    evidence: EvidenceRow | None
    is_pinned: bool


async def show(call: Call) -> Response:
    """GET /skills/{id}: a file with blame in the margin."""
    skill_id, number = call.id(), call.number("version")
    view = await call.engine.overview.skill(call.project_id, skill_id, call.text("files"), FILES, number)
    path = call.text("file") or main_file([file.path for file in view.files]) or SKILL_FILE
    pins = await call.engine.history.pins(call.project_id, skill_id)
    values = {"view": view, "path": path, "number": number or view.row.head, "tab": "read", "pins": pins}
    try:
        found = await call.engine.blame.of_file(call.project_id, skill_id, path, number=number)
        body = await _body(call, view, found, set(pins))
    except (NotFound, Invalid) as error:
        body = {"blocks": None, "lines": None, "head": [], "outline": [], "wrong": str(error)}
    return call.show("skill.html", values | {"done": call.text("done"), "wrong": ""} | body)


async def _body(call: Call, view: SkillView, found: BlamedFile, pins: set[str]) -> dict[str, object]:
    text = "\n".join(found.lines)
    taught = await call.engine.overview.lessons_of_lines(found.ranges)
    evidence = await call.engine.overview.evidence(call.project_id, view.row.id, found.path)
    is_read = found.path.lower().endswith(".md") and markdown.is_read(text)
    if is_read and call.text("view") != "lines":
        shown = await asyncio.to_thread(_blocks, found, text, taught, evidence, pins)
        outline = [one for one in shown if one.block.level]
        return {"blocks": shown, "lines": None, "outline": outline, "head": _head(text), "is_read": True}
    first = max(1, min(call.number("from", 1), max(1, len(found.lines))))
    code = await asyncio.to_thread(markdown.code_lines, text, found.path)
    margins = _margins(found, taught)
    rows = [(at, code[at - 1], margins[at - 1]) for at in range(first, min(len(code), first + LINES - 1) + 1)]
    later = first + LINES if first + LINES <= len(code) else 0
    return {
        "blocks": None,
        "lines": rows,
        "outline": [],
        "head": [],
        "is_read": is_read,
        "first": first,
        "later": later,
        "count": len(found.lines),
        "step": LINES,
        "tab": "lines",
    }


def _head(text: str) -> list[tuple[str, str]]:
    try:
        return markdown.frontmatter(text) if markdown.frontmatter_lines(text) else []
    except Invalid:
        return []


def _margins(found: BlamedFile, taught: Mapping[str, LessonRow]) -> list[Margin]:
    """The margin of each line; one that comes from where the line above comes from is there again."""
    margins = []
    for one in found.ranges:
        said, goes_to = _said(found, one, taught)
        margins += [
            Margin(range=one, line=line, goes_to=goes_to, says=said, is_again=line > one.start)
            for line in range(one.start, one.end + 1)
        ]
    return margins


def _said(found: BlamedFile, one: BlamedRange, taught: Mapping[str, LessonRow]) -> tuple[str, str]:
    """What a margin says, and where it leads: to the message that taught it, or else to what its version changed."""
    version, first = one.version, taught.get(one.lessons[0]) if one.lessons else None
    if first is None:
        return version.author, here(
            f"/skills/{found.skill.id}/diff", **{"from": version.number - 1, "to": version.number}
        )
    number = next((quote.number for quote in first.value().quotes if quote.verified), first.number)
    said = first.kind if len(one.lessons) == 1 else f"{len(one.lessons)} lessons"
    return said, f"/sessions/{first.session_id}?at={number}#m-{number}"


def _blocks(
    found: BlamedFile,
    text: str,
    taught: Mapping[str, LessonRow],
    evidence: Mapping[str, EvidenceRow],
    pins: set[str],
) -> list[Shown]:
    """A Markdown file block by block; slow for a long one."""
    margins = _margins(found, taught)
    keys = {one.start: entry_hash(one.text) for one in entries(text)}
    shown, before = list[Shown](), None
    for block in markdown.blocks(text):
        margin = next(
            (margins[at] for at in range(block.start, min(block.end, len(margins))) if found.lines[at].strip()), None
        )
        key = keys.get(block.start, "")
        is_again = margin is not None and margin.range is before
        shown.append(
            Shown(
                block=block,
                margin=None if margin is None else msgspec.structs.replace(margin, is_again=is_again),
                mark=f"e-{key[:MARK_CHARS]}" if key else f"b-{block.start}",
                evidence=evidence.get(key),
                is_pinned=bool(block.level) and heading_key(block.said) in pins,
            )
        )
        before = margin.range if margin else None
    return shown


async def why(call: Call) -> Response:
    """GET /skills/{id}/why: all that a line rests on."""
    path, line = call.text("file"), call.number("line", 1)
    found = await call.engine.blame.why(call.project_id, call.id(), path, line, number=call.number("version"))
    titles = await call.engine.overview.titles([one.lesson.session_id for one in (*found.taught, *found.evidence)])
    return call.show("_why.html" if call.is_fragment else "why.html", why=found, titles=titles, skill_id=call.id())


async def versions(call: Call) -> Response:
    """GET /skills/{id}/versions: the timeline, newest first."""
    skill_id = call.id()
    view = await call.engine.overview.skill(call.project_id, skill_id, "", 1)
    rows, cursor = await call.engine.history.log(call.project_id, skill_id, call.list_query(VERSIONS))
    return call.show(
        "versions.html", view=view, rows=rows, cursor=cursor, path="", tab="versions", done=call.text("done")
    )


async def diff(call: Call) -> Response:
    """GET /skills/{id}/diff: what is different between two versions."""
    skill_id = call.id()
    view = await call.engine.overview.skill(call.project_id, skill_id, "", 1)
    last = call.number("to", view.row.head)
    first = call.number("from", max(0, last - 1))
    found = await call.engine.history.diff(call.project_id, skill_id, first, last, path=call.text("file"))
    shown = await asyncio.to_thread(diffs.shown, found)
    side_by_side = call.text("as") == "split"
    return call.show(
        "diff.html",
        view=view,
        files=shown,
        first=first,
        last=last,
        split=side_by_side,
        path="",
        tab="versions",
        done="",
    )


async def revert(call: Call) -> Response:
    """POST /skills/{id}/revert."""
    form = await call.form()
    number = await call.engine.history.revert(
        call.project_id, call.id(), form.number("version"), head=form.number("head") or None
    )
    return call.go(
        f"/skills/{call.id()}/versions", done=f"Version {number} has the files of version {form.number('version')}."
    )


async def pin(call: Call) -> Response:
    """POST /skills/{id}/pin: keep the learner from a section, or let it in again."""
    form = await call.form()
    use = call.engine.history.pin if form.text("on") == "yes" else call.engine.history.unpin
    await use(call.project_id, call.id(), form.text("heading"))
    return call.go(f"/skills/{call.id()}", file=form.text("file"))


async def edit_page(call: Call) -> Response:
    """GET /skills/{id}/edit: a file's text to be changed, or a new file's."""
    skill_id, path = call.id(), call.text("file")
    view = await call.engine.overview.skill(call.project_id, skill_id, "", 1)
    text = await _text_of(call, path) if path else ""
    return _editing(call, view, path=path, to=path, text=text, head=view.row.head, reason="")


async def edit(call: Call) -> Response:
    """POST /skills/{id}/edit: show what would change, or make it a version."""
    skill_id, form = call.id(), await call.form()
    path, to, head = form.text("file"), form.text("to").strip() or form.text("file"), form.number("head")
    if not to:
        raise Invalid("Give the file a name, such as notes/setup.md.")
    old = await _text_of(call, path) if path else ""
    text = _with_ends_of(old, form.text("text"))
    view = await call.engine.overview.skill(call.project_id, skill_id, "", 1)
    reason = form.text("reason")
    if form.text("action") == "save":
        moved = {path: None} if path and path != to else {}
        wanted = {**moved, to: text.encode()}
        try:
            number = await call.engine.history.edit(call.project_id, skill_id, wanted, reason=reason, head=head or None)
        except (HeadMoved, Invalid) as error:
            told = str(error)
            return _editing(call, view, path=path, to=to, text=text, head=head, reason=reason, wrong=told)
        return call.go(f"/skills/{skill_id}", file=to, done=f"Saved as version {number}.")
    found = differences.of_files({to: old.encode()} if path else {}, {to: text.encode()}, words=False)
    shown = await asyncio.to_thread(diffs.shown, found)
    html = markdown.to_html(text[markdown_start(text) :]) if to.lower().endswith(".md") else None
    return _editing(call, view, path=path, to=to, text=text, head=head, reason=reason, files=shown, html=html)


def markdown_start(text: str) -> int:
    """Where a Markdown file's text begins, after its front matter."""
    return sum(len(line) + 1 for line in text.split("\n")[: markdown.frontmatter_lines(text)])


async def remove(call: Call) -> Response:
    """POST /skills/{id}/remove: take a file out."""
    form: Form = await call.form()
    number = await call.engine.history.edit(call.project_id, call.id(), {form.text("file"): None})
    return call.go(f"/skills/{call.id()}", done=f"Removed in version {number}.")


def _editing(
    call: Call,
    view: SkillView,
    *,
    path: str,
    to: str,
    text: str,
    head: int,
    reason: str,
    wrong: str = "",
    files: Sequence[diffs.ShownDiff] | None = None,
    html: Markup | None = None,
) -> Response:
    return call.show(
        "edit.html",
        status=409 if wrong else 200,
        view=view,
        path=path,
        to=to,
        text=text,
        head=head,
        reason=reason,
        wrong=wrong,
        files=files,
        html=html,
        tab="edit",
        done="",
    )


async def _text_of(call: Call, path: str) -> str:
    """A file's text. Raises NotFound, and Invalid for one that cannot be edited on a page."""
    found = await call.engine.skills.file(call.project_id, call.id(), path)
    if len(found.data) > EDITED_BYTES_MAX:
        raise Invalid(f"The file is larger than {EDITED_BYTES_MAX} bytes; export the skill and edit it there.")
    try:
        return found.data.decode()
    except UnicodeDecodeError:
        raise Invalid("The file is not text, so it cannot be edited here.") from None


def _with_ends_of(old: str, sent: str) -> str:
    """A text as browsers send it, with the line ends that it had."""
    text = sent.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in old else text
