"""Codex's rollouts: `~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl`, since 2026 also compressed as `.jsonl.zst`.

A line is `{timestamp, type, payload}`; what was said is in `response_item`s, which are the items of OpenAI's Responses
API. Lines of 2025 are bare items behind a line with the session's `id`. What a person typed stands in `event_msg`s of
the type `user_message` too, which tells it from what the program puts into the user's role. A copy of a session begins
with the lines of the first one, under new times.
"""

import re
import time
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from seasoned.errors import BadTranscript
from seasoned.importers import blocks, draft, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Author, Json, JsonObject, Message, Part, PersonEvent

NAME: Final = "codex"
_TYPES = ("session_meta", "turn_context", "response_item", "event_msg", "compacted", "world_state")
_ITEMS = ("message", "reasoning", "function_call", "function_call_output", "local_shell_call")
_REFUSED = re.compile(r"(?:exec command )?(?:rejected|denied|declined) by (?:the )?user", re.IGNORECASE)
_INTERRUPTED = re.compile(r"(?:command )?(?:aborted|interrupted) by (?:the )?user", re.IGNORECASE)
_EXIT = re.compile(r"(?:Process exited with code|Exit code:) (-?\d{1,6})")
_HEAD_CHARS = 400
# How what the program puts into the user's role begins.
_ADDED = re.compile(r"\s{0,20}(?:<|# AGENTS\.md|Warning: |Another language model )")
_FILES_MAX = 100_000
_LISTED_SECONDS = 30


