"""Entries and suspicions held against the sessions that succeeded: one that did what an entry forbids, or without what
it demands, speaks against it.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Final

import msgspec

from seasoned import contrast
from seasoned.contrast import Call
from seasoned.learning.questions import RemoveEntry, ReviseEntry
from seasoned.lesson import evidence_of, softened
from seasoned.message import NumberedMessage
from seasoned.pipeline.claims import claims, is_scoped
from seasoned.pipeline.edits import DraftSet
from seasoned.pipeline.twins import Known
from seasoned.skill import entries, entry_hash
from seasoned.space import FACTS
from seasoned.store import Connection, Store, lessons, messages, proposals, search, sessions, skills, tasks
from seasoned.store.lessons import LessonRow
from seasoned.store.messages import numbered

MESSAGES_MAX: Final = 400
# The newest successes that are counted, and the entries that a run looks at.
SUCCESSES_MAX: Final = 24
ENTRIES_MAX: Final = 48
BROKEN: Final = "A session that succeeded did otherwise."
_ANSWER_CHARS: Final = 4_000
_COMMAND_CHARS: Final = 60
_ASKED_CHARS: Final = 2_000
_ENDED: Final = ("", "success")
# An answer with such a word may be of a call that did not work, which speaks for an entry and not against it.
_TROUBLE: Final = re.compile(
    r"\berr!|\b(?:errors?|exception|traceback|fail(?:ed|ure|s)?|fatal|invalid|denied|refused|not found|no such|cannot|"
    r"unable|exit (?:code|status) [1-9]\d*)\b",
    re.IGNORECASE,
)


class Success(msgspec.Struct, frozen=True):
    """A session all of which succeeded: its calls, and those of them that clearly worked."""

    session_id: str
    made: tuple[Call, ...]
    worked: frozenset[Call]


async def of_run(store: Store, run: Sequence[LessonRow]) -> list[Success]:
    """The successes among the sessions of some lessons."""
    return await _load(store, list(dict.fromkeys(one.session_id for one in run if one.task_id)))


async def earlier(store: Store, space_id: str, besides: Collection[Success]) -> list[Success]:
    """The newest successes of a space that are settled."""
    known = {one.session_id for one in besides}
    newest = await store.read(lambda connection: lessons.sessions_that_succeeded(connection, space_id, SUCCESSES_MAX))
    return await _load(store, [key for key in newest if key not in known])


async def _load(store: Store, session_ids: Sequence[str]) -> list[Success]:
    def read(connection: Connection) -> list[tuple[str, list[messages.MessageRow]]]:
        kept = [key for key in session_ids if _has_succeeded(connection, key)]
        return [(key, messages.waiting(connection, key, 0, MESSAGES_MAX)) for key in kept]

    rows = await store.read(read) if session_ids else []

    def loaded() -> list[Success]:
        return [_success(key, [numbered(row, store.blobs) for row in some]) for key, some in rows]

    return await asyncio.to_thread(loaded)


def _has_succeeded(connection: Connection, session_id: str) -> bool:
    row = sessions.by_id(connection, session_id)
    ends = [task.status for task in tasks.of_session(connection, session_id)]
    return row is not None and row.outcome in _ENDED and bool(ends) and all(end == "success" for end in ends)


def _success(session_id: str, found: Sequence[NumberedMessage]) -> Success:
    results = [part for one in found for part in one.message.parts if part.type == "tool-result" and part.call_id]
    bad = {one.call_id for one in results if one.is_error or _TROUBLE.search((one.text or "")[:_ANSWER_CHARS])}
    good = {one.call_id for one in results} - bad
    sure = []
    for one in found:
        parts = tuple(part for part in one.message.parts if part.type == "tool-call" and part.call_id in good)
        sure.append(msgspec.structs.replace(one, message=msgspec.structs.replace(one.message, parts=parts)))
    return Success(session_id, contrast.calls(found), frozenset(contrast.calls(sure)))


def against(text: str, successes: Iterable[Success], besides: Collection[str] = ()) -> frozenset[str]:
    """The sessions that succeeded although they broke what a text says, without some."""
    said = claims(text)
    broke = (one for one in successes if said and any(claim.is_broken_by(one.made, one.worked) for claim in said))
    return frozenset(one.session_id for one in broke).difference(besides)


def fallen(known: Sequence[proposals.Known], successes: Sequence[Success]) -> list[proposals.Known]:
    """The suspicions that wait although some successes broke what they say."""
    waiting = [one for one in known if one.is_suspicion and one.status == "pending"]
    return [one for one in waiting if any(against(text, successes, one.sessions) for text in one.said)]


async def hold(
    draft_set: DraftSet,
    store: Store,
    space_id: str,
    new: Sequence[Success],
    fetch: Callable[[Collection[str]], Awaitable[None]],
) -> None:
    """Say in the entries that successes broke how many did, or remove them: committed entries that new successes broke,
    and those that the run has written and new or earlier successes broke. What people wrote, said or pinned stays.
    """
    close = await store.read(lambda connection: _close(connection, space_id, new))
    await fetch({one.skill for one in close})
    written = await asyncio.to_thread(_written, draft_set)
    if close or written:
        older = await earlier(store, space_id, new)
        await asyncio.to_thread(_hold_each, draft_set, store, (new, older), (close, written))


def _close(connection: Connection, space_id: str, successes: Sequence[Success]) -> list[Known]:
    """The entries of a space that are close to what some sessions called, and claim something of calls."""
    hits = [hit for one in successes for hit in search.near(connection, space_id, _asked(one), ENTRIES_MAX)]
    names = skills.names(connection, {hit.skill_id for hit in hits})
    found = [Known(names[hit.skill_id], hit.path, hit.text) for hit in hits if hit.path and hit.skill_id in names]
    return [one for one in list(dict.fromkeys(found))[:ENTRIES_MAX] if claims(one.text)]


def _asked(success: Success) -> str:
    commands = [(call.tool, call.values().get("command") or call.values().get("cmd")) for call in success.made]
    words = [f"{tool} {text[:_COMMAND_CHARS]}" if isinstance(text, str) else tool for tool, text in commands]
    return " ".join(dict.fromkeys(words))[:_ASKED_CHARS]


def _hold_each(
    draft_set: DraftSet,
    store: Store,
    successes: tuple[Sequence[Success], Sequence[Success]],
    known_entries: tuple[Sequence[Known], Sequence[Known]],
) -> None:
    (new, older), (close, written) = successes, known_entries
    for known in dict.fromkeys((*close, *written)):
        draft = draft_set.drafts.get(known.skill)
        if draft is None or draft.keeps_journal or known.skill == FACTS:
            continue
        key, more = draft_set.support_of(known.skill, known.text)
        behind = store.read_now(partial(lessons.behind, skill_id=draft.skill_id, entry_key=key, more=more))
        if not behind or any(one.kind == "preference" or one.basis == "correction" for one in behind):
            continue
        taught = {one.session_id for one in behind}
        if known not in written and not against(known.text, new, taught):
            continue
        if count := len(against(known.text, (*new, *older), taught)):
            is_suspected = all(evidence_of(one.basis) == "suspected" for one in behind)
            is_refuted = is_suspected or (count > len(taught) and not is_scoped(known.text))
            _hold(draft_set, known, 0 if is_refuted else count)


def _hold(draft_set: DraftSet, known: Known, count: int) -> None:
    """Remove an entry, or with a count soften it; a refusal says that it is a person's."""
    skill, path, entry = known.skill, known.path, known.text
    text = softened(entry, count) if count else ""
    if text == entry:
        return
    if text:
        draft_set.apply(ReviseEntry(skill=skill, path=path, entry=entry, text=text, lessons=()))
    else:
        draft_set.apply(RemoveEntry(skill=skill, path=path, entry=entry, lessons=()))


def _written(draft_set: DraftSet) -> list[Known]:
    """The entries that the run has written or reinforced, and that claim something of calls."""
    noted = {(note.skill, note.key) for note in draft_set.notes}
    found = []
    for name, draft in draft_set.drafts.items():
        for path in sorted({note.path for note in draft_set.notes if note.skill == name} & draft.files.keys()):
            texts = [one.text for one in entries(draft.text(path))]
            found += [Known(name, path, text) for text in texts if (name, entry_hash(text)) in noted and claims(text)]
    return found
