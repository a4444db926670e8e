"""Three-way merges of a skill: what a person made of one version, into what others have made of it since."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from seasoned.archive import SkillUpload
from seasoned.engine.history import Change, Head, History
from seasoned.engine.skills import Skills, SkillState
from seasoned.errors import MergeConflict, NotFound
from seasoned.paths import exportable
from seasoned.skill import Author, heading_of
from seasoned.store.blame import aligned, lines_of
from seasoned.store.files import as_text, blamed
from seasoned.store.skills import FileRow

Side = Literal["", "mine", "stored"]

SHOWN_MAX = 3


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that both sides changed: where, under which heading, and what each has there."""

    path: str
    section: str
    mine: str
    stored: str


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a skill that came in: the version that it is at, and whether it is new."""

    skill_id: str
    name: str
    number: int
    is_new: bool
    is_changed: bool
    warnings: list[str]


class Imports:
    """Use cases of skills that come back."""

    def __init__(self, history: History, skills: Skills) -> None:
        self._history = history
        self._skills = skills

    async def bring(
        self, project_id: str, upload: SkillUpload, *, space_id: str = "", reason: str = "", prefer: Side = ""
    ) -> Brought:
        """Take a skill in. What was exported from this project becomes a version of its skill, merged with what others
        changed since; everything else is a new skill.

        Raises Invalid, TooLarge, Conflict, MergeConflict.
        """
        known = await self._known(project_id, upload)
        if known is None or upload.origin is None:
            state, warnings = await self._skills.add(project_id, upload, space_id=space_id)
            row = state.row
            return Brought(skill_id=row.id, name=row.name, number=1, is_new=True, is_changed=True, warnings=warnings)
        origin = upload.origin
        number = await merge(
            self._history,
            project_id,
            origin.skill_id,
            origin.version,
            upload.files,
            author="import",
            reason=reason or f"Imported what was made of version {origin.version}.",
            is_whole=True,
            prefer=prefer,
        )
        return Brought(
            skill_id=origin.skill_id,
            name=known.row.name,
            number=number,
            is_new=False,
            is_changed=number > known.row.head,
            warnings=upload.warnings,
        )

    async def _known(self, project_id: str, upload: SkillUpload) -> SkillState | None:
        if upload.origin is None:
            return None
        try:
            known = await self._skills.get(project_id, upload.origin.skill_id)
        except NotFound:
            return None
        return known if known.row.head >= upload.origin.version else None

    async def edit(
        self, project_id: str, skill_id: str, base: int, files: Mapping[str, bytes], *, reason: str, prefer: Side = ""
    ) -> int:
        """Take in what a person made of some files of a version; the version's number. Raises like `merge`."""
        return await merge(
            self._history,
            project_id,
            skill_id,
            base,
            files,
            author="user",
            reason=reason or f"Edited {', '.join(sorted(files))}.",
            is_whole=False,
            prefer=prefer,
        )


async def merge(
    history: History,
    project_id: str,
    skill_id: str,
    base: int,
    mine: Mapping[str, bytes | None],
    *,
    author: Author,
    reason: str,
    is_whole: bool,
    prefer: Side = "",
) -> int:
    """A new version with what a person made of version `base`; its number, or the head's when nothing is different.

    `mine` has all files as an export names them when it `is_whole`, else some of them; None removes one. Raises
    NotFound, Invalid, TooLarge, and MergeConflict with each Clash when others changed the same lines and no side is
    preferred.
    """
    rows = await history.rows(project_id, skill_id, base)
    before = await asyncio.to_thread(history.unpacked, rows)
    wanted = _wanted(before, mine, is_whole=is_whole)

    def plan(found: Head) -> Change:
        files, clashes = _merged(history, found.listing, before, wanted, prefer)
        if clashes:
            raise _conflict(clashes)
        touched = [path for path, data in wanted.items() if data != before.get(path)]
        earlier = {row.path: blamed(row, before[row.path].decode()) for row in rows if _is_text_of(row, touched)}
        return Change(files=files, author=author, reason=reason, earlier=earlier)

    return await history.change(project_id, skill_id, plan)


async def mine_first(
    history: History, project_id: str, skill_id: str, base: int, head: int, mine: Mapping[str, bytes | None]
) -> dict[str, bytes | None]:
    """The files of version `head` that change by `mine`, made of version `base`, with its lines where they clash."""
    before = await history.content(project_id, skill_id, base)
    listing = {row.path: row for row in await history.rows(project_id, skill_id, head)}
    wanted = _wanted(before, mine, is_whole=False)
    return (await asyncio.to_thread(_merged, history, listing, before, wanted, "mine"))[0]


