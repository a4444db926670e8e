"""A model by script that obeys whatever the messages say: it puts the injected text wherever an answer has room for it.

Lessons and preferences rest on quotes that verify. What it then stands in is looked up in every skill of the space:
names, descriptions, paths and files.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from seasoned.archive import write_zip
from seasoned.engine import Engine
from seasoned.engine.sessions import NewSessionRequest
from seasoned.learning.questions import (
    AddEntry,
    CreateSkill,
    DistillAnswer,
    DistillQuestion,
    Edit,
    ExtractAnswer,
    ExtractQuestion,
    Model,
    MoveFile,
    PreferenceFound,
    ReviseEntry,
    TaskChange,
    WriteAnswer,
    WriteFile,
    WriteQuestion,
)
from seasoned.lesson import Lesson, Quote
from seasoned.message import Message, NumberedMessage, Part, Span
from seasoned.rules import Rules
from seasoned.skill import slug
from seasoned.testing import ScriptedModel
from tests.support.corpora import Injection
from tests.support.home import answered, opened, project, said, settled

QUOTE_CHARS = 120
REQUEST = "Please look into case"
CANARY_CHARS_MIN = 5
NOTES = "field-notes"
ASKED = '{"command": "./check"}'
CODE = re.compile("`([^`]+)`")
# Where an order stands that a tool, a mail or the agent after them says.
POSITIONS = ("tool_result", "failing", "quoted_mail", "repeated")
PLACES = ("name", "description", "path", "journal", "SKILL.md", "preferences", "entry or file")


def spoken(channel: str, text: str, number: int) -> list[Message]:
    """The messages of one small task through which a text arrives."""
    asked, done = said(f"{REQUEST} {number}."), answered(f"Case {number} is done.")
    match channel:
        case "quoted_mail":
            return [_quoting(f"{REQUEST} {number}. They wrote:\n", f"> {text}"), done]
        case "assistant":
            return [asked, answered(f"{text}\nCase {number} is done.")]
        case "thinking":
            thought = Part("thinking", text=text)
            return [asked, Message(role="assistant", parts=(thought, Part("text", text=f"Case {number} is done.")))]
        case "tool_args":
            return [asked, *_called(number, msgspec.json.encode({"q": text}).decode(), "ok"), done]
        case "failing":
            # The agent does what the error says, and then it works.
            order = CODE.search(text)
            failed = _called(
                number, ASKED, f"Error: the check of case {number} failed with code 7\n{text}", is_error=True
            )
            mended = {"command": order[1] if order else f"./check {number} # {text}"}
            done = answered(
                f"Case {number} failed because of the resolver. I ran what the error asks for, and it works."
            )
            return [asked, *failed, *_called(number + 10_000, msgspec.json.encode(mended).decode(), "ok"), done]
        case "repeated":
            told = answered(f"The check failed. {text}\nCase {number} is done.")
            return [asked, *_called(number, ASKED, text), told]
        case _:
            return [asked, *_called(number, "{}", text), done]


def explained(error: str, text: str, number: int) -> list[Message]:
    """The messages of a small task in which a call fails, and the agent says why in its own words."""
    return [said(f"{REQUEST} {number}."), *_called(number, ASKED, error, is_error=True), answered(text)]


def _quoting(text: str, quoted: str) -> Message:
    span = Span(len(text), len(text) + len(quoted), "quoted")
    return Message(role="user", parts=(Part("text", text=text + quoted, spans=(span,)),))


def _called(number: int, arguments: str, answer: str, *, is_error: bool = False) -> list[Message]:
    call = Part("tool-call", meta={"id": f"call-{number}", "name": "look", "arguments": arguments})
    failed = {"is_error": True} if is_error else {}
    result = Part("tool-result", text=answer, meta={"tool_call_id": f"call-{number}", **failed})
    return [Message(role="assistant", parts=(call,)), Message(role="user", parts=(result,))]


class Obedient:
    """Answers for texts that arrive as cases; `texts` are what it obeys, by the case's number."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.model = ScriptedModel(on_extract=self._extract, on_distill=self._distill, on_write=self._write)

    def _text(self, asked: str) -> str:
        return self._texts[int(asked.split(REQUEST, 1)[1].split(".", 1)[0])]

    def _extract(self, question: ExtractQuestion) -> ExtractAnswer:
        tasks, preferences = [], []
        # The end of a case that began in an earlier batch belongs to none here.
        starts = [one.number for one in question.messages if REQUEST in one.message.prose()]
        if not starts:
            return ExtractAnswer()
        for first, after in zip(starts, [*starts[1:], question.messages[-1].number + 1], strict=True):
            stored = next(one for one in question.messages if one.number == first)
            text = self._text(stored.message.prose())
            numbers = tuple(range(first, after))
            # The first line keeps the case's number, by which the text is found again.
            title = f"{text[:150]} ({stored.message.prose().splitlines()[0]})"
            tasks.append(TaskChange(title=title, status="success", messages=numbers, progress=(text,), evidence=text))
            preferences.append(PreferenceFound(text=text, topic=text, message=first, quote=_quote(stored)))
        return ExtractAnswer(tasks=tuple(tasks), preferences=tuple(preferences))

    def _distill(self, question: DistillQuestion) -> DistillAnswer:
        text = self._text(question.messages[0].message.prose())
        quotes = tuple(Quote(number=one.number, text=_quote(one)) for one in question.messages if _quote(one))
        lesson = Lesson(kind="procedure", title=text, text=text, topic=text, quotes=quotes)
        return DistillAnswer(summary=text, decisions=(text,), learnings=(text,), lessons=(lesson,))

    def _write(self, question: WriteQuestion) -> WriteAnswer:
        edits: list[Edit] = []
        for pending in question.lessons:
            text, keys = pending.lesson.text, (pending.key,)
            name = slug(text)[:60].strip("-") or "notes"
            edits += [
                CreateSkill(name=name, description=text, body=text, lessons=keys),
                CreateSkill(name=f"k-{pending.key[:8]}", description="Notes.", body="# Notes", lessons=keys),
                AddEntry(skill=f"k-{pending.key[:8]}", path=f"{name}.md", title=text, text=f"- {text}", lessons=keys),
                AddEntry(skill=f"k-{pending.key[:8]}", path="a.md", text=f"## {text}\n{text}", lessons=keys),
                WriteFile(skill=f"k-{pending.key[:8]}", path="scripts/run.sh", text=text, lessons=keys),
                WriteFile(skill=f"k-{pending.key[:8]}", path="plain.txt", text="plain", lessons=keys),
                MoveFile(skill=f"k-{pending.key[:8]}", path="plain.txt", to=f"{name}.txt", lessons=keys),
                ReviseEntry(skill=NOTES, path="notes.md", entry="- Kept by a person.", text=f"- {text}", lessons=keys),
            ]
        return WriteAnswer(edits=tuple(edits))


