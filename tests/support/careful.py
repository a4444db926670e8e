"""A careful model by script: it answers what the labels of a world say, so that a test shows that nothing spoils it.

The answers go the whole way: over HTTP, through parsing and checks, into skills. Lessons that repeat are reinforced,
preferences that replace an earlier one revise its entry, as the instructions of the stages ask.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from seasoned.testing import Asked

FACTS = "user-general-facts"
SKILL = "field-notes"
QUOTE_CHARS = 90


class Label(msgspec.Struct, frozen=True):
    """A labelled lesson or preference, and where it stands in the skills once it is written."""

    text: str
    skill: str
    path: str
    entry: str
    repeats: str = ""
    replaces: str = ""


def text_of(message: dict[str, Any]) -> str:
    """All words of a provider's message."""
    content = message.get("content")
    parts = [content] if isinstance(content, str) else []
    for part in content if isinstance(content, list) else []:
        inner = part.get("text") or part.get("thinking") or part.get("content") or ""
        parts.append(inner if isinstance(inner, str) else "\n".join(one.get("text", "") for one in inner))
    return "\n".join(parts)


class CarefulModel:
    """Answers for one world."""

    def __init__(self, world: dict[str, Any]) -> None:
        self._sessions: list[dict[str, Any]] = world["sessions"]
        self._labels: dict[str, Label] = {}
        by_place: dict[str, Label] = {}
        for session in self._sessions:
            for index, lesson in enumerate(session["truth"].get("lessons", [])):
                first = by_place.get(lesson.get("repeats") or "")
                entry = first.entry if first else f"## {lesson['gist'][:60]}\n{lesson['gist']}"
                label = Label(lesson["gist"], SKILL, f"{session['id']}.md", entry)
                if first:
                    label = msgspec.structs.replace(label, path=first.path, repeats="yes")
                by_place[f"{session['id']}:{index}"] = self._labels[lesson["gist"]] = label
            for found in session["truth"].get("preferences", []):
                replaces = found.get("replaces", "")
                self._labels[found["fact"]] = Label(
                    found["fact"], FACTS, "facts.md", f"- {found['fact']}", replaces=replaces
                )

    def __call__(self, asked: Sequence[Asked]) -> str:
        instructions, prompt = asked[0].content, asked[1].content
        if "list of tasks" in instructions:
            return json.dumps(self._extract(prompt))
        return json.dumps(self._distill(prompt) if "worked on one task" in instructions else self._write(prompt))

    def _extract(self, prompt: str) -> dict[str, object]:
        session = max(self._sessions, key=lambda s: sum(text_of(m)[:60] in prompt for m in s["messages"]))
        truth, messages = session["truth"], session["messages"]
        return {
            "tasks": [
                {
                    "title": task["title"],
                    "status": task["status"],
                    "messages": [[task["first"] + 1, task["last"] + 1]],
                    "evidence": task["because"],
                }
                for task in truth["tasks"]
            ],
            "preferences": [
                {
                    "text": found["fact"],
                    "topic": "facts",
                    "message": found["message"] + 1,
                    "quote": _quote(text_of(messages[found["message"]]), found["must"]),
                    "replaces": found.get("replaces", ""),
                }
                for found in truth.get("preferences", [])
            ],
        }

    def _distill(self, prompt: str) -> dict[str, object]:
        for session in self._sessions:
            for index, task in enumerate(session["truth"]["tasks"]):
                if task["title"] in prompt.split("It ended as", 1)[0]:
                    lessons = [one for one in session["truth"].get("lessons", []) if one["task"] == index]
                    return {
                        "summary": task["because"],
                        "lessons": [self._lesson(one, session["messages"]) for one in lessons],
                        "skip_reason": "" if lessons else "Nothing came up that is not known.",
                    }
        raise AssertionError("a task that no label knows was distilled")

    def _lesson(self, lesson: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, object]:
        numbers = [n for n in lesson["evidence"] if text_of(messages[n]).strip()]
        quotes = [{"number": n + 1, "text": text_of(messages[n]).strip()[:QUOTE_CHARS]} for n in numbers[:3]]
        title = lesson["gist"][:60]
        return {"kind": lesson["kind"], "title": title, "text": lesson["gist"], "topic": "notes", "quotes": quotes}

    def _write(self, prompt: str) -> dict[str, object]:
        edits: list[dict[str, object]] = []
        for key, body in re.findall(r"^(L\d+) \w+ \[.*?\n(.*?)(?=^L\d+ |^</data)", prompt, re.MULTILINE | re.DOTALL):
            said = body.split("\nreplaces:", 1)[0]
            label = next(one for text, one in self._labels.items() if text in said)
            place = {"skill": label.skill, "path": label.path, "lessons": [key]}
            if label.skill == SKILL:
                edits.append(
                    {"type": "create_skill", "name": SKILL, "description": "Lessons of this world."}
                    | {"body": "# Field notes\n\nOne file a session.", "lessons": [key]}
                )
            if label.repeats:
                edits.append({"type": "reinforce", "entry": label.entry, **place})
            elif label.replaces:
                edits.append({"type": "revise_entry", "entry": f"- {label.replaces}", "text": label.entry, **place})
            else:
                edits.append({"type": "add_entry", "text": label.entry, "title": "Notes", **place})
        return {"edits": edits}


def _quote(text: str, must: Sequence[Sequence[str]]) -> str:
    """A stretch of the message around the first word that the label asks for."""
    low = text.lower()
    places = [low.find(word.lower()) for word in must[0] if word.lower() in low]
    start = max(0, min(places, default=0) - 20)
    return text[start : start + QUOTE_CHARS].strip()
