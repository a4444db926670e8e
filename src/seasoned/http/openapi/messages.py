"""The routes of a session's messages."""

from seasoned.formats import FORMATS
from seasoned.http.messages import FILES_MAX, META_BYTES_MAX
from seasoned.http.openapi.sessions import BAD_ID, SESSION, UNKNOWN
from seasoned.http.openapi.words import (
    Body,
    Operation,
    flag,
    free,
    in_path,
    in_query,
    json_body,
    listed,
    nullable,
    number,
    paging,
    record,
    ref,
    success,
    text,
    uuid,
)
from seasoned.http.pages import URL_SECONDS
from seasoned.http.request import PREFIX
from seasoned.message import JsonObject
from seasoned.strategies import NAMES, STRATEGIES_MAX

TAG = "Messages"
_ALL = f"{PREFIX}/session/{{session_id}}/messages"
_META = free(f"What the user keeps beside the message; at most {META_BYTES_MAX} bytes of JSON.")
_FORMAT = text("The form of `blob`.", enum=list(FORMATS), default="openai")
_NEW = record(
    "A message.",
    {
        "blob": {
            "description": "The provider's message as it is: a Chat Completions message (openai), a MessageParam "
            "(anthropic), a Content (gemini), or role, parts and meta (acontext).",
            "type": "object",
        }
    },
    {"format": _FORMAT, "meta": nullable(_META)},
)
_FORM: JsonObject = {
    **record("A message with files.", {"payload": text("The JSON of the message, as in a JSON body.")}),
    "description": "`payload`, and files in fields of any name; a part of the message names the field as `file_field`. "
    f"At most {FILES_MAX} files.",
    "additionalProperties": True,
}

_STORE = Operation(
    id="store_message",
    method="POST",
    path=_ALL,
    tag=TAG,
    summary="Store a message",
    description="The message is durable once it is answered. It comes last in its session.",
    parameters=(SESSION,),
    body=Body({"application/json": _NEW, "multipart/form-data": _FORM}),
    answers={201: success(ref("Message"), "The message; `meta` is the user's.")},
    errors={
        400: "The session id is not a UUID, or the message is none of its format; the sentence says where.",
        404: UNKNOWN,
        413: "The message, one of its parts' lists or the body is too large.",
    },
)
_PAGE_DATA = record(
    "A page of messages.",
    {
        "items": listed(
            {"description": "A message in the format that was asked for.", "type": "object"},
            "The messages, oldest first. A message may be several items of a format, or none.",
        ),
        "ids": listed(uuid("A message's id."), "The message of each item."),
        "metas": listed(free("A user's meta."), "The user's meta for each item."),
        "has_more": flag("Whether more messages follow."),
        "this_time_tokens": number("The tokens of the items, after edits."),
    },
    {
        "next_cursor": text("Pass it as `cursor` to get the next page; only there when `has_more` is true."),
        "edit_at_message_id": uuid("The last message that edits may reach; only there when the page has messages."),
        "public_urls": {
            "type": "object",
            "description": "Addresses of files by SHA-256; only with format acontext, and when there are files.",
            "additionalProperties": ref("PublicUrl"),
        },
        "events": listed(ref("Event"), "The events of the time that the page spans; only when asked for and any."),
    },
)
_GET = Operation(
    id="get_messages",
    method="GET",
    path=_ALL,
    tag=TAG,
    summary="Get the messages of a session",
    description="Always oldest first; `time_desc` chooses the newest page. What is stored is never changed by edits.",
    parameters=(
        SESSION,
        *paging(0, 0, " 0 means all messages.", "message-cursor"),
        in_query("format", text("The form of the items.", enum=list(FORMATS), default="openai")),
        in_query(
            "with_asset_public_url",
            flag(
                f"Whether files get an address that opens without a key for {URL_SECONDS // 3600} hours.", default=True
            ),
        ),
        in_query("with_events", flag("Whether the session's events of that time are given too.", default=False)),
        in_query(
            "edit_strategies",
            text(
                f"How the conversation is made shorter: a JSON array of at most {STRATEGIES_MAX} objects "
                f'`{{"type": ..., "params": {{...}}}}` with the types {", ".join(NAMES)}.',
                format="edit-strategies",
            ),
        ),
        in_query(
            "pin_editing_strategies_at_message",
            text("Edit only up to this message (its id), so that a provider's cache of the text stays good."),
        ),
    ),
    answers={200: success(_PAGE_DATA, "The messages.")},
    errors={
        400: "An id, a limit, a format, a cursor or an edit strategy is not as it must be.",
        404: UNKNOWN,
        413: "The messages or their files are too large for one answer; ask for pages with `limit`.",
    },
)
_PATCH_META = Operation(
    id="patch_message_meta",
    method="PATCH",
    path=f"{_ALL}/{{message_id}}/meta",
    tag=TAG,
    summary="Change the meta of a message",
    description="Keys that are given replace those of the same name; null deletes one; all others stay.",
    parameters=(SESSION, in_path("message_id", "The message's id")),
    body=json_body(record("The changes.", {"meta": _META})),
    answers={200: success(record("The result.", {"meta": free("The user's whole meta.")}), "The complete meta.")},
    errors={400: "An id is not a UUID, or meta is no object or too large.", 404: "There is no such message."},
)
_TOKENS = Operation(
    id="get_token_counts",
    method="GET",
    path=f"{PREFIX}/session/{{session_id}}/token_counts",
    tag=TAG,
    summary="Count the tokens of a session",
    description="The tokens of all texts and tool calls of the session's messages.",
    parameters=(SESSION,),
    answers={200: success(record("The count.", {"total_tokens": number("The tokens.")}), "The count.")},
    errors={400: BAD_ID, 404: UNKNOWN},
)

OPERATIONS = (_STORE, _GET, _PATCH_META, _TOKENS)
