"""Providers' message JSON to and from `Message` (wire contract, section C).

`parse` takes one message as an agent would store it; `render` gives stored messages back in a provider's form. What a form
cannot say stays in the store: unknown keys are kept under `extra`, so that reading back in the form that was written
returns what was sent.
"""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from seasoned.errors import Invalid
from seasoned.formats import acontext, anthropic, openai
from seasoned.formats.acontext import render_part
from seasoned.formats.fields import check_text
from seasoned.message import Json, JsonObject, Message

Format = Literal["openai", "anthropic", "acontext"]
FORMATS: tuple[Format, ...] = get_args(Format)

_PARSE: dict[Format, Callable[[JsonObject], Message]] = {
    "openai": openai.parse,
    "anthropic": anthropic.parse,
    "acontext": acontext.parse,
}
_RENDER: dict[Format, Callable[[Message], Json]] = {
    "openai": openai.render,
    "anthropic": anthropic.render,
    "acontext": acontext.render,
}


def parse(blob: Json, format: Format) -> Message:  # noqa: A002 - the wire's word
    """A provider's message as a value. Raises Invalid with what is wrong and what to send, TooLarge for too many parts."""
    if not isinstance(blob, dict):
        raise Invalid(f"A message must be a JSON object in the {format} format, not {type(blob).__name__}.")
    message = _PARSE[format](blob)
    for text in message.texts():
        check_text(text)
    return message


def render(messages: Sequence[Message], format: Format) -> list[Json]:  # noqa: A002 - the wire's word
    """Stored messages in a provider's form, one JSON value for each."""
    one = _RENDER[format]
    return [one(message) for message in messages]


__all__ = ["FORMATS", "Format", "parse", "render", "render_part"]
