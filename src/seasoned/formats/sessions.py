"""Whole sessions in forms for others: ATIF, OpenAI's JSON lines, and pages for people in Markdown and HTML.

Every form is written piece by piece, so a long session takes no more memory than a short one.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, get_args

import msgspec

from seasoned.clock import to_rfc3339
from seasoned.formats import Files, render_each
from seasoned.formats.fields import object_of
from seasoned.formats.media import media_of
from seasoned.message import Json, JsonObject, Message, NumberedMessage, Part

Form = Literal["atif", "openai", "markdown", "html"]
FORMS: tuple[Form, ...] = get_args(Form)
ATIF_VERSION: Final = "ATIF-v1.6"
_FENCE = re.compile(r"`{3,}")
_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_NAMES: Final = {"assistant": "Agent", "user": "User", "system": "System", "developer": "System"}
_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "section{border-top:1px solid #ccc}h2{font-size:1rem}time{color:#666;font-weight:normal}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:.5rem}img{max-width:100%}"
)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session beside its messages."""

    id: str
    source: str = ""
    program: str = ""
    outcome: str = ""


def written(form: Form, head: Head, messages: Iterable[NumberedMessage], files: Files) -> Iterator[str]:
    """A session in a form, as pieces of text."""
    return _WRITERS[form](head, messages, files)


def _openai(_head: Head, messages: Iterable[NumberedMessage], files: Files) -> Iterator[str]:
    for one in messages:
        for items in render_each([one.message], "openai", files=files):
            yield from (msgspec.json.encode(item).decode() + "\n" for item in items)


# -- ATIF ------------------------------------------------------------------------------------------------------------


def _atif(head: Head, messages: Iterable[NumberedMessage], _files: Files) -> Iterator[str]:
    agent: JsonObject = {"name": head.program or "unknown", "version": "unknown"}
    extra: JsonObject = {"outcome": head.outcome} if head.outcome else {}
    beginning: JsonObject = {"schema_version": ATIF_VERSION, "session_id": head.id, "agent": agent, "extra": extra}
    yield msgspec.json.encode(beginning).decode().removesuffix("}") + ',"steps":['
    for number, step in enumerate(_steps(messages), start=1):
        yield ("," if number > 1 else "") + "\n" + msgspec.json.encode({"step_id": number, **step}).decode()
    yield "\n]}\n"


def _steps(messages: Iterable[NumberedMessage]) -> Iterator[JsonObject]:
    """Steps; what tools answered belongs to the agent's step before it."""
    step: JsonObject | None = None
    for one in messages:
        message, at = one.message, to_rfc3339(one.at)
        results: list[Json] = [_result(part) for part in message.parts if part.type == "tool-result"]
        if results:
            step = step or {"timestamp": at, "source": "system", "message": ""}
            _observe(step, results)
        if message.is_tool_answer:
            continue
        if message.role == "assistant" and step and step["source"] == "agent" and "observation" not in step:
            _join(step, _said(message, at))
            continue
        if step is not None:
            yield step
        step = _said(message, at)
    if step is not None:
        yield step


def _said(message: Message, at: str) -> JsonObject:
    by_agent = message.role == "assistant"
    source = "agent" if by_agent else "user" if message.original_role == "user" else "system"
    step: JsonObject = {"timestamp": at, "source": source, "message": _prose(message)}
    thoughts = "\n".join(part.text for part in message.parts if part.type == "thinking" and part.text)
    calls: list[Json] = [_call(part) for part in message.parts if part.type == "tool-call"]
    if by_agent and thoughts:
        step["reasoning_content"] = thoughts
    if by_agent and calls:
        step["tool_calls"] = calls
    authors = sorted({part.author for part in message.parts if part.author})
    if authors:
        step["extra"] = {"authors": list(authors)}
    return step


def _prose(message: Message) -> str:
    said = (part.text if part.type == "text" else _named(part) for part in message.parts)
    return "\n".join(text for text in said if text)


def _named(part: Part) -> str:
    """What stands for a picture or file."""
    if part.type not in ("image", "audio", "video", "file"):
        return ""
    name = part.filename or (part.asset.sha256[:12] if part.asset else "")
    return f"[{part.type}{f' {name}' if name else ''}]"


def _call(part: Part) -> JsonObject:
    arguments = object_of(part.arguments)
    given: Json = {"input": part.arguments} if arguments is None else arguments
    return {"tool_call_id": part.call_id, "function_name": part.tool_name, "arguments": given}


