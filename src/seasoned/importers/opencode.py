"""OpenCode's sessions: `opencode export`, its folder `storage`, and its database `opencode.db`.

They lie in `~/.local/share/opencode`. All have the same messages and parts: an export nests them, `storage` has a file
for each (`session/<project>/<id>.json`, `message/<session>/*.json`, `part/<message>/*.json`), the database a row.
The prompt of a session with a parent is another agent's; what it found stands in its parent's call.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from seasoned.errors import BadTranscript
from seasoned.importers import blocks, draft, packed, reading, times
from seasoned.importers.draft import Draft
from seasoned.message import Author, Json, JsonObject, Part, PersonEvent

NAME: Final = "opencode"
_TABLES = {"session", "message", "part"}
_FILES_MAX = 20_000
_Record = tuple[JsonObject, list[JsonObject]]


def recognises(value: Json) -> bool:
    """Whether a file's value, or a database's tables, are of this format."""
    if not isinstance(value, dict):
        return False
    tables, messages = value.get(reading.TABLES), value.get("messages")
    if isinstance(tables, list):
        return set(map(str, tables)) >= _TABLES
    if isinstance(messages, list) and messages and isinstance(value.get("info"), dict):
        return isinstance(messages[0], dict) and {"info", "parts"} <= messages[0].keys()
    return "projectID" in value and "directory" in value and isinstance(value.get("time"), dict)


def left_out(path: Path) -> str:
    """Why a file is not read: it is a subagent's, and its session lies beside it."""
    if path.parent.parent.name != "session":
        return ""
    info = _object(path)
    parent = reading.text_of(info, "parentID")
    if parent and (path.parent / f"{Path(parent).name}.json").is_file():
        return f"{reading.shown(path)} is of a subagent of the session {parent[:20]}, which tells its result."
    return ""


def _drafts(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    if reading.container(path) is not None:
        yield from _of_database(path, notes)
        return
    value = reading.load_json(path, notes)
    if not isinstance(value, dict):
        return
    if "messages" in value:
        messages = reading.objects(value, "messages")
        nested = ((reading.inner(one, "info"), reading.objects(one, "parts")) for one in messages)
        yield _session(reading.inner(value, "info"), nested, notes)
    else:
        yield _session(value, _of_storage(path.parents[2], reading.text_of(value, "id")), notes)


def _of_storage(root: Path, session: str) -> Iterator[_Record]:
    parts = _files(root / "part") if (root / "part").is_dir() else []
    legacy = list(map(_object, parts))
    for file in _files(root / "message" / Path(session).name):
        info = _object(file)
        id_ = reading.text_of(info, "id")
        own = [_object(one) for one in _files(root / "part" / Path(id_).name)] if id_ else []
        yield info, own or [one for one in legacy if one.get("messageID") == id_]


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(one for _, one in zip(range(_FILES_MAX), folder.glob("*.json"), strict=False))
    except OSError:
        return []


def _object(path: Path) -> JsonObject:
    try:
        value = reading.load_json(path, reading.Notes())
    except BadTranscript:
        return {}
    return value if isinstance(value, dict) else {}


def _of_database(path: Path, notes: reading.Notes) -> Iterator[Draft]:
    found = list(packed.rows(path, "SELECT id, parent_id, time_created FROM session ORDER BY time_created, id"))
    known = {id_ for id_, _, _ in found}
    for id_, parent, created in found:
        if parent in known:
            notes.add(f"session {str(id_)[:20]} was left out: a subagent, told its result")
            continue
        rows = packed.rows(
            path, "SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id", (str(id_),)
        )
        messages = ((_row(data, str(message)), _parts(path, str(message))) for message, data in rows)
        info: JsonObject = {"id": str(id_), "time": {"created": created if isinstance(created, int) else None}}
        yield _session(info, messages, notes)


def _parts(path: Path, message: str) -> list[JsonObject]:
    rows = packed.rows(path, "SELECT id, data FROM part WHERE message_id = ? ORDER BY id", (message,))
    return [_row(data, str(id_)) for id_, data in rows]


def _row(data: object, id_: str) -> JsonObject:
    value = reading.decode(str(data).encode(), reading.Notes(), f"row {id_[:40]}")
    return {"id": id_, **value} if isinstance(value, dict) else {}


def _session(info: JsonObject, messages: Iterable[_Record], notes: reading.Notes) -> Draft:
    session = Draft(reading.text_of(info, "id"))
    session.began = _time(info, "created")
    author: Author | None = "peer" if reading.text_of(info, "parentID") else None
    for message, parts in messages:
        at, id_ = _time(message, "created"), reading.text_of(message, "id")
        if message.get("role") == "user":
            said = [_said(one, notes, id_) for one in parts]
            session.say("user", said, at=at, id=id_, author=author)
        elif message.get("role") == "assistant":
            session.say("assistant", [_said(one, notes, id_) for one in parts], at=at, id=id_)
            answers = [_answer(one) for one in parts if one.get("type") == "tool"]
            session.say("user", answers, at=at)
    return session


def _time(record: JsonObject, key: str) -> int | None:
    return times.time_of({"time": reading.inner(record, "time").get(key)})


def _said(part: JsonObject, notes: reading.Notes, where: str) -> Part | None:
    kind, said = reading.text_of(part, "type"), reading.text_of(part, "text")
    if kind == "text":
        return blocks.text(said, "harness" if part.get("synthetic") is True else None)
    if kind == "reasoning":
        return blocks.thought(said)
    if kind == "tool":
        given = reading.inner(part, "state").get("input")
        return blocks.call(reading.text_of(part, "callID"), reading.text_of(part, "tool"), given)
    if kind == "file" and reading.text_of(part, "mime").startswith("image/"):
        return blocks.picture(reading.text_of(part, "url"))
    if kind in ("subtask", "agent", "file"):
        return blocks.text(reading.text_of(part, "prompt", "name", "filename"), "harness")
    if kind not in ("step-start", "step-finish", "snapshot", "patch", "compaction", "retry"):
        notes.add(f"message {where[:40]}: a part of the type {kind[:40]!r} was left out")
    return None


def _answer(part: JsonObject) -> Part | None:
    state = reading.inner(part, "state")
    status = reading.text_of(state, "status")
    if status in ("", "pending", "running"):
        return None
    output, error = blocks.as_text(state.get("output")), reading.text_of(state, "error")
    event: PersonEvent | None = None
    if status == "error" and "rejected permission" in error:
        event = "refused"
    elif status == "error" and "aborted" in error.lower():
        event = "interrupted"
    both = "\n".join(filter(None, (output, error)))
    return blocks.answer(reading.text_of(part, "callID"), both, failed=status == "error", event=event)


read = draft.reader(NAME, _drafts)
