"""What importers share: a session while it is read, and one reader for the records of all programs.

Programs name the same things differently. `parts_of` reads the content of a message in any provider's form, and
`Draft.take` a whole message: who speaks, the text, the thoughts, the calls of tools and their answers. An importer only
finds the records, and says what their place tells: the author, the outcome, what a person did with a call.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from seasoned.importers import blocks, reading, times
from seasoned.importers.blocks import answer, thought
from seasoned.importers.transcript import TimedMessage, Transcript, hash_of
from seasoned.message import Author, Json, JsonObject, Message, Part, Role
from seasoned.task import TaskStatus

NAME_CHARS_MAX: Final = 120
_MARKED: Final[JsonObject] = {"source_format": "openai"}
_USER = frozenset({"user", "human", "person", "humanmessage", "humanmessagechunk"})
_AGENT = frozenset({"assistant", "ai", "gpt", "model", "agent", "bot", "chatgpt", "aimessage", "aimessagechunk"})
_SYSTEM = frozenset({"system", "developer", "systemmessage"})
_TOOL = frozenset({"tool", "function", "toolresult", "tool_result", "tool_response", "observation", "toolmessage"})
_ROLE_KEYS = ("role", "type", "from", "sender")
_CONTENT_KEYS = ("content", "parts", "text", "value")
_THOUGHT_KEYS = ("reasoning_content", "reasoning", "thinking")


def role_of(record: JsonObject) -> str:
    """`user`, `agent`, `system` or `tool`; empty when a record is no message."""
    for key in _ROLE_KEYS:
        word = record.get(key)
        if isinstance(word, str):
            lowered = word.lower()
            for name, words in (("user", _USER), ("agent", _AGENT), ("system", _SYSTEM), ("tool", _TOOL)):
                if lowered in words:
                    return name
    return ""


class Draft:
    """One session while it is read.

    `id` is what its program calls it. `numbered` ids are unique within their file only, so the beginning of the
    conversation is part of its key.
    """

    def __init__(self, id: str = "", *, source: str = "", numbered: bool = False) -> None:  # noqa: A002 - its word
        self.id = id
        self.source = source
        self.numbered = numbered
        self.outcome: TaskStatus | None = None
        self.user = ""
        self.directory = ""
        self.branch = ""
        self.began: int | None = None
        self.said: list[tuple[int | None, Message, str]] = []

    def say(
        self,
        role: Role,
        parts: Iterable[Part | None],
        *,
        at: int | None = None,
        id: str = "",  # noqa: A002 - its word
        author: Author | None = None,
        original_role: str = "",
    ) -> None:
        """Add a message, unless nothing is in it. `id` is what its program calls it, wherever it is copied to."""
        kept = tuple(part for part in parts if part is not None)
        if author is not None:
            kept = tuple(
                part if part.author or part.type == "tool-result" else msgspec.structs.replace(part, author=author)
                for part in kept
            )
        if kept:
            meta = {**_MARKED, "original_role": original_role} if original_role else _MARKED
            self.said.append((at, Message(role, kept, meta), id))

    def take(
        self, record: Json, notes: reading.Notes, where: str, *, at: int | None = None, author: Author | None = None
    ) -> bool:
        """Add the message of a record in any provider's form; False with a note if it is none.

        `author` is the author of a user's words.
        """
        role = role_of(record) if isinstance(record, dict) else ""
        if not isinstance(record, dict) or not role:
            notes.add(f"{where} is no message and was left out")
            return False
        at = times.time_of(record) if at is None else at
        content = next((record[key] for key in _CONTENT_KEYS if record.get(key) is not None), None)
        if role == "tool":
            self.say("user", [_answer_of(record, content, notes, where)], at=at)
            return True
        parts = blocks.parts_of(content, notes, where)
        if role == "agent":
            thoughts = [thought(blocks.as_text(record.get(key))) for key in _THOUGHT_KEYS if record.get(key)]
            known = {part.call_id for part in parts if part.type == "tool-call"}
            calls = [one for one in _calls_of(record) if not one.call_id or one.call_id not in known]
            self.say("assistant", [*thoughts[:1], *parts, *calls], at=at, id=reading.text_of(record, "id", "uuid"))
        elif role == "system":
            self.say("user", parts, at=at, original_role="system")
        else:
            self.say("user", parts, at=at, author=author)
        return True


def _answer_of(record: JsonObject, content: Json, notes: reading.Notes, where: str) -> Part:
    ids = record.get("tool_call_ids")
    first = ids[0] if isinstance(ids, list) and ids and isinstance(ids[0], str) else ""
    id_ = reading.text_of(record, "tool_call_id", "toolCallId", "tool_use_id", "call_id") or first
    error = record.get("error")
    failed = record.get("isError") is True or record.get("is_error") is True or record.get("status") == "error"
    output = blocks.as_text(content, notes, where)
    if error and isinstance(error, dict | str):
        failed = True
        said = reading.text_of(error, "message") if isinstance(error, dict) else error
        output = output if not said or said in output else f"{output}\n{said}".strip()
    return answer(id_, output, failed=failed)


def _calls_of(record: JsonObject) -> Iterator[Part]:
    more = record.get("additional_kwargs")
    for holder in (record, more if isinstance(more, dict) else {}):
        calls = holder.get("tool_calls")
        for one in calls if isinstance(calls, list) else []:
            if isinstance(one, dict) and (found := blocks.call_of(one)) is not None:
                yield found
        legacy = holder.get("function_call")
        if isinstance(legacy, dict) and (found := blocks.call_of(legacy)) is not None:
            yield found
        if calls:
            return


def transcripts(name: str, path: Path, notes: reading.Notes, drafts: Iterable[Draft]) -> Iterator[Transcript]:
    """The sessions of a file from what its importer read."""
    modified = times.modified(path)
    file = reading.shown(Path(path.name))
    for draft in drafts:
        if not draft.said:
            continue
        whole = times.filled([at for at, _, _ in draft.said], draft.began or modified)
        messages = tuple(
            TimedMessage(at, message, id_) for at, (_, message, id_) in zip(whole, draft.said, strict=True)
        )
        yield Transcript(
            key=f"{name}:{_key(draft, messages)}",
            source=draft.source or file,
            format=name,
            messages=messages,
            outcome=draft.outcome,
            user=draft.user[:NAME_CHARS_MAX],
            directory=draft.directory,
            branch=draft.branch,
            warnings=notes.take(),
        )


def _key(draft: Draft, messages: tuple[TimedMessage, ...]) -> str:
    short = draft.id if len(draft.id) <= NAME_CHARS_MAX else reading.fingerprint(draft.id)
    if short and not draft.numbered:
        return short
    end = len(messages)
    if short:
        end = next((n for n, one in enumerate(messages, 1) if one.message.role == "assistant"), end)
    return f"{short}:{hash_of(messages[:end])}".removeprefix(":")


Drafts = Callable[[Path, reading.Notes], Iterator[Draft]]


def reader(name: str, drafts: Drafts) -> Callable[[Path, reading.Notes], Iterator[Transcript]]:
    """The reader of a format from the function that finds its sessions."""
    return lambda path, notes: transcripts(name, path, notes, drafts(path, notes))