def _result(part: Part) -> JsonObject:
    result: JsonObject = {"content": part.text or ""}
    if part.call_id:
        result["source_call_id"] = part.call_id
    marks: JsonObject = {
        **({"is_error": True} if part.is_error else {}),
        **({"event": part.event} if part.event else {}),
    }
    return {**result, "extra": marks} if marks else result


def _observe(step: JsonObject, results: list[Json]) -> None:
    observed = step.get("observation")
    before = observed["results"] if isinstance(observed, dict) else []
    step["observation"] = {"results": [*(before if isinstance(before, list) else []), *results]}


def _join(step: JsonObject, more: JsonObject) -> None:
    """Add what the agent said and called in the same turn."""
    for key in ("message", "reasoning_content"):
        both = [text for one in (step, more) if isinstance(text := one.get(key), str) and text]
        if both or key == "message":
            step[key] = "\n".join(both)
    calls = [one for held in (step, more) if isinstance(listed := held.get("tool_calls"), list) for one in listed]
    if calls:
        step["tool_calls"] = calls


# -- for people ------------------------------------------------------------------------------------------------------


def _title(head: Head) -> str:
    return f"Session {head.source or head.id}"


def _speaker(message: Message) -> str:
    return "Tool" if message.is_tool_answer else _NAMES.get(message.original_role, "User")


def _markdown(head: Head, messages: Iterable[NumberedMessage], _files: Files) -> Iterator[str]:
    yield f"# {' '.join(_title(head).split())}\n"
    if head.outcome:
        yield f"\nOutcome: {head.outcome}\n"
    for one in messages:
        yield f"\n## {_speaker(one.message)} · {to_rfc3339(one.at)[:19]}\n"
        yield from (f"\n{shown}\n" for part in one.message.parts if (shown := _markdown_part(part)))


def _markdown_part(part: Part) -> str:
    said = part.text or ""
    if part.type == "text":
        by = f"*{part.author}:* " if part.author else ""
        return f"{by}{said}"
    if part.type == "thinking":
        return "\n".join(f"> {line}" for line in said.split("\n")) if said else ""
    if part.type == "tool-call":
        return f"Calls `{part.tool_name}`:\n\n{_fenced(part.arguments, 'json')}"
    if part.type == "tool-result":
        mark = f"{part.event}" if part.event else "failed" if part.is_error else "answered"
        return f"The tool {mark}:\n\n{_fenced(said)}"
    return _named(part)


def _fenced(text: str, language: str = "") -> str:
    """A block of code whose fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _html(head: Head, messages: Iterable[NumberedMessage], files: Files) -> Iterator[str]:
    title = html.escape(_title(head))
    yield f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield f"<style>{_STYLE}</style>\n"
    yield f"<h1>{title}</h1>\n" + (f"<p>Outcome: {html.escape(head.outcome)}</p>\n" if head.outcome else "")
    for one in messages:
        yield f"<section><h2>{_speaker(one.message)} <time>{to_rfc3339(one.at)[:19]}</time></h2>\n"
        yield from (_html_part(part, files) for part in one.message.parts)
        yield "</section>\n"
    yield "</html>\n"


def _html_part(part: Part, files: Files) -> str:
    said = html.escape(part.text or "")
    if part.type == "text":
        return f"<pre>{html.escape(part.author)}: {said}</pre>\n" if part.author else f"<pre>{said}</pre>\n"
    if part.type == "thinking":
        return f"<details><summary>thinks</summary><pre>{said}</pre></details>\n" if said else ""
    if part.type == "tool-call":
        name, given = html.escape(part.tool_name), html.escape(part.arguments)
        return f"<details open><summary>calls {name}</summary><pre>{given}</pre></details>\n"
    if part.type == "tool-result":
        mark = part.event or ("failed" if part.is_error else "answered")
        return f"<details><summary>{mark}</summary><pre>{said}</pre></details>\n"
    shown = _html_picture(part, files)
    return shown or (f"<p>{html.escape(_named(part))}</p>\n" if _named(part) else "")


def _html_picture(part: Part, files: Files) -> str:
    """A picture inside of the page; only its bytes, since an address would tell somebody that it is looked at."""
    media = media_of(part, files) if part.type == "image" else None
    address = media.data_url() if media is not None and media.mime in _PICTURES else None
    return f'<img alt="" src="{html.escape(address)}">\n' if address else ""


_WRITERS: dict[Form, Callable[[Head, Iterable[NumberedMessage], Files], Iterator[str]]] = {
    "atif": _atif,
    "openai": _openai,
    "markdown": _markdown,
    "html": _html,
}
