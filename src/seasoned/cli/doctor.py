"""`seasoned doctor`: checks a home or a running server."""

import http.client
import ssl
import time
import urllib.error
import urllib.request
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import typer

from seasoned import __version__
from seasoned.cli.console import FAILED, Home, Json, load_config, print_json, reported, say, with_records
from seasoned.engine.readiness import Readiness
from seasoned.errors import Invalid
from seasoned.store.health import HealthCheck

ANSWER_SECONDS = 10.0
ANSWER_BYTES_MAX = 1 << 20
# Work that has been due for this long is stuck, or too much for the workers.
OLDEST_SECONDS_MAX = 900.0
UNAUTHORIZED = 401
NOT_FOUND = 404


class _Envelope(msgspec.Struct):
    """The envelope of every answer."""

    code: int
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


def doctor(
    url: Annotated[
        str | None, typer.Option("--url", help="The running server to check, for example http://127.0.0.1:8029.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="The API key to try.", envvar="SEASONED_API_KEY")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Check the home, or with --url a running server. Exits with 1 if a check fails."""
    config = load_config(home)
    if url is None:
        checks = with_records(config, lambda held, _: held.doctor())
    else:
        with reported():
            checks = examine(_Server(url), key or "")
    if json:
        print_json(checks)
    else:
        for check in checks:
            mark = "ok  " if check.ok else "BAD "
            say(f"{mark}{check.name}: {check.detail}")
    if not all(check.ok for check in checks):
        raise typer.Exit(FAILED)


class _Server:
    """A running server. Raises Invalid for a malformed URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid("--url must be a URL such as http://127.0.0.1:8029.")
        self.url = url.rstrip("/").removesuffix("/api/v1")
        # Without a redirect handler: following one would send the key elsewhere.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=ssl.create_default_context()),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
        ):
            self._opener.add_handler(handler)

    def get(self, path: str, key: str = "") -> tuple[int, _Envelope | None, float]:
        """The status of an answer, its envelope if it has one, and how many seconds it took.

        Raises OSError if there is no response.
        """
        request = urllib.request.Request(self.url + path, headers={"User-Agent": f"seasoned/{__version__}"})  # noqa: S310 - http(s), looked at above
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        started = time.monotonic()
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as response:
                status, body = response.status, response.read(ANSWER_BYTES_MAX)
        except urllib.error.HTTPError as error:
            with error:
                status, body = error.code, error.read(ANSWER_BYTES_MAX)
        except http.client.HTTPException as error:
            raise OSError(f"the response is not HTTP ({type(error).__name__})") from None
        try:
            return status, msgspec.json.decode(body, type=_Envelope), time.monotonic() - started
        except (msgspec.DecodeError, msgspec.ValidationError):
            return status, None, time.monotonic() - started


def examine(server: _Server, key: str) -> list[HealthCheck]:
    """Every check of a running server, in the order in which a person would ask."""
    try:
        status, health, seconds = server.get("/health")
        if status != http.client.OK or health is None or health.code != 0:
            return [_check("reachable", False, f"{server.url} answers {status}; it is not a Seasoned server")]
        found = [_check("reachable", True, f"{server.url} answers in {seconds * 1000:.0f} ms")]
        found.append(_contract(server))
        found += _key(server, key)
        return found + _condition(server)
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        return [_check("reachable", False, f"{server.url} cannot be reached ({reason})")]


def _contract(server: _Server) -> HealthCheck:
    """Whether answers have the form that clients expect."""
    without_key, unknown = server.get("/api/v1/ping"), server.get("/api/v1/no-such-thing", "sk-ac-none")
    wrong = [
        what
        for what, (status, answer, _), expected in (
            ("a request without a key", without_key, UNAUTHORIZED),
            ("an unknown path", unknown, NOT_FOUND),
        )
        if status != expected or answer is None or answer.code != expected
    ]
    detail = f"answered against the API: {' and '.join(wrong)}" if wrong else "errors have the API's form"
    return _check("contract", not wrong, detail)


def _key(server: _Server, key: str) -> list[HealthCheck]:
    if not key:
        return [_check("key", True, "not tried; give --key or SEASONED_API_KEY")]
    status, answer, _ = server.get("/api/v1/ping", key)
    works = status == http.client.OK and answer is not None and answer.msg == "pong"
    return [_check("key", works, "works" if works else f"is refused with {status}; check --key or SEASONED_API_KEY")]


def _condition(server: _Server) -> list[HealthCheck]:
    _, answer, _ = server.get("/ready")
    try:
        found = msgspec.json.decode(answer.data if answer else b"", type=Readiness)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return [_check("ready", False, "gives no readiness report; is it an older release?")]
    same = "as this command" if found.version == __version__ else f"this command has {__version__}"
    queue, work = found.queue, found.work
    late = work.oldest_due_seconds is not None and work.oldest_due_seconds > OLDEST_SECONDS_MAX
    waits = f"{work.due} pieces due, the oldest for {work.oldest_due_seconds} s" if work.due else "nothing is due"
    return [
        _check("version", True, f"{found.version}, {same}"),
        _check("ready", found.ready, "takes requests" if found.ready else "does not take requests"),
        _check("database", found.database.ok, found.database.detail),
        _check("blobs", found.blobs.ok, found.blobs.detail),
        _check("worker", found.worker.ok, found.worker.detail),
        _check("queue", queue.waiting < queue.limit, f"{queue.waiting} of {queue.limit} writes wait"),
        _check("work", work.due is not None and not late, waits if work.due is not None else "not known"),
        _check("parked", not work.parked, f"{work.parked} parked" if work.parked else "none"),
    ]


def _check(name: str, ok: bool, detail: str) -> HealthCheck:
    return HealthCheck(name=name, ok=ok, detail=detail)
