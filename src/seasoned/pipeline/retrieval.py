"""Retrieval: which skills and entries of a space the write stage loads and shows for some lessons."""

import contextlib
from collections.abc import Collection, Mapping, Sequence

import msgspec

from seasoned.errors import Invalid, NotFound
from seasoned.learning.questions import NearEntry, SkillView
from seasoned.pipeline.draft import Draft
from seasoned.pipeline.index import without_list
from seasoned.skill import EDITED_BYTES_MAX, SKILL_FILE, parse_skill_file
from seasoned.space import FACTS
from seasoned.store import Connection, Store, files, history, search, skills
from seasoned.store.files import as_text
from seasoned.store.lessons import LessonRow
from seasoned.store.search import Hit
from seasoned.store.skills import FileRow, SkillRow

# How many skills a run loads, and of each at most how much.
SKILLS_MAX = 24
BYTES_MAX = 4 * 1024 * 1024
HITS_MAX = 12
OTHERS_MAX = 30


class LoadedSkill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill as it was read: all its files, the paths of those whose bytes are wanted, and what people wrote or pinned
    in it.
    """

    row: SkillRow
    listing: list[FileRow]
    paths: frozenset[str]
    by_people: frozenset[int]
    pins: tuple[str, ...]


class Retrieved(msgspec.Struct, frozen=True, kw_only=True):
    """Skills of a space as they were read: `loaded` with their files, the rest by name; `near` is closest first."""

    loaded: list[LoadedSkill]
    others: tuple[str, ...]
    near: tuple[NearEntry, ...]
    of_user: frozenset[str]


def read(connection: Connection, space_id: str, lessons: Sequence[LessonRow]) -> Retrieved:
    """The relevant skills for some lessons.

    Few are all loaded; of many, those whose words are closest to the lessons', the user's own, and the user's facts.
    """
    hits = _hits(connection, space_id, lessons)
    rows = _candidates(connection, space_id, hits)
    made_by_user = skills.brought_by_people(connection, [row.id for row in rows])
    chosen = rows if len(rows) <= SKILLS_MAX else _closest(rows, hits, made_by_user)
    names = {row.id: row.name for row in rows}
    wanted = {row.id for row in chosen}
    return Retrieved(
        loaded=[load(connection, row) for row in chosen],
        others=tuple(row.name for row in rows if row.id not in wanted)[:OTHERS_MAX],
        near=tuple(
            NearEntry(skill=names[hit.skill_id], path=hit.path, text=hit.text, score=hit.score)
            for hit in hits
            if hit.skill_id in names
        ),
        of_user=frozenset(row.name for row in rows if row.id in made_by_user),
    )


def _candidates(connection: Connection, space_id: str, hits: Sequence[Hit]) -> list[SkillRow]:
    """The skills of a space that may be loaded or named, however many it has."""
    rows = skills.of_space(connection, space_id, by_rule=False, limit=SKILLS_MAX + OTHERS_MAX)
    if len(rows) <= SKILLS_MAX:
        return rows
    wanted = {hit.skill_id for hit in hits} | skills.some_by_people(connection, space_id, SKILLS_MAX)
    more = skills.some_of_space(connection, space_id, wanted, FACTS)
    return list({row.id: row for row in (*rows, *more) if not row.rule}.values())


def _hits(connection: Connection, space_id: str, lessons: Sequence[LessonRow]) -> list[Hit]:
    """The entries closest to each lesson, those that are close to several first."""
    found: dict[tuple[str, str, str], Hit] = {}
    for lesson in lessons:
        text = f"{lesson.topic.replace('-', ' ')}\n{lesson.title}\n{lesson.text}\n{lesson.replaces}"
        for hit in search.near(connection, space_id, text, HITS_MAX):
            key = (hit.skill_id, hit.path, hit.text)
            known = found.get(key)
            found[key] = hit if known is None else msgspec.structs.replace(known, score=known.score + hit.score)
    return sorted(found.values(), key=lambda hit: (-hit.score, hit.skill_id, hit.path))


def _closest(rows: Sequence[SkillRow], hits: Sequence[Hit], made_by_user: frozenset[str]) -> list[SkillRow]:
    scores: dict[str, float] = {}
    for hit in hits:
        scores[hit.skill_id] = scores.get(hit.skill_id, 0.0) + hit.score
    ranked = sorted(rows, key=lambda row: (row.name != FACTS, -scores.get(row.id, 0.0), row.id not in made_by_user))
    return ranked[:SKILLS_MAX]


def load(connection: Connection, row: SkillRow) -> LoadedSkill:
    """A skill with its text files, as far as they fit, Markdown first."""
    listing = skills.head_listing(connection, row.id)
    left, paths = BYTES_MAX, []
    for file in sorted(listing, key=lambda file: (file.path != SKILL_FILE, not file.path.endswith(".md"), file.path)):
        if file.blame is not None and file.size <= min(left, EDITED_BYTES_MAX):
            paths.append(file.path)
            left -= file.size
    return load_paths(connection, row, paths, listing)


def load_paths(
    connection: Connection, row: SkillRow, paths: Collection[str], listing: Sequence[FileRow] | None = None
) -> LoadedSkill:
    """A skill with some of its files; the others are not touched, however many there are."""
    every = skills.head_listing(connection, row.id) if listing is None else listing
    loaded = {file.path: file for file in skills.head_files(connection, row.id, list(paths))}
    return LoadedSkill(
        row=row,
        listing=[loaded.get(file.path, file) for file in every],
        paths=frozenset(loaded),
        by_people=history.by_people(connection, row.id),
        pins=history.pinned(connection, row.id),
    )


def draft_of(held: LoadedSkill, store: Store) -> Draft:
    """A draft of a skill. Reads blobs, so call it in a thread."""
    row = held.row
    return Draft(
        name=row.name,
        skill_id=row.id,
        head=row.head,
        description=row.description,
        rule=row.rule,
        listing={file.path: file for file in held.listing},
        files=_present(held, store),
        by_people=held.by_people,
        pins=held.pins,
    )


def _present(held: LoadedSkill, store: Store) -> dict[str, bytes]:
    """The bytes of the loaded files, without lost ones."""
    found: dict[str, bytes] = {}
    for file in held.listing:
        if file.path in held.paths:
            with contextlib.suppress(NotFound):
                found[file.path] = files.unpack(file, store.blobs)
    return found


def view(draft: Draft, of_user: frozenset[str]) -> SkillView:
    """A skill as the model sees it: with its files, so without the list of them."""
    texts = {path: text for path, data in sorted(draft.files.items()) if (text := as_text(data)) is not None}
    if SKILL_FILE in texts:
        texts[SKILL_FILE] = without_list(texts[SKILL_FILE])
    return SkillView(
        name=draft.name,
        description=draft.description,
        instructions=_instructions(texts),
        files=texts,
        of_user=draft.name in of_user,
    )


def _instructions(texts: Mapping[str, str]) -> str:
    text = texts.get(SKILL_FILE, "")
    try:
        return parse_skill_file(text).body
    except Invalid:
        return text
