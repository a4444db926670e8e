"""A message: what a user, an agent or a tool said in a session, as a pure value.

Identity, order and storage live in `store`; the providers' JSON lives in `formats`. Roles are `user` and `assistant`
only: a system prompt is a user message whose `meta["original_role"]` says so, and a tool result is a user message made
of `tool-result` parts (wire contract, section C.1).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

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

# Who the words are from. `harness` is the program around the agent (system prompts, hooks, reminders, notifications,
# templates, summaries of a compaction); `peer` is another agent (the brief of a subagent, a teammate, a bot); `quoted`
# is text that the person hands over to be worked on (documents, mails, role prompts); `recalled` is what was learned
# before and put into the prompt. Only a person's words are requests, verdicts and preferences.
Author = Literal["person", "agent", "tool", "harness", "peer", "quoted", "recalled"]
AUTHORS: tuple[Author, ...] = get_args(Author)

# What a person did with a call, instead of words. It stands on the call's tool-result.
PersonEvent = Literal["interrupted", "refused", "approved"]


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a part's text, `start` to `end` in characters, whose author is another than the rest's."""

    start: int
    end: int
    author: Author


class Passage(msgspec.Struct, frozen=True):
    """A run of text by one author."""

    author: Author
    text: str


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a part carries, kept in the object store under its SHA-256."""

    sha256: Annotated[str, Meta(description="The SHA-256 of its bytes, in hexadecimal.")]
    mime: Annotated[str, Meta(description="Its media type.")]
    size_b: Annotated[int, Meta(ge=0, description="Its size in bytes.")]
    bucket: Annotated[str, Meta(description="Empty; kept for clients that expect it.")] = ""
    s3_key: Annotated[str, Meta(description="A key as clients expect it; nothing is fetched by it.")] = ""
    etag: Annotated[str, Meta(description="Empty; kept for clients that expect it.")] = ""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of a message. `text` holds prose, thinking or a tool's output; `meta` what else the provider said.

    `author` is set where it is not the one that role and type imply. `spans`, in order and without overlap, are the
    pieces of `text` that somebody else wrote.
    """

    type: PartType
    text: str | None = None
    meta: JsonObject = {}
    asset: Asset | None = None
    filename: str | None = None
    author: Author | None = None
    spans: tuple[Span, ...] = ()
    event: PersonEvent | None = None

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
        """Whether a person wrote any of it."""
        if any(passage.author == "person" for passage in self.passages()):
            return True
        written = any(part.text for part in self.parts)
        return self.role == "user" and self.original_role == "user" and not self.is_tool_answer and not written

    @property
    def calls_tools(self) -> bool:
        """Whether it calls tools, so that the turn is not over."""
        return any(part.type == "tool-call" for part in self.parts)

    def author_of(self, part: Part) -> Author:
        """Who wrote a part, apart from its spans."""
        if part.author is not None:
            return part.author
        if part.type == "tool-result":
            return "tool"
        if self.role == "assistant":
            return "agent"
        return "person" if self.original_role == "user" else "harness"

    def passages(self) -> Iterator[Passage]:
        """The texts of the message in order, cut where the author changes."""
        for part in self.parts:
            yield from self.passages_of(part)

    def passages_of(self, part: Part) -> Iterator[Passage]:
        """The text of one part, cut where the author changes; what is blank is left out."""
        text, author, start = part.text or "", self.author_of(part), 0
        for span in part.spans:
            if text[start : span.start].strip():
                yield Passage(author, text[start : span.start])
            if text[span.start : span.end].strip():
                yield Passage(span.author, text[span.start : span.end])
            start = span.end
        if text[start:].strip():
            yield Passage(author, text[start:])

    def words_of(self, *authors: Author) -> str:
        """What these authors wrote in the message, joined by line feeds."""
        return "\n".join(passage.text for passage in self.passages() if passage.author in authors)

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
