"""What the SKILL.md of a skill says of its other files: a list of them, and the end of its description.

Both are made anew from the files whenever the learner writes to the skill, so the same files give the same bytes; the
list also when a person changes files. It is recognised by the sentence above it: a person who removes that keeps the
list as it is. A SKILL.md that a person wrote or changed gets no list and no other description, but a list that it has
is kept up to date.
"""

import contextlib
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Final

import msgspec

from seasoned.errors import Invalid, TooLarge
from seasoned.paths import acts_unasked
from seasoned.pipeline.checks import check_pinned
from seasoned.pipeline.draft import Draft
from seasoned.safety.scanner import scan
from seasoned.safety.secrets import contains_secret
from seasoned.skill import (
    CHARS_ADVISED,
    DESCRIPTION_CHARS_MAX,
    LINES_ADVISED,
    LIST_NOTE,
    SKILL_FILE,
    Outline,
    cut,
    outline,
    parse_skill_file,
    render_skill_file,
    slug,
)
from seasoned.space import FACTS
from seasoned.store.files import as_text

HEADING: Final = "## Files"
NOTE: Final = LIST_NOTE
LIST_CHARS_MAX: Final = 8_000
LIST_LINES_MAX: Final = 200
# What a line says of its file; shorter where there are many files.
SAID_CHARS: Final = (160, 100, 60, 0)
PART_CHARS_MAX: Final = 70
COVERED_CHARS_MAX: Final = 300
_COVERS: Final = " Covers: "
_PLAIN: Final = re.compile(r"[a-z][a-z0-9-]*(?:/[a-z][a-z0-9-]*)*\.[a-z]{1,4}")
_LINE: Final = re.compile(
    rf"- (?:(?:(?P<plain>{_PLAIN.pattern})|(?P<ticks>`+) ?(?P<path>.+?) ?(?P=ticks))(?:: (?P<said>.*))?"
    r"|and \d+ more files?\.)\s*"
)
# The line of the description as it is rendered, up to what the files cover.
_DESCRIBED: Final = re.compile(r'^(description: "(?:[^"\\\n]|\\.)*?) Covers: (?:[^"\\\n]|\\.)*(?=")', re.MULTILINE)
_TICKS: Final = re.compile(r"`+")
_NUMBERED: Final = re.compile(r"-\d{1,3}\Z")


class _File(msgspec.Struct, frozen=True):
    """A file of the list: what is said of it, from the most to the least important."""

    path: str
    parts: tuple[str, ...]


def refresh(draft: Draft, *, is_ours: bool) -> None:
    """Let a draft's SKILL.md follow its files. `is_ours` says that no person ever wrote or changed it.

    Nothing changes where SKILL.md cannot be read, the list is pinned, or the skill has no room for a longer one. Lines
    of the list that came with a person's upload change too: the sentence above them says so.
    """
    with contextlib.suppress(Invalid, TooLarge):
        before = after = draft.text(SKILL_FILE)
        outlines = _outlines(draft)
        if is_ours and draft.name != FACTS:
            after = _described(after, outlines)
        if is_ours and outlines:
            after = _with_place(after)
        if _place(after.split("\n")) >= 0:
            after = _listed(after.split("\n"), outlines)
        if after != before:
            check_pinned(draft, SKILL_FILE, after)
            draft.put(SKILL_FILE, after, ())
            draft.description = parse_skill_file(after).description


def without_list(skill_file: str) -> str:
    """A SKILL.md without the list that is kept by rule."""
    rows = skill_file.split("\n")
    place = _place(rows)
    if place < 0:
        return skill_file
    start = next((at for at in range(place - 1, -1, -1) if rows[at].strip()), place)
    start = start if rows[start].strip() == HEADING else place
    return "\n".join([*rows[:start], *rows[_end(rows, place) :]]).rstrip() + "\n"


