"""Providers' message JSON to and from `Message` (wire contract, section C).

`parse` takes one message as an agent would store it; `render` gives stored messages back in a provider's form. Fields
that `Message` does not have are kept under the meta key `extra` (of message or part), and a part of an unknown type as
a `data` part, so that reading in the original format returns what was sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, get_args

from seasoned.errors import Invalid
from seasoned.formats import acontext, anthropic, gemini, openai
from seasoned.formats.acontext import MessagePart, Upload, Uploads, render_part
from seasoned.formats.fields import kind_of
from seasoned.formats.media import Context, Files, NoFiles
from seasoned.message import Json, JsonObject, Message

Format = Literal["openai", "anthropic", "gemini", "acontext"]
FORMATS: tuple[Format, ...] = get_args(Format)

_PARSE: dict[Format, Callable[[JsonObject], Message]] = {
    "openai": openai.parse,
    "anthropic": anthropic.parse,
    "gemini": gemini.parse,
}
_RENDER: dict[Format, Callable[[Message, Context], list[Json]]] = {
    "openai": openai.render,
    "anthropic": anthropic.render,
    "gemini": gemini.render,
    "acontext": acontext.render,
}
_NO_FILES = NoFiles()
# The length to which call ids and names are remembered while a conversation is read.
NAMED_CHARS_MAX = 1_000


def parse(blob: Json, format: Format, uploads: Uploads | None = None) -> Message:  # noqa: A002 - the wire's word
    """A provider's message as a value.

    `uploads` are the files that came with it (None when none could), which only the acontext format can name. Raises
    Invalid, saying what is wrong and what to send; TooLarge for more than 10,000 parts.
    """
    if not isinstance(blob, dict):
        raise Invalid(f"The message is {kind_of(blob)}; send one message in the {format} format as a JSON object.")
    return acontext.parse(blob, uploads) if format == "acontext" else _PARSE[format](blob)


def render(messages: Sequence[Message], format: Format) -> list[Json]:  # noqa: A002 - the wire's word
    """Stored messages in a provider's form, in order, without the bytes of uploaded files."""
    return [item for items in render_each(messages, format) for item in items]


def render_each(
    messages: Sequence[Message],
    format: Format,  # noqa: A002 - the wire's word
    *,
    files: Files = _NO_FILES,
    tools: Mapping[str, str] | None = None,
) -> list[list[Json]]:
    """Each stored message in a provider's form.

    Usually one value per message. Several if each tool result is a separate message (openai), none if the format cannot
    express the message (gemini). `tools` are the names of tools called earlier, by call id.
    """
    one = _RENDER[format]
    context = Context(files=files, tools={**(tools or {}), **tool_names(messages)} if format == "gemini" else {})
    return [one(message, context) for message in messages]


def tool_names(messages: Iterable[Message]) -> dict[str, str]:
    """The names of called tools, by call id, without implausibly long ids and names."""
    calls = (part for one in messages for part in one.parts if part.type == "tool-call")
    return {
        part.call_id: part.tool_name for part in calls if len(part.call_id) + len(part.tool_name) <= NAMED_CHARS_MAX
    }


__all__ = [
    "FORMATS",
    "Files",
    "Format",
    "MessagePart",
    "NoFiles",
    "Upload",
    "Uploads",
    "parse",
    "render",
    "render_each",
    "render_part",
    "tool_names",
]
