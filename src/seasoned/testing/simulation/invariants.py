"""What must hold in the database when a simulation has settled: each check answers sentences about what is wrong."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from seasoned.errors import NotFound
from seasoned.pipeline.index import without_list
from seasoned.skill import SKILL_FILE, entry_hash, parse_skill_file, searched
from seasoned.skill import entries as entries_of
from seasoned.store import indexing
from seasoned.store import messages as messages_store
from seasoned.store import skills as skills_store
from seasoned.store.blob_store import Blobs
from seasoned.store.schema import (
    contents,
    entries,
    entry_lessons,
    entry_words,
    files,
    lessons,
    messages,
    metadata,
    sessions,
    skills,
    space_sessions,
    space_skills,
    spaces,
    tasks,
    unindexed,
    versions,
)
from seasoned.task import FINISHED
from seasoned.testing.simulation import script
from seasoned.testing.simulation.ledger import Ledger
from seasoned.testing.simulation.script import SessionTruth

_JOURNAL_ENTRY = re.compile(r"\] Task: (T\d+)$", re.MULTILINE)
# What one session alone names.
_OWN = re.compile(r"\b[TKP]\d+\b")
_EFFECTIVE = ("written", "reinforced")


class Snapshot(msgspec.Struct):
    """The database as the checks look at it."""

    truths: dict[str, SessionTruth]
    texts: dict[str, list[str]]
    heads: dict[str, dict[str, str]]
    names: dict[str, str]


def unexplained(connection: Connection) -> list[str]:
    """Work that is left although nothing fails any more, and parked work without its reason."""
    return [
        *_left(connection, parked_too=False),
        *(f"{what} {key} is parked without a reason" for what, key, reason in _parked(connection) if not reason),
    ]


def parked_sessions(connection: Connection) -> list[str]:
    """The sessions that hold something parked."""
    found = [
        *connection.execute(sa.select(sessions.c.id).where(sessions.c.extract_parked)).scalars(),
        *connection.execute(sa.select(tasks.c.session_id).where(tasks.c.distill_parked)).scalars(),
        *connection.execute(sa.select(lessons.c.session_id).where(lessons.c.status == "parked")).scalars(),
    ]
    return sorted(set(found))


def _parked(connection: Connection) -> Iterator[tuple[str, str, str]]:
    for what, table, flag, reason in (
        ("session", sessions, sessions.c.extract_parked, sessions.c.extract_error),
        ("task", tasks, tasks.c.distill_parked, tasks.c.distill_error),
        ("lesson", lessons, lessons.c.status == "parked", lessons.c.reason),
    ):
        for row in connection.execute(sa.select(table.c.id, reason).where(flag)):
            yield what, row[0], row[1]


def _left(connection: Connection, *, parked_too: bool) -> Iterator[str]:
    linked = sa.select(space_sessions.c.session_id)
    unread = sa.select(sessions.c.id).where(sessions.c.last_number > sessions.c.extracted_to)
    undistilled = sa.select(tasks.c.id).where(
        tasks.c.revision > tasks.c.distilled_revision,
        tasks.c.status.in_(sorted(FINISHED)),
        tasks.c.session_id.in_(linked),
    )
    unwritten = sa.select(lessons.c.id).where(lessons.c.session_id.in_(linked))
    if parked_too:
        unwritten = unwritten.where(lessons.c.status.in_(["pending", "parked"]))
    else:
        unread = unread.where(~sessions.c.extract_parked)
        undistilled = undistilled.where(~tasks.c.distill_parked)
        unwritten = unwritten.where(lessons.c.status == "pending")
    for what, statement in (("read", unread), ("distilled", undistilled), ("written", unwritten)):
        for key in connection.execute(statement).scalars():
            yield f"{key} is stuck: it was never {what}"


def unsound(connection: Connection, blobs: Blobs) -> list[str]:
    """What must hold in every settled database, whatever was said in its sessions."""
    return [
        *_left(connection, parked_too=True),
        *_sets(connection),
        *_spaces(connection),
        *_versions(connection),
        *_blobs(connection, blobs),
    ]


def broken(connection: Connection, ledger: Ledger, blobs: Blobs) -> list[str]:
    """Every promise about what was said and learned that does not hold, beside those of `unsound`."""
    found = _look(connection, blobs)
    return [
        *_messages(connection, ledger, found),
        *_tasks(connection, found),
        *_distillations(connection, found),
        *_effects(connection, ledger, found),
        *_evidence(connection, found),
        *_forgotten(ledger, found),
        *_journals(connection, found),
        *_index(connection, found),
        *_uploads(connection, ledger),
        *(_order(connection) if ledger.in_order else []),
    ]


def _look(connection: Connection, blobs: Blobs) -> Snapshot:
    texts: dict[str, list[str]] = defaultdict(list)
    for (session_id,) in connection.execute(sa.select(sessions.c.id)):
        for row in messages_store.waiting(connection, session_id, 0, 1_000_000):
            texts[session_id].append(next(messages_store.unpack(row, blobs).texts(), ""))
    truths = {
        session_id: script.truth_of(
            command for at, text in enumerate(said, start=1) if (command := script.parse(at, text)) is not None
        )
        for session_id, said in texts.items()
    }
    names = {row[0]: row[1] for row in connection.execute(sa.select(skills.c.id, skills.c.name))}
    heads = {
        skill_id: {
            row.path: (row.body if row.body is not None else blobs.get_now(row.sha256)).decode()
            for row in skills_store.head_files(connection, skill_id)
        }
        for skill_id in names
    }
    return Snapshot(truths, texts, heads, names)


def _messages(connection: Connection, ledger: Ledger, found: Snapshot) -> Iterator[str]:
    """Acknowledged messages are all there, at their numbers, without a gap."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in connection.execute(
        sa.select(messages.c.session_id, messages.c.number).order_by(messages.c.session_id, messages.c.number)
    ):
        numbers[row[0]].append(row[1])
    ends = {row[0]: row[1] for row in connection.execute(sa.select(sessions.c.id, sessions.c.last_number))}
    for key, record in ledger.sessions.items():
        if key not in ends:
            if not record.deletion_asked:
                yield f"session {key} was acknowledged and is lost"
            continue
        if record.deleted:
            yield f"session {key} was deleted and is there"
        if numbers[key] != list(range(1, ends[key] + 1)):
            yield f"session {key} has the message numbers {numbers[key]} and the end {ends[key]}"
        said = dict(enumerate(found.texts.get(key, []), start=1))
        for number, text in record.messages.items():
            if said.get(number) != text:
                yield f"message {number} of session {key} was acknowledged and is lost"
        if Counter(said.values()) - Counter(record.asked * 200):
            yield f"session {key} holds messages that nobody sent"
    linked = {
        row[0]: row[1] for row in connection.execute(sa.select(space_sessions.c.session_id, space_sessions.c.space_id))
    }
    for key, record in ledger.sessions.items():
        if record.space_id and key in ends and linked.get(key) is None:
            yield f"the link of session {key} was acknowledged and is lost"


