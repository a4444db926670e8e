"""Identifiers: UUID version 7 (RFC 9562), canonical lower case, increasing with time."""

import re
import secrets
import uuid
from collections.abc import Callable

import uuid_utils

from seasoned.errors import Invalid

_source: Callable[[], object] = uuid_utils.uuid7
_CALL_ID = re.compile(r"call_[0-9a-f]{8}")
_CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """A fresh identifier; later ones sort after earlier ones of this process."""
    return str(_source())


def take_from(source: Callable[[], object]) -> Callable[[], object]:
    """Take identifiers from `source` (for reproducible simulations); the previous source."""
    global _source
    before, _source = _source, source
    return before


def is_id(text: str) -> bool:
    """Whether a text is the canonical form of an identifier, in upper or lower case."""
    return _CANONICAL.fullmatch(text.lower()) is not None


def parse_id(text: str, what: str) -> str:
    """The canonical form of an identifier in any form that RFC 9562 allows.

    `what` names it in the error. Raises Invalid if the text is not a UUID.
    """
    try:
        # The fast path: nearly all are in the form that we return, and each request has one.
        return text if _CANONICAL.fullmatch(text) else str(uuid.UUID(text))
    except (ValueError, AttributeError, TypeError):
        raise Invalid(f"{what} is not a UUID: {text[:60]!r}; pass the id that the API returned.") from None


def new_call_id() -> str:
    """An id for a tool call that came without one."""
    return f"call_{secrets.token_hex(4)}"


def is_new_call_id(text: str) -> bool:
    """Whether a call's id was made here, as far as one can see."""
    return _CALL_ID.fullmatch(text) is not None
