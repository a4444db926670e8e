"""The unified form of the `acontext` SDKs (wire contract, C.5 and C.7)."""

from collections.abc import Mapping
from typing import Annotated, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from seasoned.errors import Invalid, TooLarge
from seasoned.formats.fields import (
    KEYS_MAX,
    bad_role,
    check_json,
    items_of,
    name_at,
    object_at,
    optional_text,
    text_at,
    wrong,
)
from seasoned.formats.media import Context
from seasoned.message import (
    AUTHORS,
    Asset,
    Author,
    Json,
    JsonObject,
    Message,
    Part,
    PartType,
    PersonEvent,
)

NAME = "acontext"
# Fields that only the store may set.
_RESERVED = ("__user_meta__", "__gemini_call_info__", "__gemini_answers__")
PART_TYPES: dict[str, PartType] = {name: name for name in get_args(PartType)}


class Upload(msgspec.Struct, frozen=True):
    """A file attached to a message, and the sender's name for it."""

    asset: Asset
    filename: str


Uploads = Mapping[str, Upload]


def parse(blob: JsonObject, uploads: Uploads | None = None) -> Message:
    """A message of role user or assistant with typed parts. Raises Invalid, TooLarge.

    `uploads` are the files that came with it, by the name that a part's `file_field` gives; None when none could come.
    Fields that only a stored message has (`id`, `asset`...) are ignored: a client cannot claim a stored file by its
    hash.
    """
    role, parts = blob.get("role"), blob.get("parts")
    if role not in ("user", "assistant"):
        raise bad_role(role, NAME, ("user", "assistant"))
    meta = {key: value for key, value in _meta(blob, "").items() if key not in _RESERVED}
    if not isinstance(meta.get("source_format"), str):
        meta = {**meta, "source_format": NAME}
    items = [] if parts is None else items_of(parts, "parts")
    return Message(
        "user" if role == "user" else "assistant",
        tuple(_part(item, f"parts[{index}]", uploads) for index, item in enumerate(items)),
        meta,
    )


def _meta(source: JsonObject, where: str) -> JsonObject:
    if source.get("meta") is None:
        return {}
    meta = object_at(source, "meta", where)
    if len(meta) > KEYS_MAX:
        raise TooLarge(f"A message's meta holds at most {KEYS_MAX} keys; send fewer.")
    check_json(meta, f"{where}.meta" if where else "meta")
    return meta


def _part(item: JsonObject, where: str, uploads: Uploads | None) -> Part:
    kind = PART_TYPES.get(text_at(item, "type", where))
    if kind is None:
        raise Invalid(f"The message's {where}.type is unknown; send one of {', '.join(PART_TYPES)}.")
    upload = _upload(item, where, uploads)
    text, meta = optional_text(item, "text", where) or None, _meta(item, where)
    if kind in ("text", "thinking") and text is None:
        raise Invalid(f"The message's {where}.text is empty; a {kind} part needs text.")
    if kind == "tool-call":
        meta = _call(meta, f"{where}.meta")
    elif kind == "tool-result":
        text_at(meta, "tool_call_id", f"{where}.meta")
    elif kind == "data":
        name_at(meta, "data_type", f"{where}.meta")
    part = Part(kind, text, meta) if upload is None else Part(kind, text, meta, upload.asset, upload.filename)
    author = _author(item, where)
    return part if author is None else msgspec.structs.replace(part, author=author)


def _author(item: JsonObject, where: str) -> Author | None:
    """Who wrote a part, where its sender says that it is another than role and type imply."""
    named = optional_text(item, "author", where)
    author = next((one for one in AUTHORS if one == named), None)
    if named is not None and author is None:
        raise Invalid(f"The message's {where}.author is unknown; send one of {', '.join(AUTHORS)}, or none.")
    return author


def _upload(item: JsonObject, where: str, uploads: Uploads | None) -> Upload | None:
    field = optional_text(item, "file_field", where)
    if field is None:
        return None
    if uploads is None:
        raise Invalid(f"The message's {where} has a file_field, but the request has no files; send it as multipart.")
    if field not in uploads:
        raise Invalid(
            f"The message's {where} refers to the file_field {field[:60]!r}, which was not sent; send a form "
            "file of that name."
        )
    return uploads[field]


def _call(meta: JsonObject, where: str) -> JsonObject:
    """A call's meta, its arguments as JSON text as in all formats."""
    name_at(meta, "name", where)
    optional_text(meta, "id", where)
    arguments = meta.get("arguments")
    if arguments is None:
        raise wrong(f"{where}.arguments", arguments, "the arguments as JSON text")
    return meta if isinstance(arguments, str) else {**meta, "arguments": msgspec.json.encode(arguments).decode()}


class ShownSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a part's text that another than the part's author wrote."""

    start: Annotated[int, Meta(description="The place of its first character.")]
    end: Annotated[int, Meta(description="The place behind its last character.")]
    author: Annotated[Author, Meta(description="Who wrote it.")]


class MessagePart(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a message; what is empty is left out."""

    type: Annotated[str, Meta(description="What it is.", extra_json_schema={"enum": [*PART_TYPES]})]
    text: Annotated[str | UnsetType, Meta(description="Prose, thinking, or what a tool answered.")] = UNSET
    asset: Asset | UnsetType = UNSET
    filename: Annotated[str | UnsetType, Meta(description="The file's name.")] = UNSET
    meta: Annotated[
        JsonObject | UnsetType,
        Meta(description="What else the provider's message said of it: a call's name, arguments and id."),
    ] = UNSET
    author: Annotated[
        Author | UnsetType, Meta(description="Who wrote it, where role and type imply another; `person`, `peer`...")
    ] = UNSET
    spans: Annotated[
        tuple[ShownSpan, ...] | UnsetType, Meta(description="The pieces of the text that somebody else wrote.")
    ] = UNSET
    event: Annotated[
        PersonEvent | UnsetType, Meta(description="What a person did with the call that this answers.")
    ] = UNSET


def render_part(part: Part) -> MessagePart:
    """A part as the wire shows it."""
    return MessagePart(
        type=part.type,
        text=part.text or UNSET,
        asset=UNSET if part.asset is None else part.asset,
        filename=part.filename or UNSET,
        meta=part.meta or UNSET,
        author=part.author or UNSET,
        spans=tuple(ShownSpan(start=one.start, end=one.end, author=one.author) for one in part.spans) or UNSET,
        event=part.event or UNSET,
    )


def render(message: Message, _context: Context) -> list[Json]:
    """A message without its row's fields, as `parse` takes it."""
    return [{"role": message.role, "parts": [_object_of(part) for part in message.parts], "meta": message.meta}]


def _object_of(part: Part) -> JsonObject:
    """A part as an object; what of its meta is still JSON text stays so."""
    shown = {key: value for key, value in msgspec.structs.asdict(render_part(part)).items() if value is not UNSET}
    named: JsonObject = {key: msgspec.to_builtins(shown[key]) for key in ("asset", "spans") if key in shown}
    return {**shown, **named}