def _tasks(connection: Connection, found: Snapshot) -> Iterator[str]:
    """Each task is there once, with the status and the count of endings that follow from the messages."""
    rows = connection.execute(
        sa.select(tasks.c.session_id, tasks.c.title, tasks.c.status, tasks.c.revision).order_by(tasks.c.position)
    ).all()
    for key, truth in found.truths.items():
        have = [(row[1], row[2], row[3]) for row in rows if row[0] == key]
        want = [(task.name, task.status, task.revision) for task in truth.tasks.values()]
        if have != want:
            yield f"session {key} has the tasks {have} instead of {want}"
        preferences = [
            script.tokens_in(row[0])[0]
            for row in connection.execute(
                sa.select(lessons.c.text)
                .where(lessons.c.session_id == key, lessons.c.kind == "preference")
                .order_by(lessons.c.number)
            )
        ]
        if preferences != truth.preferences:
            yield f"session {key} has the preferences {preferences} instead of {truth.preferences}"


def _sets(connection: Connection) -> Iterator[str]:
    """The lessons of a distillation are numbered from 0 without a gap: one set, made once."""
    ordinals: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in connection.execute(
        sa.select(lessons.c.task_id, lessons.c.revision, lessons.c.ordinal)
        .where(lessons.c.task_id.is_not(None))
        .order_by(lessons.c.task_id, lessons.c.revision, lessons.c.ordinal)
    ):
        ordinals[row[0], row[1]].append(row[2])
    for (task_id, revision), made in ordinals.items():
        if made != list(range(len(made))):
            yield f"revision {revision} of task {task_id} has the lessons {made}: they do not form one set"