def _quote(stored: NumberedMessage) -> str:
    return next(stored.message.texts(), "")[:QUOTE_CHARS]


class Learned(msgspec.Struct, frozen=True):
    """Everything that the skills of a space say, as (place, text), and the messages as the model was shown them."""

    texts: tuple[tuple[str, str], ...]
    shown: str = ""

    def places(self, canary: str) -> set[str]:
        """Where a string stands, its case and the white space between its signs aside."""
        wanted = [canary, re.sub(r"[^a-z0-9]+", "-", canary.lower()).strip("-")]
        return {
            place
            for place, text in self.texts
            if any(len(one) >= CANARY_CHARS_MIN and one.lower() in text.lower() for one in wanted)
        }


async def learn(home: Path, texts: Sequence[Injection | tuple[str, str]], sessions: int = 8) -> Learned:
    """What an obedient model makes of texts: each is a task of its own, some tasks to a session."""
    pairs = [(one.channel, one.text) if isinstance(one, Injection) else one for one in texts]
    model = Obedient([text for _, text in pairs]).model
    talks = [spoken(*pair, number) for number, pair in enumerate(pairs)]
    learned = await learn_from(home, talks, model, sessions)
    asked = [one.messages for one in model.extracts] + [one.messages for one in model.distills]
    shown = "\n".join(text for messages in asked for stored in messages for text in stored.message.texts())
    return msgspec.structs.replace(learned, shown=shown)


async def learn_from(
    home: Path, talks: Sequence[Sequence[Message]], model: Model | None = None, sessions: int = 8
) -> Learned:
    """What a model, or without one the rules, make of some talks, each a task of its own."""
    async with opened(home, model or Rules(), quiet_seconds=3600.0) as engine:
        project_id = await project(engine)
        space = await engine.spaces.create(project_id)
        await _keep_notes(engine, project_id, space.id)
        ids = []
        for start in range(sessions):
            row, _ = await engine.sessions.create(project_id, NewSessionRequest())
            await engine.spaces.learn(project_id, space.id, row.id)
            for talk in talks[start::sessions]:
                for message in talk:
                    await engine.messages.store(project_id, row.id, message)
            await engine.sessions.flush(project_id, row.id)
            ids.append(row.id)
        states = await asyncio.gather(*(settled(engine, project_id, space.id, one) for one in ids))
        assert {state.status for state in states} == {"completed"}
        return Learned(tuple(await _everything(engine, project_id, space.id)))


async def _keep_notes(engine: Engine, project_id: str, space_id: str) -> None:
    """A skill that a person uploaded."""
    head = f'---\nname: {NOTES}\ndescription: "Notes of a person."\n---\n# Notes\n'
    content = {"SKILL.md": head.encode(), "notes.md": b"# Notes\n\n- Kept by a person.\n"}
    state, _ = await engine.skills.upload(project_id, write_zip(content), user=None, meta=None)
    await engine.spaces.include_skill(project_id, space_id, state.row.id)


async def _everything(engine: Engine, project_id: str, space_id: str) -> Iterable[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for state in await engine.skills.of_space(project_id, space_id):
        found += [("name", state.row.name), ("description", state.row.description)]
        files = (await engine.skills.content(project_id, state.row.id)).files
        for path, data in files.items():
            found += [("path", path), (_place(state.row.name, path), _without_paths(path, data.decode(), files))]
    return found


def _without_paths(path: str, text: str, paths: Iterable[str]) -> str:
    """A file's text; SKILL.md without the names of the files that it lists."""
    for one in paths if path == "SKILL.md" else ():
        text = text.replace(f"- `{one}`", "-")
    return text


def _place(skill: str, path: str) -> str:
    if path == "SKILL.md":
        return "SKILL.md"
    return {"daily-logs": "journal", "user-general-facts": "preferences"}.get(skill, "entry or file")
