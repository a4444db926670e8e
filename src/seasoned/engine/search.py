"""Search over everything that a project has learned: skills, entries, lessons, tasks and messages."""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal

import msgspec

from seasoned.errors import Invalid
from seasoned.store import Connection, Store, documents, lessons, messages, search, skills, spaces, tasks
from seasoned.store.documents import DocumentRow, Filter
from seasoned.store.messages import MessageRow
from seasoned.store.rows import load_as
from seasoned.store.search import Hit

FoundKind = Literal["skill", "entry", "lesson", "task", "message"]
KINDS: Final[tuple[FoundKind, ...]] = ("skill", "entry", "lesson", "task", "message")
QUERY_CHARS_MAX: Final = 2_000
LIMIT_MAX: Final = 50
# How far pages go: a better question finds more than the sixth page.
FOUND_MAX: Final = 300
EXCERPT_CHARS: Final = 240
BEFORE_CHARS: Final = 60
EXCERPTED_CHARS_MAX: Final = 50_000
TEXT_CHARS_MAX: Final = 4_000
MARKS_MAX: Final = 40
# In reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
FUSION: Final = 60
_WORD: Final = re.compile(r"[^\W_]{2,}")
_ENDING_CHARS_MAX: Final = 4
_STEM_CHARS_MIN: Final = 4


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A word of an excerpt that the search asked for: its first character, and the one behind its last."""

    start: int
    end: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found. `title` is the skill's name, the lesson's or the task's title, or a message's role.

    `text` is the whole of a skill's description or an entry, up to TEXT_CHARS_MAX characters. `score` compares what one
    search has found, and nothing else. `at` is a time in microseconds.
    """

    kind: FoundKind
    id: str
    title: str
    excerpt: str
    marks: tuple[Mark, ...]
    score: float
    at: int
    path: str = ""
    session_id: str = ""
    number: int = 0
    text: str = ""


class FoundPage(msgspec.Struct, frozen=True):
    """What was found, closest first, and the place to go on from; 0 when that is all."""

    items: list[Found]
    next_place: int


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    """What a found row says, before it is shortened to an excerpt."""

    kind: FoundKind
    id: str
    title: str
    text: str
    at: int
    path: str = ""
    session_id: str = ""
    number: int = 0


_Key = tuple[str, str]