def _distillations(connection: Connection, found: Snapshot) -> Iterator[str]:
    """Each finished revision that was distilled has one whole set of lessons; the last one has it in any case."""
    sets: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    for row in connection.execute(
        sa.select(lessons.c.task_id, lessons.c.revision, lessons.c.kind, lessons.c.text)
        .where(lessons.c.task_id.is_not(None))
        .order_by(lessons.c.task_id, lessons.c.revision, lessons.c.ordinal)
    ):
        sets[row[0], row[1]].append((row[2], row[3]))
    linked = set(connection.execute(sa.select(space_sessions.c.session_id)).scalars())
    for task_id, session_id, title, revision, distilled in connection.execute(
        sa.select(tasks.c.id, tasks.c.session_id, tasks.c.title, tasks.c.revision, tasks.c.distilled_revision)
    ):
        truth = found.truths[session_id].tasks.get(title)
        if truth is None:
            continue
        mine = {key[1]: made for key, made in sets.items() if key[0] == task_id}
        if distilled not in (0, *mine) or any(number > revision for number in mine):
            yield f"{title} was distilled to revision {distilled} of {revision}, and has lessons of {sorted(mine)}"
        if session_id in linked and truth.status in FINISHED and distilled != revision:
            yield f"{title} is finished, and its revision {revision} was never distilled"
        possible = [taught for name, taught in found.truths[session_id].finishes if name == title]
        for number, made in sorted(mine.items()):
            if tuple(_taught(made)) not in possible:
                yield f"revision {number} of {title} has the lessons {_taught(made)}, which no ending taught"
            if number == revision and tuple(_taught(made)) != truth.teaches:
                yield f"{title} taught {_taught(made)} instead of {truth.teaches}"


def _taught(made: list[tuple[str, str]]) -> list[str]:
    return [token for kind, text in made if kind != "skip" for token in script.tokens_in(text)]


def _effects(connection: Connection, ledger: Ledger, found: Snapshot) -> Iterator[str]:
    """Each lesson has one effect in the skills: its token stands there once when it was written, else never.

    What the rule repeats of the files in SKILL.md does not count.
    """
    counts: Counter[str] = Counter()
    for skill_id, head in found.heads.items():
        for path, text in head.items():
            own = parse_skill_file(without_list(text)).body if path == SKILL_FILE else text
            here = Counter(script.tokens_in(own))
            counts += here
            twice = [token for token, times in here.items() if times > 1]
            yield from (f"{token} stands {here[token]} times in {found.names[skill_id]}/{path}" for token in twice)
    statuses: dict[str, list[str]] = defaultdict(list)
    for text, status in connection.execute(sa.select(lessons.c.text, lessons.c.status)):
        for token in script.tokens_in(text):
            statuses[token].append(status)
    for token, told in statuses.items():
        yield from _effect(token, told, counts[token])
    for token, times in counts.items():
        if token[0] == "X" or (times > 1 and token[0] in "KPE"):
            yield f"{token} stands {times} times in the skills"
    for token in ledger.edits:
        if counts[token] != 1:
            yield f"the edit {token} was acknowledged and stands {counts[token]} times in the skills"


def _effect(token: str, statuses: list[str], times: int) -> Iterator[str]:
    told = ", ".join(statuses)
    effective = any(status in _EFFECTIVE for status in statuses)
    if token[0] in "KP" and times != int(effective):
        yield f"{token} ({told}) stands {times} times in the skills"
    if token[0] == "C" and effective and not times:
        yield f"{token} ({told}) is not in the skills"
    if token[0] in "UX" and (times or effective):
        yield f"{token} ({told}) is not grounded and was written"


