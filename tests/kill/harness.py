"""A real server under load, killed with SIGKILL again and again: what it acknowledged is there, and learned once.

The server learns by its built-in rules. Each session asks for one thing of its own number and corrects the agent once,
so one journal entry and one lesson must come out, each once.
"""

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import msgspec

from seasoned.testing.simulation import invariants
from tests.support.databases import opened
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port
from tests.support.server import KEY, environment, wait_until

CLIENTS = 4
SPACES = 2
TRIES_MAX = 2_000
RETRY_SECONDS = 0.05
START_SECONDS_MAX = PATIENCE_SECONDS
SETTLE_SECONDS_MAX = 180.0
LIFE_SECONDS = (0.05, 1.5)
SETTINGS = {
    "SEASONED_SWEEP_SECONDS": "1",
    "SEASONED_RETRY_SECONDS": "0.1",
    "SEASONED_INLINE_BYTES_MAX": "400",
    "SEASONED_WORKER": "process",
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came out. `lost` and `doubled` count journal entries, lessons and messages; `faults` says everything."""

    kills: int
    sessions: int
    messages: int
    lost: int
    doubled: int
    faults: list[str]
    settle_seconds: float

    @property
    def is_bad(self) -> bool:
        """Whether anything is as it must not be."""
        return bool(self.faults)


def command(
    module: str,
    about: str | None,
    options: Mapping[str, int | float],
    run: Callable[[argparse.Namespace, Path, ExitStack], Outcome],
) -> int:
    """A run from the command line, with these options and their defaults; 1 when something is bad."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seasoned-kill-")))
        outcome = run(parser.parse_args(), folder, stack)
    sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
    return int(outcome.is_bad)


class Process:
    """The server, on one port from life to life."""

    def __init__(self, folder: Path, module: str = "seasoned", settings: dict[str, str] | None = None) -> None:
        self.home = folder / "home"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "server.log"
        self._module = module
        self.settings = settings or {}
        self.start()

    def start(self, module: str | None = None) -> None:
        command = [sys.executable, "-m", module or self._module, "serve", "--home", str(self.home)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", self.url.rsplit(":", 1)[1]],
                env=environment(self.home, {**SETTINGS, **self.settings}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5.0).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def kill_learner(self) -> bool:
        """Kill the learning process only; whether there was one."""
        pid = httpx.get(f"{self.url}/ready", timeout=30.0).json()["data"]["worker"]["pid"]
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
            return True
        return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)

    def said(self) -> str:
        return self._log.read_text(errors="replace")


@contextmanager
def served(folder: Path, module: str = "seasoned", settings: dict[str, str] | None = None) -> Iterator[Process]:
    """A server that may die; what is left of it ends with the block."""
    process = Process(folder, module, settings)
    try:
        yield process
    finally:
        process.kill()


class Load:
    """Clients that run one session after the other until they are told to stop."""

    def __init__(
        self, url: str, *, spaces: int = SPACES, clients: int = CLIENTS, sessions_max: int = 1_000_000
    ) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v1",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=PATIENCE_SECONDS,
            trust_env=False,
        )
        self._numbers = iter(range(1, sessions_max + 1))
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.faults: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.spaces = [self.post("/learning_spaces", {})["id"] for _ in range(spaces)]
        self.sessions: dict[str, tuple[int, list[str]]] = {}
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Let every client end its session."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def join(self) -> None:
        """Wait until every session there is to be was told."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, body: object) -> dict[str, str]:
        """Send until there is an answer: a server that is down, or died over it, is asked again."""
        return self.until_answered("POST", path, body)

    def until_answered(
        self, method: str, path: str, body: object = None, done: Callable[[], bool] | None = None
    ) -> dict[str, str]:
        for _ in range(TRIES_MAX):
            try:
                response = self._http.request(method, path, json=body)
            except httpx.TransportError:
                time.sleep(RETRY_SECONDS)
                if done is not None and self._was_done(done):
                    return {}
                continue
            self.statuses[response.status_code] += 1
            if response.status_code < 300 or response.status_code == httpx.codes.CONFLICT:
                data = response.json().get("data") or {}
                return data if isinstance(data, dict) else {}
            if response.status_code < 500:
                raise AssertionError(f"{method} {path}: {response.status_code} {response.text}")
            time.sleep(RETRY_SECONDS)
            if done is not None and self._was_done(done):
                return {}
        raise AssertionError(f"{method} {path}: no answer after {TRIES_MAX} tries")

    def _was_done(self, done: Callable[[], bool]) -> bool:
        for _ in range(TRIES_MAX):
            try:
                return done()
            except httpx.HTTPError:
                time.sleep(RETRY_SECONDS)
        raise AssertionError("the server did not come back")

    def texts(self, session_id: str) -> list[str]:
        """What the server has of a session."""
        response = self._http.get(f"/session/{session_id}/messages", params={"limit": 200, "format": "acontext"})
        items = response.raise_for_status().json()["data"]["items"]
        return ["".join(part.get("text") or "" for part in item["parts"]) for item in items]

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                with self._lock:
                    number = next(self._numbers, None)
                if number is None:
                    return
                self._session(number, self.spaces[number % len(self.spaces)])
        except AssertionError as error:
            self.faults.append(str(error))

    def _session(self, number: int, space_id: str) -> None:
        session_id = str(uuid.uuid4())
        self.post("/session", {"use_uuid": session_id})
        self.post(f"/learning_spaces/{space_id}/learn", {"session_id": session_id})
        said = []
        for at, (role, text) in enumerate(_conversation(number), start=1):
            self.until_answered(
                "POST",
                f"/session/{session_id}/messages",
                {"blob": {"role": role, "content": text}, "format": "openai"},
                partial(self._has, session_id, at),
            )
            said.append(text)
        self.sessions[session_id] = (number, said)
        self.post(f"/session/{session_id}/flush", {})

    def _has(self, session_id: str, wanted: int) -> bool:
        return len(self.texts(session_id)) >= wanted


def _conversation(number: int) -> list[tuple[str, str]]:
    filler = " All the checks of the pipeline were run." * 12
    return [
        ("user", f"Please deploy service{number} to staging."),
        ("assistant", "I ran deploy.sh and it failed: permission denied."),
        ("user", f"No, use deploy-tool{number} instead of deploy.sh."),
        ("assistant", f"Done, service{number} is deployed with deploy-tool{number}.{filler}"),
        ("user", "Perfect, thanks."),
        ("assistant", "You are welcome."),
    ]


def run(folder: Path, kills: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Load a server in `folder`, kill it or its learning process `kills` times in all at random moments, and count what
    is lost or doubled.
    """
    dice = random.Random(seed)  # noqa: S311 - dice, not secrets
    with served(folder) as server:
        wait_until(server.is_up, "the server is up", START_SECONDS_MAX)
        load = Load(server.url)
        load.start()
        for number in range(1, kills + 1):
            time.sleep(dice.uniform(*LIFE_SECONDS))
            if number % 3 == 0:
                wait_until(server.kill_learner, "the learning process is there", START_SECONDS_MAX)
                continue
            server.kill()
            server.start()
            wait_until(server.is_up, f"the server is up after kill {number}", START_SECONDS_MAX)
            if number % 10 == 0:
                say(f"{number} kills, {len(load.sessions)} sessions")
        ended = time.monotonic()
        load.finish()
        settle(load)
        return judged(server, load, kills, time.monotonic() - ended, [server.said()])