class Search:
    """Use cases of searching."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(
        self,
        project_id: str,
        query: str,
        *,
        kinds: Collection[FoundKind] = KINDS,
        only: Filter | None = None,
        limit: int = 10,
        place: int = 0,
    ) -> FoundPage:
        """What shares the rarest words with a question, closest first, from a place on.

        Sessions and outcomes are no matter of skills and entries, so a search with such a filter finds none of them.
        Messages are found once they were read. Raises Invalid, and NotFound for a space that is not there.
        """
        if not query.strip():
            raise Invalid("The question is empty; say what to search for.")
        if len(query) > QUERY_CHARS_MAX:
            raise Invalid(f"The question is longer than {QUERY_CHARS_MAX} characters; ask with fewer words.")
        if not 1 <= limit <= LIMIT_MAX or not 0 <= place <= FOUND_MAX:
            raise Invalid(f"A page has 1 to {LIMIT_MAX} items and begins within the first {FOUND_MAX}.")
        wanted = only or Filter()
        end = min(place + limit, FOUND_MAX)
        texts, scores, rows = await self._store.read(
            lambda connection: _read(connection, project_id, query, kinds, wanted, place, end)
        )
        texts |= await self._messages(rows)
        words = search.words_of(query)
        items = await asyncio.to_thread(
            lambda: [_found(texts[key], words, score) for key, score in list(scores.items())[place:end] if key in texts]
        )
        return FoundPage(items, end if len(scores) > end else 0)

    async def _messages(self, rows: Sequence[MessageRow]) -> dict[_Key, _Text]:
        """What messages say, without secrets."""
        if not rows:
            return {}
        from seasoned.pipeline import evidence  # noqa: PLC0415 - who searches for messages

        return {
            ("message", row.id): _Text(
                kind="message",
                id=row.id,
                title=shown.message.original_role,
                text="\n".join(shown.message.texts()),
                at=row.at,
                session_id=row.session_id,
                number=row.number,
            )
            # One by one: their place in a session is of no matter.
            for row in rows
            for shown in await evidence.load(self._store, [row], "")
        }


def _read(
    connection: Connection,
    project_id: str,
    query: str,
    kinds: Collection[FoundKind],
    wanted: Filter,
    place: int,
    end: int,
) -> tuple[dict[_Key, _Text], Mapping[_Key, float], list[MessageRow]]:
    """What the items of a page say, the scores of all that were found, and the page's messages."""
    if wanted.space:
        spaces.get(connection, project_id, wanted.space)
    lists: list[Mapping[_Key, float]] = []
    texts: dict[_Key, _Text] = {}
    if {"skill", "entry"} & set(kinds) and not (wanted.session or wanted.outcome):
        hits = skills_found(connection, project_id, query, kinds, wanted, end + 1)
        texts = _entries(connection, hits)
        lists.append({key: hit.score for key, hit in zip(texts, hits, strict=True)})
    some = [kind for kind in documents.KINDS if kind in kinds]
    found = documents.find(connection, project_id, query, some, wanted, end + 1) if some else []
    lists.append({(row.kind, row.ref_id): score for row, score in found})
    scores = fused([one for one in lists if one])
    page = set(list(scores)[place:end])
    of_page = [row for row, _ in found if (row.kind, row.ref_id) in page]
    more, rows = _documents(connection, of_page)
    return texts | more, scores, rows


def kinds_of(words: Collection[str]) -> tuple[FoundKind, ...]:
    """The kinds of some names; all for none. Raises Invalid."""
    if unknown := sorted(set(words) - set(KINDS)):
        raise Invalid(f"There is no kind {unknown[0][:40]!r}; there are {', '.join(KINDS)}.")
    return tuple(kind for kind in KINDS if kind in words) or KINDS