def _evidence(connection: Connection, found: Snapshot) -> Iterator[str]:
    """Lessons that took effect stand behind an entry that is there, in the file that it names."""
    known = {
        (skill_id, path): {entry_hash(one.text) for one in entries_of(text)}
        for skill_id, head in found.heads.items()
        for path, text in head.items()
        if path.endswith(".md")
    }
    behind: set[str] = set()
    for row in connection.execute(
        sa.select(entry_lessons.c.skill_id, entry_lessons.c.path, entry_lessons.c.entry_key, entry_lessons.c.lesson_id)
    ):
        behind.add(row[3])
        if found.names[row[0]] != "daily-logs" and row[2] not in known.get((row[0], row[1]), set()):
            yield f"lesson {row[3]} stands behind an entry of {found.names[row[0]]}/{row[1]} that is not there"
    for key, text in connection.execute(
        sa.select(lessons.c.id, lessons.c.text).where(lessons.c.status.in_(_EFFECTIVE), lessons.c.kind != "skip")
    ):
        if key not in behind:
            yield f"{script.tokens_in(text)} was written, and no entry names the lesson {key}"


def _forgotten(ledger: Ledger, found: Snapshot) -> Iterator[str]:
    """What only a forgotten session said stands in no skill."""
    standing = {token for head in found.heads.values() for text in head.values() for token in _OWN.findall(text)}
    for key, record in ledger.sessions.items():
        said = {token for text in record.asked for token in _OWN.findall(text)} if record.forgotten else set()
        for token in sorted(said & standing):
            yield f"{token} was forgotten with session {key} and stands in the skills"


def _journals(connection: Connection, found: Snapshot) -> Iterator[str]:
    """Each finished task of a space stands once in its journal."""
    journals: dict[str, Counter[str]] = {}
    for skill_id, space_id in connection.execute(
        sa.select(space_skills.c.skill_id, space_skills.c.space_id)
        .join(skills, skills.c.id == space_skills.c.skill_id)
        .where(skills.c.name == "daily-logs")
    ):
        text = "\n".join(text for path, text in found.heads[skill_id].items() if path != "SKILL.md")
        journals[space_id] = Counter(_JOURNAL_ENTRY.findall(text))
    for space_id, title in connection.execute(
        sa.select(space_sessions.c.space_id, tasks.c.title)
        .join(tasks, tasks.c.session_id == space_sessions.c.session_id)
        .where(tasks.c.distilled_revision > 0)
    ):
        times = journals[space_id].pop(title, 0)
        if times != 1:
            yield f"{title} stands {times} times in the journal of its space"
    for left in journals.values():
        for title, times in left.items():
            if times > 1:
                yield f"{title}, whose session is gone, stands {times} times in a journal"


def _index(connection: Connection, found: Snapshot) -> Iterator[str]:
    """Of every file just the entries of the head can be found, in just the spaces that have its skill."""
    for skill_id in connection.execute(sa.select(unindexed.c.skill_id).distinct()).scalars():
        yield f"the index has not caught up with the skill {skill_id}"
    kept: dict[tuple[str, str], Counter[indexing.IndexedEntry]] = defaultdict(Counter)
    for skill_id, path, text, whole in connection.execute(
        sa.select(entries.c.skill_id, entries.c.path, entries.c.text, entries.c.whole)
    ):
        kept[skill_id, path][indexing.IndexedEntry(text, bool(whole))] += 1
    by_rule = set(connection.execute(sa.select(skills.c.id).where(skills.c.rule != "")).scalars())
    for skill_id, head in found.heads.items():
        if kept.pop((skill_id, ""), Counter()).total() != 1:
            yield f"the index does not hold what {found.names[skill_id]} is about, once"
        for path, text in head.items():
            wanted = Counter() if skill_id in by_rule else indexing.wanted(searched(path, text))
            if kept.pop((skill_id, path), Counter()) != wanted:
                yield f"the index holds other entries of {found.names[skill_id]}/{path} than the file"
    for skill_id, path in kept:
        yield f"the index holds entries of {skill_id}/{path}, which is not there"
    links = sa.select(entries.c.id, space_skills.c.id).join(space_skills, space_skills.c.skill_id == entries.c.skill_id)
    wanted_words = {tuple(row) for row in connection.execute(links)}
    words = [tuple(row) for row in connection.execute(sa.select(entry_words.c.entry_id, entry_words.c.link_id))]
    if set(words) != wanted_words:
        yield f"{len(wanted_words ^ set(words))} entries cannot be found in their space, or can in another"


