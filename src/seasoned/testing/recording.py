"""Recording what a real provider answers, and playing it again without it.

`recorder` is a server between a client and an OpenAI-compatible provider: it passes requests on and keeps each pair of
request and answer as a line of JSON. `replay` is a script for `provider` that answers from such a file. Keys are passed
on and never written.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import msgspec

from seasoned.errors import Invalid
from seasoned.testing.provider import Fault, Provider, Script, provider
from seasoned.testing.shapes import Asked

FORWARD_SECONDS_MAX = 600.0


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A request, by the hash of its messages, and what was answered."""

    sha256: str
    messages: list[Asked]
    answer: str


def hash_of(asked: Sequence[Asked]) -> str:
    """What names a request in a recording."""
    return hashlib.sha256(json.dumps([[one.role, one.content] for one in asked]).encode()).hexdigest()


@contextmanager
def recorder(base_url: str, model: str, key: str, file: Path) -> Iterator[Provider]:
    """A provider that asks the one at `base_url` and appends every pair to a file."""

    def pass_on(asked: Sequence[Asked]) -> str | Fault:
        messages = [{"role": one.role, "content": one.content} for one in asked]
        answer = httpx2.post(
            f"{base_url.rstrip('/')}/chat/completions",
            json={"model": model, "messages": messages},
            headers={"Authorization": f"Bearer {key}"},
            timeout=FORWARD_SECONDS_MAX,
        )
        if answer.status_code != httpx2.codes.OK:
            return Fault(status=answer.status_code, says="the recorded provider refused")
        text = str(answer.json()["choices"][0]["message"]["content"] or "")
        pair = Pair(sha256=hash_of(asked), messages=list(asked), answer=text)
        with file.open("ab") as out:
            out.write(msgspec.json.encode(pair) + b"\n")
        return text

    with provider(pass_on) as running:
        yield running


def replay(file: Path) -> Script:
    """A script that answers what was recorded. Raises Invalid when the file is no recording."""
    try:
        pairs = [msgspec.json.decode(line, type=Pair) for line in file.read_bytes().splitlines()]
    except (OSError, msgspec.DecodeError) as error:
        raise Invalid(f"{file.name} is no recording of a provider: {error}.") from None
    answers = {pair.sha256: pair.answer for pair in pairs}

    def play(asked: Sequence[Asked]) -> str | Fault:
        known = answers.get(hash_of(asked))
        return known if known is not None else Fault(status=400, says="this request was not recorded; record it again")

    return play
