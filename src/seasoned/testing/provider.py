"""An OpenAI-compatible server on loopback that plays a script, so that tests go the true way of a client.

It speaks Chat Completions well enough for the OpenAI client: one choice, usage counted at four characters a token. A
script is a function from the messages of a request to the text of the answer, or to a `Fault`.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

CHARS_PER_TOKEN = 4
BODY_BYTES_MAX = 16 * 1024 * 1024


class Asked(msgspec.Struct, frozen=True):
    """One message of a request."""

    role: str
    content: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that goes wrong instead of an answer: an HTTP status, a cut connection, or a body that is no JSON."""

    status: int = 0
    cut_off: bool = False
    malformed: bool = False
    says: str = "scripted fault"


Script = Callable[[Sequence[Asked]], str | Fault]


class Provider:
    """A running server: `url` goes into OPENAI_BASE_URL; `requests` are what it was asked, in order."""

    def __init__(self, server: ThreadingHTTPServer, requests: list[list[Asked]]) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        self.requests = requests


@contextmanager
def provider(script: Script) -> Iterator[Provider]:
    """A server that answers by a script, ended with the block."""
    requests: list[list[Asked]] = []
    lock = threading.Lock()

    class Handler(_Handler):
        def answer(self, asked: list[Asked]) -> str | Fault:
            with lock:
                requests.append(asked)
                return script(asked)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Provider(server, requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, asked: list[Asked]) -> str | Fault:
        raise NotImplementedError

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length", "0")), BODY_BYTES_MAX)
        body = json.loads(self.rfile.read(length))
        asked = [Asked(str(one["role"]), _text(one.get("content"))) for one in body["messages"]]
        try:
            reply = self.answer(asked)
        except Exception as error:  # noqa: BLE001 - a fault of the script itself is told to the model's client
            reply = Fault(status=400, says=f"the script failed: {type(error).__name__}: {error}")
        if isinstance(reply, Fault):
            self._fail(reply)
        else:
            self._send(200, _completion(str(body["model"]), asked, reply))

    def _fail(self, fault: Fault) -> None:
        if fault.cut_off:
            self.close_connection = True
            self.connection.close()
        elif fault.malformed:
            self._send(200, b'{"choices": [')
        else:
            self._send(fault.status, json.dumps({"error": {"message": fault.says}}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives
        """Say nothing."""


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _completion(model: str, asked: Sequence[Asked], text: str) -> bytes:
    prompt = sum(len(one.content) for one in asked) // CHARS_PER_TOKEN
    usage = {"prompt_tokens": prompt, "completion_tokens": len(text) // CHARS_PER_TOKEN}
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {
            "id": "scripted",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {**usage, "total_tokens": sum(usage.values())},
        }
    ).encode()