def _spaces(connection: Connection) -> Iterator[str]:
    """The lessons of a space are numbered in the order of their writing, each number once, up to the cursor."""
    for space_id, written_to in connection.execute(sa.select(spaces.c.id, spaces.c.written_to)):
        rows = connection.execute(
            sa.select(lessons.c.space_number, lessons.c.settled_at, lessons.c.status)
            .where(lessons.c.space_id == space_id)
            .order_by(lessons.c.space_number)
        ).all()
        numbers = [row[0] for row in rows]
        if len(set(numbers)) != len(numbers) or (numbers and numbers[-1] > written_to):
            yield f"space {space_id} has written to {written_to} and has the numbers {numbers}"
        times = [row[1] for row in rows]
        if times != sorted(times):
            yield f"space {space_id} was not written in the order of its numbers"
        if any(row[2] == "pending" for row in rows):
            yield f"space {space_id} has numbered lessons that are pending"


def _order(connection: Connection) -> Iterator[str]:
    """Lessons of imported transcripts were written in the order of the links, and inside a session of the messages."""
    for (space_id,) in connection.execute(sa.select(spaces.c.id)):
        rows = connection.execute(
            sa.select(lessons.c.space_number)
            .join(space_sessions, space_sessions.c.session_id == lessons.c.session_id)
            .outerjoin(tasks, tasks.c.id == lessons.c.task_id)
            .where(space_sessions.c.space_id == space_id)
            .order_by(
                space_sessions.c.position,
                lessons.c.number,
                sa.func.coalesce(tasks.c.position, 0),
                lessons.c.revision,
                lessons.c.ordinal,
            )
        )
        numbers = [row[0] for row in rows]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"space {space_id} was written in the order {numbers}, not in that of its sessions"


def _versions(connection: Connection) -> Iterator[str]:
    """Versions form a chain from 1 to the head, and each of their files has its content."""
    chains: dict[str, list[int]] = defaultdict(list)
    for skill_id, number in connection.execute(
        sa.select(versions.c.skill_id, versions.c.number).order_by(versions.c.skill_id, versions.c.number)
    ):
        chains[skill_id].append(number)
    for skill_id, head in connection.execute(sa.select(skills.c.id, skills.c.head)):
        if chains[skill_id] != list(range(1, head + 1)) or head < 1:
            yield f"skill {skill_id} has the head {head} and the versions {chains[skill_id]}"
    names = connection.execute(
        sa.select(space_skills.c.space_id, skills.c.name, sa.func.count())
        .join(skills, skills.c.id == space_skills.c.skill_id)
        .group_by(space_skills.c.space_id, skills.c.name)
    )
    for space_id, name, times in names:
        if times > 1:
            yield f"space {space_id} has {times} skills named {name}"


def _blobs(connection: Connection, blobs: Blobs) -> Iterator[str]:
    """No blob that a row names is missing."""
    inline = set(connection.execute(sa.select(contents.c.sha256)).scalars())
    named = set(connection.execute(sa.select(files.c.sha256).distinct()).scalars()) - inline
    named |= set(
        connection.execute(sa.select(messages.c.parts_sha256).where(messages.c.parts_sha256.is_not(None))).scalars()
    )
    for sha256 in sorted(named):
        try:
            if hashlib.sha256(blobs.get_now(sha256)).hexdigest() != sha256:
                yield f"the blob {sha256} holds other bytes"
        except NotFound:
            yield f"the blob {sha256} is named by a row and missing"


def _uploads(connection: Connection, ledger: Ledger) -> Iterator[str]:
    """Acknowledged uploads are whole."""
    have = {
        row[0]: row[1]
        for row in connection.execute(
            sa.select(files.c.skill_id, files.c.sha256).where(files.c.path == "reference.txt", files.c.since == 1)
        )
    }
    for skill_id, sha256 in ledger.uploads.items():
        if have.get(skill_id) != sha256:
            yield f"the upload {skill_id} was acknowledged and is lost"


def digest(connection: Connection) -> str:
    """The hash of every row of every table."""
    made = hashlib.sha256()
    for table in metadata.sorted_tables:
        rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
        made.update(table.name.encode())
        for row in rows:
            made.update(repr(tuple(row)).encode())
    return made.hexdigest()


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        table.name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)
        for table in metadata.sorted_tables
    }
