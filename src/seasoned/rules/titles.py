"""A task's title: the request in the user's own words, without greetings, verdicts and house rules."""

from collections.abc import Sequence

from seasoned.rules.acts import TALK, Act, Asks
from seasoned.rules.phrases import form
from seasoned.rules.safety import masked

TITLE_CHARS = 120
_TITLE_CHARS_MIN = 3
_POLITE_TAIL = form("titles.polite_tail")


_NAMED = form("titles.named")
_ONLY_DATA = form("titles.only_data")


def _cleaned(text: str) -> str:
    flat = " ".join(text.split())
    opener = TALK["title_openers"].first(flat.lower())
    stripped = flat[opener.end() :] if opener else flat
    stripped = _POLITE_TAIL.sub("", stripped).rstrip(" .,;:!-")
    return stripped if len(stripped) >= _TITLE_CHARS_MIN else flat


def _clipped(text: str) -> str:
    if len(text) <= TITLE_CHARS:
        return text
    cut = text[: TITLE_CHARS - 1]
    head, space, _ = cut.rpartition(" ")
    return f"{(head if space and len(head) > TITLE_CHARS // 2 else cut).rstrip(' ,;:.-')}…"


def _joined(pieces: Sequence[str]) -> str:
    text = ""
    for piece in pieces:
        text = f"{text}{' ' if text.endswith(('?', '!')) else '. '}{piece}" if text else piece
    return text


def title_of(acts: Sequence[Act], place: int, *, hides_data: bool = False) -> str:
    """The title of the task that begins with sentence `place`: all its sentences if they fit, else the plainest one.

    With `hides_data` it has no names and ids of the person.
    """
    title = _title(acts, place, hides_data=hides_data)
    return masked(_NAMED.sub("", title)).strip(" ,;.-") or title if hides_data else title


def _title(acts: Sequence[Act], place: int, *, hides_data: bool) -> str:
    body = [act for act in acts[place:] if act.is_body] or [acts[place]]
    if hides_data:
        body = [act for act in body if not _ONLY_DATA.match(act.core)] or body
    body = [act for act in body if not TALK["title_announces"].said(act.core.rstrip("?"))] or body
    pieces = [_cleaned(act.sentence.raw) for act in body]
    whole = _joined([piece for piece in pieces if piece])
    if len(whole) <= TITLE_CHARS:
        return whole
    plain = next((k for k, act in enumerate(body) if act.asks == Asks.PLAINLY), None)
    if plain is None:
        plain = next((k for k, act in enumerate(body) if act.asks), 0)
    return _clipped(pieces[plain])