def judged(server: Process, load: Load, kills: int, settle_seconds: float, logs: Sequence[str]) -> Outcome:
    """What is lost or doubled once all has settled; the server is stopped for it. `logs` are of all processes."""
    faults = [*load.faults, *(fault for log in logs for fault in traceback(log))]
    lost = lost_messages(load)
    load.close()
    server.stop()
    lost_lessons, doubled = count(server.home, load, server.settings)
    faults += [*lost, *lost_lessons, *doubled, *unsound(server.home, server.settings)]
    return Outcome(
        kills=kills,
        sessions=len(load.sessions),
        messages=sum(len(said) for _, said in load.sessions.values()),
        lost=len(lost) + len(lost_lessons),
        doubled=len(doubled),
        faults=faults,
        settle_seconds=settle_seconds,
    )


def settle(load: Load) -> None:
    def is_settled() -> bool:
        states: list[str] = []
        for space_id in load.spaces:
            response = load._http.get(f"/learning_spaces/{space_id}/sessions")
            states += [one["status"] for one in response.raise_for_status().json()["data"]]
        return all(state in ("completed", "failed") for state in states)

    wait_until(is_settled, "everything is learned", SETTLE_SECONDS_MAX)


def lost_messages(load: Load) -> list[str]:
    return [
        f"session {number} has {have} instead of {said}"
        for session_id, (number, said) in load.sessions.items()
        if (have := load.texts(session_id)) != said
    ]


def count(home: Path, load: Load, settings: Mapping[str, str] | None = None) -> tuple[list[str], list[str]]:
    text = "\n".join(_skill_texts(home, settings))
    journal = Counter(int(one) for one in re.findall(r"\] Task: deploy service(\d+) to staging$", text, re.MULTILINE))
    learned = Counter(int(one) for one in re.findall(r"^## Use deploy-tool(\d+) instead", text, re.MULTILINE))
    lost: list[str] = []
    doubled: list[str] = []
    for number, _ in load.sessions.values():
        for what, found in (("journal entry", journal), ("lesson", learned)):
            if found[number] != 1:
                (doubled if found[number] else lost).append(
                    f"the {what} of session {number} is there {found[number]} times"
                )
    return lost, doubled


def _skill_texts(home: Path, settings: Mapping[str, str] | None) -> Iterator[str]:
    done = subprocess.run(
        [sys.executable, "-m", "seasoned", "skills", "export", str(home.parent / "skills")],
        env=environment(home, settings),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for path in sorted((home.parent / "skills").rglob("*.md")):
        yield path.read_text()


def unsound(home: Path, settings: Mapping[str, str] | None = None) -> list[str]:
    with opened(home, blobs=(settings or {}).get("SEASONED_BLOBS", "")) as store:
        return store.read_now(lambda connection: invariants.unsound(connection, store.blobs))


def traceback(log: str) -> list[str]:
    return [f"the server logged a traceback:\n{log[-4_000:]}"] if "Traceback" in log else []
