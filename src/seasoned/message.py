"""A message: what a user, an agent or a tool said in a session, as a pure value.

Identity, order and storage live in `store`; the providers' JSON lives in `formats`. Roles are `user` and `assistant`
only: a system prompt is a user message whose `meta["original_role"]` says so, and a tool result is a user message made
of `tool-result` parts (wire contract, section C.1).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
    JsonObject = dict[str, Json]
else:
    # msgspec cannot follow a recursive alias; what it decodes from JSON is of these types anyway.
    Json = Any
    JsonObject = dict[str, Any]

Role = Literal["user", "assistant"]
PartType = Literal[
    "text",
    "image",
    "audio",
    "video",
    "file",
    "tool-call",
    "tool-result",
    "data",
    "thinking",
    "redacted_thinking",
]


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a part carries, kept in the object store under its SHA-256."""

    sha256: Annotated[str, Meta(description="The SHA-256 of its bytes, in hexadecimal.")]
    mime: Annotated[str, Meta(description="Its media type.")]
    size_b: Annotated[int, Meta(ge=0, description="Its size in bytes.")]
    bucket: Annotated[str, Meta(description="Empty; kept for clients that expect it.")] = ""
    s3_key: Annotated[str, Meta(description="A key as clients expect it; nothing is fetched by it.")] = ""
    etag: Annotated[str, Meta(description="Empty; kept for clients that expect it.")] = ""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of a message. `text` holds prose, thinking or a tool's output; `meta` what else the provider said."""

    type: PartType
    text: str | None = None
    meta: JsonObject = {}
    asset: Asset | None = None
    filename: str | None = None

    @property
    def call_id(self) -> str:
        """The id that ties a tool-call to its tool-result; empty when there is none."""
        value = self.meta.get("tool_call_id" if self.type == "tool-result" else "id")
        return value if isinstance(value, str) else ""

    @property
    def tool_name(self) -> str:
        """The tool that is called; empty for other parts."""
        value = self.meta.get("name")
        return value if isinstance(value, str) else ""

    @property
    def arguments(self) -> str:
        """A tool-call's arguments as JSON text."""
        value = self.meta.get("arguments")
        return value if isinstance(value, str) else ""

    @property
    def is_error(self) -> bool:
        """Whether the provider marked a tool's answer as an error."""
        return self.meta.get("is_error") is True


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of a session."""

    role: Role
    parts: tuple[Part, ...] = ()
    meta: JsonObject = {}

    @property
    def original_role(self) -> str:
        """`system` or `developer` when the provider said so, else the role."""
        value = self.meta.get("original_role")
        return value if isinstance(value, str) else self.role

    @property
    def is_tool_answer(self) -> bool:
        """Whether the message has only tool results."""
        return bool(self.parts) and all(part.type == "tool-result" for part in self.parts)

    @property
    def is_from_person(self) -> bool:
        """Whether a person wrote it: role user, neither a system prompt nor only tool results."""
        return self.role == "user" and self.original_role == "user" and not self.is_tool_answer

    @property
    def calls_tools(self) -> bool:
        """Whether it calls tools, so that the turn is not over."""
        return any(part.type == "tool-call" for part in self.parts)

    def prose(self) -> str:
        """The text parts, joined by line feeds."""
        return "\n".join(part.text for part in self.parts if part.type == "text" and part.text)

    def counted(self) -> str:
        """The text whose tokens are the message's: texts, thinking, tools' answers, and calls as compact JSON.

        The published API counts a call as Go writes its arguments and name, which escapes `<`, `>` and `&`.
        """
        chunks = []
        for part in self.parts:
            if part.type == "tool-call":
                called = {key: part.meta[key] for key in ("arguments", "name") if key in part.meta}
                text = msgspec.json.encode(called).decode()
                chunks.append(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n")
            elif part.text:
                chunks.append(part.text + "\n")
        return "".join(chunks)

    def texts(self) -> Iterator[str]:
        """Every text of the message, tool arguments and results included; quotes are checked against it."""
        for part in self.parts:
            if part.text:
                yield part.text
            if part.type == "tool-call":
                yield f"{part.tool_name} {part.arguments}"


class NumberedMessage(msgspec.Struct, frozen=True):
    """A message with its number in the session (from 1) and its time in microseconds."""

    number: int
    at: int
    message: Message
