"""What the stages know of a session besides the messages that they read: the agent's standing instructions, when and
where it was, what was done in it before, and what stands in the skills already.
"""

import asyncio
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

import msgspec

from seasoned import authors
from seasoned.learning.questions import SessionInfo
from seasoned.message import JsonObject, NumberedMessage
from seasoned.pipeline import evidence
from seasoned.pipeline.journal import told_time
from seasoned.space import FACTS
from seasoned.store import Connection, Store, messages, search, sessions, skills
from seasoned.store.messages import MessageRow, numbered
from seasoned.store.rows import load_object
from seasoned.store.sessions import SessionRow

# Where standing instructions are looked for, and how long they may be.
HEAD_ROWS: Final = 12
INSTRUCTIONS_CHARS_MAX: Final = 24_000
EARLIER_ROWS_MAX: Final = 60
WHOLE_ROWS_MAX: Final = 400
EARLIER_CALLS_MAX: Final = 12
EARLIER_CHARS_MAX: Final = 120
ENTRIES_MAX: Final = 6
_LOOKED_AT: Final = 24
_PLACE_KEYS: Final = {"directory": ("directory", "cwd"), "branch": ("branch", "git_branch")}
# Instructions that make the agent serve customers.
SERVES: Final = re.compile(
    r"\b(?:you are|you're|act(?:ing)? as|as) (?:an?|the|our) [^.\n]{0,80}?"
    r"\b(?:customer[- ](?:service|support|care|success)"
    r"|(?:airline|retail|telecom|hotel|bank|insurance|support|service|booking)"
    r" (?:agent|representative|assistant|bot))\b"
    r"|\byou (?:can |may |should |must |will )?(?:help|serve|assist) (?:our |the )?"
    r"(?:customers|passengers|guests|patients|callers|shoppers|subscribers)\b"
    r"|\b(?:authenticate|verify|confirm) (?:the |each )?(?:user|customer|caller)(?:'s)? identity\b",
    re.IGNORECASE,
)


class Read(msgspec.Struct, frozen=True):
    """What of a session's context stands in rows."""

    session: SessionRow
    head: Sequence[MessageRow]
    change_users: bool


def read(connection: Connection, session: SessionRow, space_id: str) -> Read:
    """The rows that `of` needs."""
    head = messages.waiting(connection, session.id, 0, HEAD_ROWS)
    return Read(session, head, sessions.change_users(connection, space_id))


async def of(store: Store, rows: Read) -> SessionInfo:
    """What is known of a session. Its instructions are redacted, and whole unless they are very long."""
    return await asyncio.to_thread(_of, store, rows)


def _of(store: Store, rows: Read) -> SessionInfo:
    configs = load_object(rows.session.configs)
    told = instructions_in([numbered(row, store.blobs) for row in _opening(rows.head)])
    return msgspec.structs.replace(
        told,
        began=told_time(rows.head[0].at if rows.head else 0, configs),
        serves=told.serves or rows.change_users,
        **{name: _place(configs, keys) for name, keys in _PLACE_KEYS.items()},
    )


def instructions_in(opening: Sequence[NumberedMessage]) -> SessionInfo:
    """The standing instructions in the messages before an agent's first: what harnesses say there."""
    redactor, texts, told_in = evidence.Redactor(INSTRUCTIONS_CHARS_MAX), list[str](), set[int]()
    for stored in opening:
        shown = redactor.message(stored, authors.attributed(stored.message)).message
        if said := shown.words_of("harness").strip():
            texts.append(said)
            told_in.add(stored.number)
    text = "\n\n".join(texts)
    return SessionInfo(instructions=text, told_in=frozenset(told_in), serves=SERVES.search(text) is not None)


def _opening(head: Sequence[MessageRow]) -> Sequence[MessageRow]:
    """The messages before the agent's first."""
    return list(takewhile(lambda row: row.role != "assistant", head))


async def whole(store: Store, session_id: str) -> list[NumberedMessage]:
    """The first messages of a session as they were said, for who looks for names in them."""
    rows = await store.read(lambda connection: messages.waiting(connection, session_id, 0, WHOLE_ROWS_MAX))
    return await asyncio.to_thread(evidence.raw, rows, store.blobs)


def _place(configs: JsonObject, keys: Sequence[str]) -> str:
    found = (value for key in keys if isinstance(value := configs.get(key), str))
    return next(found, "")


def calls_before(rows: Sequence[MessageRow], store: Store) -> tuple[str, ...]:
    """Different calls that were made in some messages, the newest last, a line each. Reads blobs."""
    redactor, found = evidence.Redactor(), dict[str, int]()
    for row in rows:
        for part in numbered(row, store.blobs).message.parts:
            if part.type == "tool-call":
                shown = redactor.part(part)
                line = " ".join(f"{shown.tool_name} {shown.arguments}".split())[:EARLIER_CHARS_MAX]
                found.pop(line, None)
                found[line] = row.number
    newest = list(found.items())[-EARLIER_CALLS_MAX:]
    return tuple(f"[{number}] {line}" for line, number in newest)


def close_entries(connection: Connection, space_id: str, text: str) -> tuple[str, ...]:
    """The titles of the entries of a space's skills that are closest to a text, facts of the user aside."""
    hits = [hit for hit in search.near(connection, space_id, text, _LOOKED_AT) if hit.path]
    names = skills.names(connection, {hit.skill_id for hit in hits})
    titles = (
        f"{names[hit.skill_id]}: {hit.text.split(chr(10), 1)[0].lstrip('#-* ')}"
        for hit in hits
        if names.get(hit.skill_id, FACTS) != FACTS
    )
    return tuple(dict.fromkeys(titles))[:ENTRIES_MAX]