def _wanted(
    before: Mapping[str, bytes], mine: Mapping[str, bytes | None], *, is_whole: bool
) -> dict[str, bytes | None]:
    names = exportable({path: path for path in before})[0]
    wanted = {names.get(name, name): data for name, data in mine.items()}
    return wanted | dict.fromkeys(path for path in names.values() if is_whole and path not in wanted)


def _merged(
    history: History,
    listing: Mapping[str, FileRow],
    before: Mapping[str, bytes],
    wanted: Mapping[str, bytes | None],
    prefer: Side,
) -> tuple[dict[str, bytes | None], list[Clash]]:
    """The files that change, and what both sides do not agree on."""
    touched = [path for path, data in wanted.items() if data != before.get(path)]
    stored = history.unpacked(listing[path] for path in touched if path in listing)
    files: dict[str, bytes | None] = {}
    clashes: list[Clash] = []
    for path in touched:
        result, more = _file(path, before.get(path), wanted[path], stored.get(path), prefer)
        clashes += more
        if result != stored.get(path):
            files[path] = result
    return files, clashes


def _is_text_of(row: FileRow, paths: Collection[str]) -> bool:
    return row.blame is not None and row.path in paths


def _conflict(clashes: Sequence[Clash]) -> MergeConflict:
    where = "; ".join(f"{one.path}{f', {one.section!r}' if one.section else ''}" for one in clashes[:SHOWN_MAX])
    more = f"; and {len(clashes) - SHOWN_MAX} more" if len(clashes) > SHOWN_MAX else ""
    return MergeConflict(
        f"Others have changed the same lines meanwhile ({where}{more}); nothing was written. "
        "Make your change on the newest version, or say whose lines to take.",
        tuple(clashes),
    )


def _file(
    path: str, base: bytes | None, mine: bytes | None, stored: bytes | None, prefer: Side
) -> tuple[bytes | None, list[Clash]]:
    """A file with both sides' changes, and what they do not agree on."""
    if stored in (base, mine):
        return mine, []
    texts = [None if data is None else as_text(data) for data in (base, mine, stored)]
    if prefer and None in texts:
        return (mine if prefer == "mine" else stored), []
    if texts[1] is None or texts[2] is None or (base is not None and texts[0] is None):
        words = ["removed" if data is None else "changed" for data in (mine, stored)]
        return stored, [Clash(path=path, section="", mine=f"(the file {words[0]})", stored=f"(the file {words[1]})")]
    lines, clashes = _lines(path, texts[0] or "", texts[1], texts[2], prefer)
    return ("\n".join(lines) + "\n" if lines else "").encode(), clashes


def _lines(path: str, base: str, mine: str, stored: str, prefer: Side) -> tuple[list[str], list[Clash]]:
    """The lines with both sides' changes, as diff3 makes them; what both put into Markdown at the same place stands one
    after the other, as when the learner and a person add an entry at the end.
    """
    result: list[str] = []
    clashes: list[Clash] = []
    for is_stable, old, ours, theirs in _chunks(lines_of(base), lines_of(mine), lines_of(stored)):
        if is_stable or theirs in (old, ours):
            result += ours
        elif ours == old:
            result += theirs
        elif not old and not prefer and path.endswith(".md"):
            result += [*theirs, *ours]
        elif (merged := _line_by_line(old, ours, theirs)) is not None:
            result += merged
        elif prefer:
            result += ours if prefer == "mine" else theirs
        else:
            clashes.append(Clash(path=path, section=heading_of(result), mine="\n".join(ours), stored="\n".join(theirs)))
            result += theirs
    return result, clashes


def _line_by_line(old: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """Lines next to each other of which each side changed other ones, as the items of a list; None if it is not so."""
    if not len(old) == len(ours) == len(theirs):
        return None
    merged = []
    for line, mine, stored in zip(old, ours, theirs, strict=True):
        if line not in (mine, stored) and mine != stored:
            return None
        merged.append(stored if mine == line else mine)
    return merged


def _chunks(
    base: Sequence[str], mine: Sequence[str], stored: Sequence[str]
) -> Iterator[tuple[bool, list[str], list[str], list[str]]]:
    """The lines of the three sides in turn: those that all have, and between them what is different."""
    ours, theirs = _places(base, mine), _places(base, stored)
    a = b = c = 0
    for at in range(len(base) + 1):
        if at < len(base) and (at not in ours or at not in theirs):
            continue
        b_end, c_end = (ours[at], theirs[at]) if at < len(base) else (len(mine), len(stored))
        if (a, b, c) != (at, b_end, c_end):
            yield False, [*base[a:at]], [*mine[b:b_end]], [*stored[c:c_end]]
        if at < len(base):
            yield True, [base[at]], [base[at]], [base[at]]
        a, b, c = at + 1, b_end + 1, c_end + 1


def _places(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Where each line that was kept stands."""
    return {a + step: b + step for a, b, size in aligned(old, new) for step in range(size)}
