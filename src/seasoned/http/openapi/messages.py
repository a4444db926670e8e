"""The routes of a session's messages."""

from functools import partial

from seasoned.formats import FORMATS
from seasoned.http import messages, pages
from seasoned.http.openapi.operations import Body, flag, operation, paging, text
from seasoned.strategies import NAMES, STRATEGIES_MAX

_message = partial(operation, tag="Messages")

OPERATIONS = (
    _message(
        messages.store,
        "store_message",
        "Store a message",
        "The message is durable once it is answered. It comes last in its session.",
        {201: "The message; `meta` is the user's."},
        {
            400: "The session id is not a UUID, or the message is none of its format; the sentence says where.",
            413: "The message, one of its parts' lists or the body is too large.",
        },
        body=Body(messages.NewMessageRequest, messages.MessageForm),
    ),
    _message(
        pages.page,
        "get_messages",
        "Get the messages of a session",
        "Always oldest first; `time_desc` chooses the newest page. What is stored is never changed by edits.",
        {200: "The messages."},
        {
            400: "An id, a limit, a format, a cursor or an edit strategy is not as it must be.",
            413: "The messages or their files are too large for one answer; ask for pages with `limit`.",
        },
        parameters=(
            *paging(0, 0, " 0 means all messages.", "message-cursor"),
            text("format", "The form of the items.", enum=list(FORMATS), default="openai"),
            flag(
                "with_asset_public_url",
                f"Whether files get an address that opens without a key for {pages.URL_SECONDS // 3600} hours.",
                default=True,
            ),
            flag("with_events", "Whether the session's events of that time are given too.", default=False),
            text(
                "edit_strategies",
                f"How the conversation is made shorter: a JSON array of at most {STRATEGIES_MAX} objects "
                f'`{{"type": ..., "params": {{...}}}}` with the types {", ".join(NAMES)}.',
                format="edit-strategies",
            ),
            text(
                "pin_editing_strategies_at_message",
                "Edit only up to this message (its id), so that a provider's cache of the text stays good.",
            ),
        ),
    ),
    _message(
        messages.patch_meta,
        "patch_message_meta",
        "Change the meta of a message",
        "Keys that are given replace those of the same name; null deletes one; all others stay.",
        {200: "The complete meta."},
        {400: "An id is not a UUID, or meta is no object or too large.", 404: "There is no such message."},
        body=messages.MetaChanges,
    ),
    _message(
        pages.token_counts,
        "get_token_counts",
        "Count the tokens of a session",
        "The tokens of all texts and tool calls of the session's messages.",
        {200: "The count."},
    ),
)