def without_contents(skill_file: str, *, kept_lines: Collection[int] = ()) -> str:
    """A SKILL.md that repeats nothing of the other files, in its list or in its description, unless the description's
    line is one of those that are kept, counted from 0.
    """
    described = _DESCRIBED.search(skill_file)
    if described is not None and skill_file.count("\n", 0, described.start()) not in kept_lines:
        skill_file = skill_file[: described.start()] + described[1] + skill_file[described.end() :]
    rows = skill_file.split("\n")
    if (place := _place(rows)) >= 0:
        rows[place + 1 : _end(rows, place)] = [""]
    return "\n".join(rows).rstrip() + "\n"


def with_list(before: str, after: str) -> str:
    """A SKILL.md that is written anew, with the list if it had one: a writer does not see that."""
    rows = before.split("\n")
    place = _place(rows)
    return _with_place(after, rows[place + 1 : _end(rows, place)]) if place >= 0 else after


def title_of(path: str) -> str:
    """The title of a file that is named after its topic: `coding-style-2.md` is about "Coding style"."""
    stem = _NUMBERED.sub("", path.rsplit("/", 1)[-1].removesuffix(".md"))
    return " ".join(re.findall(r"[^\W_]+", stem)).capitalize() or "Notes"


def retitled(text: str, path: str, to: str, title: str = "") -> str:
    """The text of a Markdown file that moves. Its title becomes the given one; one that only repeated the old name
    becomes the new name.
    """
    old = outline(text)
    if old.title_line < 0 or not to.endswith(".md") or not (title or _repeats(old.title, path)):
        return text
    rows = text.split("\n")
    end = "\r" if rows[old.title_line].endswith("\r") else ""
    rows[old.title_line] = f"# {' '.join(title.split()) or title_of(to)}{end}"
    return "\n".join(rows)


def _repeats(title: str, path: str) -> bool:
    return slug(title) == slug(title_of(path))


def _outlines(draft: Draft) -> dict[str, Outline | None]:
    """The outline of each file but SKILL.md; None for one that is not Markdown, or was not loaded."""
    found: dict[str, Outline | None] = {}
    for path in sorted(draft.sizes()):
        if path != SKILL_FILE and not acts_unasked(path):
            text = as_text(draft.files[path]) if path.endswith(".md") and path in draft.files else None
            found[path] = None if text is None else outline(text)
    return found


def _with_place(skill_file: str, lines: Sequence[str] = ()) -> str:
    if _place(skill_file.split("\n")) >= 0:
        return skill_file
    return "\n".join([skill_file.rstrip(), "", HEADING, "", NOTE, *lines]).rstrip() + "\n"


def _listed(rows: Sequence[str], outlines: Mapping[str, Outline | None]) -> str:
    """A SKILL.md with its list, where the sentence above it stands."""
    place = _place(rows)
    end, line_end = _end(rows, place), "\r" if rows[place].endswith("\r") else ""
    rest = rows[end:]
    old = {
        match["plain"] or match["path"]: match["said"] or ""
        for row in rows[place:end]
        if (match := _LINE.fullmatch(row))
    }
    files = [_File(path, _parts(path, one, old.get(path, ""))) for path, one in outlines.items()]
    others = [*rows[: place + 1], *rest]
    lines = _lines(files, CHARS_ADVISED - sum(map(len, others)) - len(others), LINES_ADVISED - len(others))
    made = [line + line_end for line in ("", *lines, *([""] if rest else []))]
    return "\n".join([*rows[: place + 1], *made, *rest]) + ("" if rest else "\n")


def _place(rows: Sequence[str]) -> int:
    return next((place for place, row in enumerate(rows) if row.strip() == NOTE), -1)


def _end(rows: Sequence[str], place: int) -> int:
    """Where a list ends whose sentence is at `place`: at the first line that is neither blank nor of the list."""
    end = place + 1
    while end < len(rows) and (not rows[end].strip() or _LINE.fullmatch(rows[end])):
        end += 1
    return end


def _parts(path: str, found: Outline | None, old: str) -> tuple[str, ...]:
    """What to say of a file. What an earlier list said, where the file was not loaded."""
    if found is None:
        return (old,) if old else ()
    title = () if not found.title or _repeats(found.title, path) else (found.title,)
    return (*title, *(found.entries or ((found.first,) if found.first else ())))