def fused(lists: Sequence[Mapping[_Key, float]]) -> Mapping[_Key, float]:
    """Several rankings as one, by reciprocal rank: their scores cannot be compared. A single one stays as it is."""
    if len(lists) <= 1:
        return lists[0] if lists else {}
    scores: dict[_Key, float] = {}
    for one in lists:
        for rank, key in enumerate(one, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (FUSION + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def skills_found(
    connection: Connection, project_id: str, query: str, kinds: Collection[str], wanted: Filter, limit: int
) -> list[Hit]:
    """The entries and descriptions of skills that share the rarest words with a question, closest first."""
    entry = "entries" if wanted.space else "kept"
    where = ["skills.project_id = :project"]
    if not {"skill", "entry"} <= set(kinds):
        where.append(f"{entry}.path = ''" if "skill" in kinds else f"{entry}.path <> ''")
    if wanted.user:
        where.append("EXISTS (SELECT 1 FROM users WHERE users.id = skills.user_id AND users.identifier = :user)")
    if wanted.since:
        where.append("skills.updated_at >= :since")
    told = {**wanted.given(), "project": project_id}
    condition = " AND ".join(where)
    most = documents.FILTERED_MAX if len(where) > 1 else 0
    if wanted.space:
        rows, owner = search.of_space(wanted.space, condition, told), wanted.space
    else:
        rows, owner = search.of_project(condition, told), project_id
    return search.entries_of(connection, search.ranked(connection, rows, owner, query, limit, most))


def _entries(connection: Connection, hits: Sequence[Hit]) -> dict[_Key, _Text]:
    """What some entries say, in their order."""
    rows = {row.id: row for row in skills.by_ids(connection, {hit.skill_id for hit in hits})}
    return {
        ("entry" if hit.path or hit.is_whole else "skill", str(hit.id)): _Text(
            kind="entry" if hit.path or hit.is_whole else "skill",
            id=hit.skill_id,
            title=rows[hit.skill_id].name,
            text=hit.text,
            at=rows[hit.skill_id].updated_at,
            path=hit.path,
        )
        for hit in hits
    }


def _documents(connection: Connection, found: Sequence[DocumentRow]) -> tuple[dict[_Key, _Text], list[MessageRow]]:
    """What some lessons and tasks say, and the rows of messages."""
    ids: dict[str, list[str]] = {kind: [row.ref_id for row in found if row.kind == kind] for kind in documents.KINDS}
    texts: dict[_Key, _Text] = {}
    for lesson in lessons.by_ids(connection, ids["lesson"]):
        texts["lesson", lesson.id] = _Text(
            kind="lesson",
            id=lesson.id,
            title=lesson.title or lesson.kind,
            text=lesson.text,
            at=lesson.at,
            session_id=lesson.session_id,
        )
    for task in tasks.by_ids(connection, ids["task"]):
        said = (task.title, *load_as(task.progresses, tuple[str, ...]), task.evidence)
        texts["task", task.id] = _Text(
            kind="task",
            id=task.id,
            title=task.title,
            text="\n".join(said),
            at=task.ended_at,
            session_id=task.session_id,
            number=task.first_number,
        )
    return texts, messages.by_ids(connection, ids["message"])


def _found(said: _Text, words: Sequence[str], score: float) -> Found:
    excerpt, marks = excerpt_of(said.text, words)
    return Found(
        kind=said.kind,
        id=said.id,
        title=said.title,
        excerpt=excerpt,
        marks=marks,
        score=round(score, 6),
        at=said.at,
        path=said.path,
        session_id=said.session_id,
        number=said.number,
        text=said.text[:TEXT_CHARS_MAX] if said.kind in ("skill", "entry") else "",
    )


def excerpt_of(text: str, words: Sequence[str]) -> tuple[str, tuple[Mark, ...]]:
    """The piece of a text with the most of some words, in one line, and where they are in it."""
    line = " ".join(text[:EXCERPTED_CHARS_MAX].split())
    wanted = [word.casefold() for word in words]
    found = [(one, word) for one in _WORD.finditer(line) if (word := _like(one[0].casefold(), wanted)) is not None]
    best, most = 0, 0
    ends = 0
    for at, (one, _) in enumerate(found):
        ends = max(ends, at)
        while ends < len(found) and found[ends][0].end() <= one.start() + EXCERPT_CHARS - BEFORE_CHARS:
            ends += 1
        count = len({word for _, word in found[at:ends][:MARKS_MAX]})
        if count > most:
            best, most = one.start(), count
    start = max(0, min(best - BEFORE_CHARS, len(line) - EXCERPT_CHARS))
    # Not in the middle of a word.
    start = line.find(" ", start, best) + 1 or start if start else 0
    end = start + EXCERPT_CHARS
    if end < len(line):
        end = max(line.rfind(" ", start + EXCERPT_CHARS // 2, end), start + EXCERPT_CHARS // 2)
    before, after = "…" * (start > 0), "…" * (end < len(line))
    moved = len(before) - start
    marks = (
        Mark(one.start() + moved, one.end() + moved) for one, _ in found if one.start() >= start and one.end() <= end
    )
    return f"{before}{line[start:end]}{after}", tuple(marks)[:MARKS_MAX]


def _like(word: str, wanted: Sequence[str]) -> str | None:
    """The first of the wanted words that is the same but for its ending."""
    for one in wanted:
        if word == one:
            return one
        shared = _shared(word, one)
        if shared >= _STEM_CHARS_MIN and max(len(word), len(one)) - shared <= _ENDING_CHARS_MAX:
            return one
    return None


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
