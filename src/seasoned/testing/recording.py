"""Recording a real provider's answers, and replaying them without it.

`recorder` is a server between a client and an OpenAI-compatible provider: it passes Chat Completions on as they are and
keeps each request with its answer as a line of JSON. `replay` is a script for `provider` that answers from such a file.
Headers, and with them keys, are passed on and never written.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from seasoned.errors import Invalid
from seasoned.testing.provider import Fault, Provider, ProviderRequest, ProviderResponse, Script, refusal, serving
from seasoned.testing.wire_formats import CHAT, Asked, Said, Spent

FORWARD_SECONDS_MAX: Final = 1_200.0
OK: Final = 200
BAD_REQUEST: Final = 400
BAD_GATEWAY: Final = 502


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A request, by the hash of its messages, and what was answered."""

    sha256: str
    model: str
    messages: list[Asked]
    answer: Said


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None


class _Completion(msgspec.Struct):
    """What is kept of a Chat Completion."""

    choices: list[_Choice]
    usage: _Usage | None = None

    def said(self) -> Said:
        """The first choice, with its token counts."""
        first, used = self.choices[0], self.usage
        details = used.prompt_tokens_details if used else None
        cached = (details.cached_tokens if details else None) or 0
        spent = Spent(input=used.prompt_tokens, output=used.completion_tokens, cached=cached) if used else None
        text = first.message.content or first.message.refusal or ""
        return Said(text=text, truncated=first.finish_reason == "length", spent=spent)


def hash_of(asked: Sequence[Asked]) -> str:
    """The key of a request in a recording."""
    return hashlib.sha256(json.dumps([[one.role, one.content] for one in asked]).encode()).hexdigest()


class _Recorder(Provider):
    """Asks the provider at `base_url`, several at once when its client does."""

    def __init__(self, base_url: str, file: Path, key: str) -> None:
        super().__init__(replay_nothing)
        self._base_url = base_url.rstrip("/")
        self._file = file
        self._key = key
        self._writing = threading.Lock()

    def answer(self, request: ProviderRequest, asked: Sequence[Asked], gone: Callable[[], bool]) -> ProviderResponse:  # noqa: ARG002 - kept even when the client has left
        """Pass a request on, keep what came back, and give it back as it came."""
        import httpx2  # noqa: PLC0415 - only who records needs a client

        if request.shape is not CHAT:
            return refusal(request.shape, BAD_REQUEST, "only Chat Completions can be recorded; use `openai:`")
        own = {name.lower(): value for name, value in request.headers.items()}.get("authorization", "")
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._key}" if self._key else own,
        }
        try:
            came = httpx2.post(
                self._base_url + CHAT.path, content=request.raw, headers=headers, timeout=FORWARD_SECONDS_MAX
            )
        except httpx2.HTTPError as error:
            return refusal(CHAT, BAD_GATEWAY, f"the recorded provider cannot be reached: {type(error).__name__}")
        if came.status_code == OK:
            self._keep(request, asked, came.content)
        return ProviderResponse(
            status=came.status_code, body=came.content, retry_after=str(came.headers.get("Retry-After", ""))
        )

    def _keep(self, request: ProviderRequest, asked: Sequence[Asked], body: bytes) -> None:
        try:
            said = msgspec.json.decode(body, type=_Completion).said()
        except (msgspec.DecodeError, IndexError):
            # What cannot be read is the client's to complain about; there is nothing to play again.
            return
        pair = Pair(sha256=hash_of(asked), model=request.model, messages=list(asked), answer=said)
        with self._writing, self._file.open("ab") as out:
            out.write(msgspec.json.encode(pair) + b"\n")


def replay_nothing(_asked: Sequence[Asked]) -> Fault:
    """A script without answers."""
    return Fault(status=BAD_REQUEST, says="there is no script here")


@contextmanager
def recorder(base_url: str, file: Path, *, key: str = "") -> Iterator[Provider]:
    """A provider that asks the one at `base_url` (as in `OPENAI_BASE_URL`) and appends every pair to a file.

    Without `key` the client's own is passed on.
    """
    with serving(_Recorder(base_url, file, key)) as running:
        yield running


def replay(file: Path) -> Script:
    """A script that answers what was recorded, the newest when a request was recorded twice.

    A request that was not recorded is answered 400, which says so. Raises Invalid when the file is no recording.
    """
    try:
        pairs = [msgspec.json.decode(line, type=Pair) for line in file.read_bytes().splitlines() if line.strip()]
    except (OSError, msgspec.DecodeError) as error:
        raise Invalid(f"{file.name} is no recording of a provider; record it again: {error}.") from None
    answers = {pair.sha256: pair.answer for pair in pairs}

    def play(asked: Sequence[Asked]) -> Said | Fault:
        known = answers.get(hash_of(asked))
        if known is not None:
            return known
        begin = " ".join(asked[-1].content.split())[:80] if asked else ""
        return Fault(
            status=BAD_REQUEST,
            says=f"this request was not recorded in {file.name} ({len(answers)} are); record it again: {begin!r}",
        )

    return play
