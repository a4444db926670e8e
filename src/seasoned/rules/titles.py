"""A task's title: the request in the user's own words, without greetings, verdicts and house rules."""

import re
from collections.abc import Sequence

from seasoned.rules import requests
from seasoned.rules.acts import Act, Asks

TITLE_CHARS = 120
_TITLE_CHARS_MIN = 3
_CONTEXT_CHARS_MIN = 8
_OPENERS = re.compile(
    r"^(?:(?:and|oh|so|ok(?:ay)?|right|well|now|next(?: one| up)?|then|also|btw|by the way|please|hi+"
    r"|hello|hey(?: there)?|good (?:morning|afternoon|evening)|morning|evening|first(?: one)?|second|third"
    r"|last(?: thing| one)?|finally|another (?:thing|one)|one more(?: thing)?"
    r"|quick (?:one|question)|real work|for (?:today|now|tonight|later)|(?:small|tiny|big|little|easy"
    r"|easier|harder|other|new|different|final) (?:one|thing|task)(?=:)|(?:job|task|todo|next task)(?=:)"
    r"|bom dia|ol[áa]|guten (?:tag"
    r"|morgen)|buenos d[ií]as|bonjour|hallo|ciao|moin|great|good|perfect|thanks|thank you|thx|cheers|ta"
    r"|sure|alright|all right|but|yes|no|just|anyway|for now|alright then|while i'm at it"
    r"|there)\b\s*(?:[,:;.!-]+\s*|(?=\S)))+",
    re.IGNORECASE,
)


_ANNOUNCES = re.compile(
    r"(?:which|that) brings me to\b[^:]*$|(?:and )?(?:may|might|could|can) i (?:trouble|bother"
    r"|ask) you\b.{0,40}$|(?:there )?is (?:another|one (?:more|other)|something else)\b.{0,40}$|(?:i(?:'ve"
    r"| have)(?: got)? |i need |there are |just )?(?:one|two|three|four|a (?:few|couple)(?: of)?"
    r"|some|several)(?: \w+)? (?:things?|requests?|questions?|tasks?|favou?rs?|points?|jobs?"
    r"|issues?)(?:[^:,]{0,30})$|(?:can|could|would|will) you (?:please |be able to )*(?:help|assist)(?: me"
    r"| us)?(?: (?:with|on|in) (?:that|this|it|these|those))?(?: now| please| today)*$"
    r"|do you assist with \w+$|let's (?:move on|go on|continue|start|begin)\b.{0,12}$|(?:something"
    r"|now something) (?:bigger|else|different|new|smaller)$"
)


def _cleaned(text: str) -> str:
    flat = " ".join(text.split())
    stripped = _OPENERS.sub("", flat, count=1)
    stripped = requests.POLITE_TAIL.sub("", stripped).rstrip(" .,;:!-")
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
    """The title of the task that begins with sentence `place`: all its sentences if they fit, else the plainest one."""
    body = [act for act in acts[place:] if act.is_body] or [acts[place]]
    body = [act for act in body if not _ANNOUNCES.match(act.core.rstrip("?"))] or body
    pieces = [_cleaned(act.sentence.raw) for act in body]
    whole = _joined([piece for piece in pieces if piece])
    if len(whole) <= TITLE_CHARS:
        return whole
    plain = next((k for k, act in enumerate(body) if act.asks == Asks.PLAINLY), None)
    if plain is None:
        plain = next((k for k, act in enumerate(body) if act.asks), 0)
    title = pieces[plain]
    for k in range(plain - 1, -1, -1):
        context = _context(pieces[k], TITLE_CHARS - len(title) - 2)
        if len(context) < _CONTEXT_CHARS_MIN:
            break
        title = _joined([context, title])
    return _clipped(title)