def _lines(files: Sequence[_File], chars_max: int, lines_max: int) -> list[str]:
    """A line for each file, as long as all fit; else for the first ones, and how many more there are."""
    chars_max, lines_max = min(chars_max, LIST_CHARS_MAX), min(lines_max, LIST_LINES_MAX)
    lines: list[str] = []
    for said_chars in SAID_CHARS:
        lines = [_line(file, said_chars) for file in files]
        if len(lines) <= lines_max and sum(map(len, lines)) + len(lines) <= chars_max:
            # What one file says, or several together, may read like an order to an agent.
            said = [line if _is_safe(line) else _line(file, 0) for line, file in zip(lines, files, strict=True)]
            return said if _is_safe("\n".join(said)) else [_line(file, 0) for file in files]
    kept, left = list[str](), chars_max - len(_more(len(files)))
    for line in lines[: max(0, lines_max - 1)]:
        left -= len(line) + 1
        if left < 0:
            break
        kept.append(line)
    return [*kept, _more(len(files) - len(kept))]


def _more(count: int) -> str:
    return f"- and {count} more file{'s' * (count != 1)}."


def _line(file: _File, chars_max: int) -> str:
    said = _joined(file.parts, chars_max)
    return f"- {_code(file.path)}" + (f": {said}" if said else "")


def _code(path: str) -> str:
    """A path; one that is more than words with hyphens is a code span, between more backticks than it has."""
    if _PLAIN.fullmatch(path):
        return path
    longest = max(map(len, _TICKS.findall(path)), default=0)
    ticks, space = "`" * (longest + 1), " " * bool(longest)
    return f"{ticks}{space}{path}{space}{ticks}"


def _joined(parts: Sequence[str], chars_max: int) -> str:
    """As many of the parts as fit, and how many more there are."""
    more = len("; and 99999 more")
    shown, left = list[str](), chars_max
    for place, part in enumerate(parts):
        said = cut(part.rstrip("."), PART_CHARS_MAX if len(parts) > 1 else chars_max)
        if len(said) + 2 > left - (more if place + 1 < len(parts) else 0):
            break
        shown.append(said)
        left -= len(said) + 2
    if len(shown) == len(parts):
        return "; ".join(shown)
    return "; ".join([*shown, f"and {len(parts) - len(shown)} more"]) if shown else cut(parts[0], chars_max)


def _is_safe(text: str) -> bool:
    return not scan(text) and not contains_secret(text)


def _described(skill_file: str, outlines: Mapping[str, Outline | None]) -> str:
    """A SKILL.md whose description ends with what its Markdown files cover."""
    head = parse_skill_file(skill_file)
    base = head.description.partition(_COVERS)[0].rstrip()
    room = min(COVERED_CHARS_MAX, DESCRIPTION_CHARS_MAX - len(base) - len(_COVERS) - 1)
    said = _covered({path: one for path, one in outlines.items() if one is not None}, room)
    description = f"{base}{_COVERS}{said}." if said and _is_safe(said) else base
    if description == head.description:
        return skill_file
    return render_skill_file(msgspec.structs.replace(head, description=description))


def _covered(outlines: Mapping[str, Outline], chars_max: int) -> str:
    """The titles of files, and some of their entries where there is room; each file has its turn."""
    titles = {(one.title or title_of(path)).casefold(): one.title or title_of(path) for path, one in outlines.items()}
    turns = zip_longest(*(one.entries for one in outlines.values()))
    entries = [entry for entry in chain.from_iterable(turns) if entry]
    said = _joined(list(titles.values()), chars_max)
    shown, left = list[str](), chars_max - len(said) - len(" ()")
    for entry in entries:
        part = cut(entry, PART_CHARS_MAX).rstrip(".")
        left -= len(part) + 2
        if left < 0:
            break
        shown.append(part)
    return f"{said} ({'; '.join(shown)})" if said and shown else said
