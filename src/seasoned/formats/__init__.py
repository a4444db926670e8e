"""Providers' message JSON to and from `Message` (wire contract, section C).

`parse` takes one message as an agent would store it; `render` gives stored messages back in a provider's form. What
`Message` has no place for is kept under the meta key `extra` (of message or part), and a part of an unknown type
as a `data` part that holds it whole, so that reading back in the form that was written returns what was sent.

The gemini format is still to come: its module belongs beside these, its name into `Format` and the two tables. It also
needs the session's open calls (section C.4), which the other formats do not.
"""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from seasoned.errors import Invalid
from seasoned.formats import acontext, anthropic, openai
from seasoned.formats.acontext import render_part
from seasoned.formats.fields import kind_of
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
    """A provider's message as a value.

    Raises Invalid with a sentence that names what is wrong and what to send; TooLarge for more than 10,000 parts.
    """
    if not isinstance(blob, dict):
        raise Invalid(f"The message is {kind_of(blob)}; send one message in the {format} format as a JSON object.")
    return _PARSE[format](blob)


def render(messages: Sequence[Message], format: Format) -> list[Json]:  # noqa: A002 - the wire's word
    """Stored messages in a provider's form: exactly one JSON value for each, in order."""
    one = _RENDER[format]
    return [one(message) for message in messages]


__all__ = ["FORMATS", "Format", "parse", "render", "render_part"]