def recognises(value: Json) -> bool:
    """Whether a line of a file is of this format."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("payload"), dict) and value.get("type") in _TYPES:
        return True
    return "instructions" in value and "git" in value and "id" in value and "timestamp" in value


def left_out(path: Path) -> str:
    """Why a file is not read: it is a subagent's, and the file of its session is at hand."""
    try:
        meta = next(
            (_meta_of(value) for _, value in reading.lines(path, reading.Notes()) if isinstance(value, dict)), {}
        )
    except BadTranscript:
        return ""
    parent = _parent_of(meta)
    if parent and any(parent in name for name in _rollouts(_root_of(path), time.monotonic() // _LISTED_SECONDS)):
        return f"{reading.shown(path)} is of a subagent of the session {parent[:8]}, which tells its result."
    return ""


def _root_of(path: Path) -> Path:
    """The folder of all sessions."""
    parents = list(path.absolute().parents)
    return next((one for one in parents if one.name in ("sessions", "archived_sessions")), parents[0])


@lru_cache(maxsize=4)
def _rollouts(root: Path, _moment: float) -> tuple[str, ...]:
    """The names of all sessions' files; listed again from time to time, since new ones come."""
    found = (one.name for _, one in zip(range(_FILES_MAX), root.rglob("rollout-*"), strict=False))
    return tuple(name.removesuffix(".zst").removesuffix(".jsonl") for name in found)


def _meta_of(value: JsonObject) -> JsonObject:
    return reading.inner(value, "payload") if value.get("type") == "session_meta" else {}


def _parent_of(meta: JsonObject) -> str:
    """The session whose subagent this is; empty if it is none."""
    spawned = reading.inner(reading.inner(reading.inner(meta, "source"), "subagent"), "thread_spawn")
    parent = reading.text_of(spawned, "parent_thread_id")
    if not parent and meta.get("thread_source") == "subagent":
        parent = reading.text_of(meta, "parent_thread_id", "forked_from_id")
    return parent


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    session, is_subagent, typed = Draft(), False, dict[str, None]()
    for number, value in reading.lines(path, notes):
        if not isinstance(value, dict):
            continue
        at, payload = times.time_of(value), reading.inner(value, "payload") or value
        kind = value.get("type")
        if kind == "event_msg":
            _event(session, payload, typed)
        elif kind == "response_item" or kind in _ITEMS:
            _item(session, payload, at, notes, f"line {number}")
        elif not session.id and (kind == "session_meta" or "instructions" in value):
            session.id = reading.text_of(payload, "id", "session_id")
            session.began = at
            session.directory = reading.text_of(payload, "cwd")
            session.branch = reading.text_of(reading.inner(payload, "git"), "branch")
            is_subagent = bool(_parent_of(payload))
    _name_authors(session, typed, is_subagent)
    yield session


def _event(session: Draft, event: JsonObject, typed: dict[str, None]) -> None:
    if event.get("type") == "user_message":
        typed[reading.text_of(event, "message").strip()] = None
    elif event.get("type") == "thread_rolled_back":
        turns = event.get("num_turns")
        for _ in range(min(turns, len(session.said)) if isinstance(turns, int) else 0):
            last = max((n for n, (_, one, _) in enumerate(session.said) if _is_prompt(one)), default=0)
            del session.said[last:]


def _is_prompt(message: Message) -> bool:
    return message.role == "user" and message.original_role == "user" and not message.is_tool_answer


def _item(session: Draft, item: JsonObject, at: int | None, notes: reading.Notes, where: str) -> None:
    kind, id_ = reading.text_of(item, "type"), reading.text_of(item, "call_id", "id")
    if kind == "message":
        session.take(item, notes, where, at=at)
    elif kind == "reasoning":
        found = [
            blocks.thought(reading.text_of(one, "text"))
            for key in ("summary", "content")
            for one in reading.objects(item, key)
        ]
        session.say("assistant", found, at=at, id=id_)
    elif kind == "agent_message":
        session.say("user", blocks.parts_of(item.get("content"), notes, where), at=at, author="peer")
    elif kind.endswith("_output"):
        session.say("user", [_answer(item, id_)], at=at)
    elif kind.endswith("_call"):
        name = reading.text_of(item, "name") or kind.removesuffix("_call")
        given = next((item[key] for key in ("arguments", "input", "action") if item.get(key) is not None), None)
        session.say("assistant", [blocks.call(id_, name, given)], at=at, id=id_)
    elif kind not in ("ghost_snapshot", "compaction", "compaction_summary", "other"):
        notes.add(f"{where}: an item of the type {kind[:40]!r} was left out")


def _answer(item: JsonObject, id_: str) -> Part:
    given = item.get("output")
    failed = False
    if isinstance(given, dict):
        failed, given = given.get("success") is False, given.get("content")
    output, code = _unwrapped(blocks.as_text(given))
    head = output[:_HEAD_CHARS]
    event: PersonEvent | None = None
    if _REFUSED.search(head):
        event = "refused"
    elif _INTERRUPTED.search(head):
        event = "interrupted"
    exited = _EXIT.search(head)
    code = int(exited[1]) if code is None and exited else code
    return blocks.answer(id_, output, failed=failed or bool(code) or event is not None, event=event)


def _unwrapped(output: str) -> tuple[str, int | None]:
    """The output of a command without the JSON around it, and its exit code; older versions write them so."""
    if not output.startswith('{"output"'):
        return output, None
    try:
        value = msgspec.json.decode(output)
    except msgspec.DecodeError:
        return output, None
    if not isinstance(value, dict) or not isinstance(value.get("output"), str):
        return output, None
    code = reading.inner(value, "metadata").get("exit_code")
    return value["output"], code if isinstance(code, int) else None


def _name_authors(session: Draft, typed: Collection[str], is_subagent: bool) -> None:
    """Tell what a person typed from what the program or another agent put into the user's role."""
    if not typed and not is_subagent:
        return
    author: Author = "peer" if is_subagent else "harness"
    for index, (at, message, id_) in enumerate(session.said):
        if _is_prompt(message) and (is_subagent or (_ADDED.match(message.prose()) and not _was_typed(message, typed))):
            parts = tuple(
                msgspec.structs.replace(part, author=author) if part.type == "text" else part for part in message.parts
            )
            session.said[index] = (at, msgspec.structs.replace(message, parts=parts), id_)


def _was_typed(message: Message, typed: Collection[str]) -> bool:
    texts = [part.text.strip() for part in message.parts if part.text]
    return not texts or "\n".join(texts) in typed or any(one in typed for one in texts)


read = draft.reader(NAME, _drafts)
