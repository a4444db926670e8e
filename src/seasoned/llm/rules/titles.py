"""A task's title: the request in the user's own words, without greetings, verdicts and house rules."""

import re
from collections.abc import Sequence

from seasoned.llm.rules import words
from seasoned.llm.rules.acts import Act

TITLE_CHARS = 120
_OPENERS = re.compile(
    r"^(?:(?:and|oh|so|ok(?:ay)?|right|well|now|next(?: one| up)?|then|also|btw|by the way|please|hi+|hello|hey(?: there)?|good (?:morning|afternoon|evening)|morning|evening|first(?: one)?|second|third|last(?: thing| one)?|finally|another (?:thing|one)|one more(?: thing)?"
    r"|quick (?:one|question)|real work|for (?:today|now|tonight|later)|bom dia|ol[áa]|guten (?:tag|morgen)|buenos d[ií]as|bonjour|hallo|ciao|moin|great|good|perfect|thanks|thank you|thx|cheers|ta|sure|alright|all right|but|yes|no|just|anyway|for now|alright then|while i'm at it|there)\b\s*(?:[,:;.!-]+\s*|(?=\S)))+",
    re.IGNORECASE,
)


_ANNOUNCES = re.compile(
    r"(?:i(?:'ve| have)(?: got)? |i need |there are |just )?(?:one|two|three|four|a (?:few|couple)(?: of)?|some|several)(?: \w+)? (?:things?|requests?|questions?|tasks?|favou?rs?|points?|jobs?|issues?)(?:[^:,]{0,30})$|(?:can|could|would|will) you (?:please |be able to )*(?:help|assist)(?: me| us)?(?: (?:with|on|in) (?:that|this|it|these|those))?(?: now| please| today)*$|do you assist with \w+$|let's (?:move on|go on|continue|start|begin)\b.{0,12}$|(?:something|now something) (?:bigger|else|different|new|smaller)$"
)


def _cleaned(text: str) -> str:
    flat = " ".join(text.split())
    stripped = _OPENERS.sub("", flat, count=1)
    stripped = words.POLITE_TAIL.sub("", stripped).rstrip(" .,;:!-")
    return stripped if len(stripped) >= 3 else flat


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


def _context(piece: str, room: int) -> str:
    """The first clauses of a sentence that fit into `room` characters."""
    if len(piece) <= room:
        return piece
    end = 0
    for found in re.finditer(r"[,;:](?=\s)|\s(?:but|because|so|which|although)\b", piece):
        if found.start() > room:
            break
        end = found.start()
    return piece[:end].rstrip(" ,;:")


def title_of(acts: Sequence[Act], place: int) -> str:
    """The title of the task that begins with sentence `place`: all of its sentences when they fit, else the plainest request."""
    body = [act for act in acts[place:] if act.is_body] or [acts[place]]
    body = [act for act in body if not _ANNOUNCES.match(act.core.rstrip("?"))] or body
    pieces = [_cleaned(act.sentence.raw) for act in body]
    whole = _joined([piece for piece in pieces if piece])
    if len(whole) <= TITLE_CHARS:
        return whole
    plain = next((k for k, act in enumerate(body) if act.asks == 2), None)
    if plain is None:
        plain = next((k for k, act in enumerate(body) if act.asks), 0)
    title = pieces[plain]
    for k in range(plain - 1, -1, -1):
        context = _context(pieces[k], TITLE_CHARS - len(title) - 2)
        if len(context) < 8:
            break
        title = _joined([context, title])
    return _clipped(title)
