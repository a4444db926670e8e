"""What one client's hostile content costs the others: how long another client's POST of a message takes meanwhile.

`writer`: every way in for a skill's file, with contents that are made to be dear. Each line compares with a calm run
on the same server just before, and says how long the writer's longest transaction lasted.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import msgspec

from server import Server, running

CALM_SECONDS = 3.0
PAUSE_SECONDS = 0.01
TIMEOUT_SECONDS = 120.0
HEAD = "---\nname: {}\ndescription: Says how things are done. Use it in benchmarks.\n---\n# Notes\n"
LONGEST = "seasoned_write_transaction_seconds_max"

# Nearly 2 MB each, of what takes longest for its size; what differs gives the index something to keep.
CONTENTS: dict[str, Callable[[], dict[str, str]]] = {
    "items": lambda: {"notes/long.md": "- a\n" * 500_000},
    "telling items": lambda: {"notes/long.md": "".join(f"- fact {n:07d}\n" for n in range(120_000))},
    "headings": lambda: {"notes/long.md": "".join(f"## h{n}\n" for n in range(180_000))},
    "files": lambda: {f"n/{n}.md": "".join(f"- fact {n} {m}\n" for m in range(700)) for n in range(190)},
    "rows": lambda: {"notes/long.md": "| a | b |\n" * 200_000},
    "deep": lambda: {"notes/long.md": ("> " * 200 + "- a\n") * 5_000},
}


class Times(msgspec.Struct):
    """How long another client's POSTs took, in milliseconds."""

    taken: list[float]

    def __str__(self) -> str:
        ordered = sorted(self.taken)
        p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
        return f"p50 {p50:6.1f}  p99 {p99:7.1f}  max {ordered[-1]:7.1f} ms over {len(ordered):5}"


@contextmanager
def another_client(server: Server) -> Iterator[Times]:
    """A client that posts small messages, one after another, until the block ends."""
    times, over = Times([]), threading.Event()

    def post() -> None:
        with client_of(server) as client:
            session = client.post("/session", json={"disable_task_tracking": True}).json()["data"]["id"]
            body = {"blob": {"role": "user", "content": "a small message"}}
            while not over.is_set():
                started = time.perf_counter()
                client.post(f"/session/{session}/messages", json=body).raise_for_status()
                times.taken.append(1_000 * (time.perf_counter() - started))
                time.sleep(PAUSE_SECONDS)

    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join()


def client_of(server: Server) -> httpx.Client:
    """A client of the API."""
    headers = {"authorization": f"Bearer {server.key}"}
    return httpx.Client(base_url=f"{server.url}/api/v1", headers=headers, timeout=TIMEOUT_SECONDS)


def writer(server: Server, names: Sequence[str]) -> None:
    """Upload contents in every way while another client posts."""
    for name in names:
        content = CONTENTS[name]()
        with another_client(server) as calm:
            time.sleep(CALM_SECONDS)
        print(f"{name:15} calm                        {calm}")
        with client_of(server) as client:
            space = client.post("/learning_spaces", json={}).json()["data"]["id"]
            skill: dict[str, str] = {}
            for what, work in _ways(client, space, name, content, skill):
                with another_client(server) as times:
                    started = time.perf_counter()
                    work()
                    seconds = time.perf_counter() - started
                    time.sleep(CALM_SECONDS)  # the index goes on by itself
                print(f"{name:15} {what:18} {seconds:6.2f} s  {times}")


def _ways(
    client: httpx.Client, space: str, name: str, content: dict[str, str], skill: dict[str, str]
) -> Iterator[tuple[str, Callable[[], object]]]:
    named = name.replace(" ", "-")
    first = next(iter(content))

    def upload() -> None:
        archive = BytesIO()
        with ZipFile(archive, "w", ZIP_DEFLATED) as target:
            target.writestr("SKILL.md", HEAD.format(named))
            for number, (path, text) in enumerate(content.items()):
                # What shrinks to nothing is refused as a bomb.
                target.writestr(path, text, compress_type=ZIP_DEFLATED if number else 0)
        files = {"file": ("skill.zip", archive.getvalue(), "application/zip")}
        told = client.post("/agent_skills", files=files).raise_for_status().json()["data"]
        skill.update(id=told["id"], disk=told["disk_id"])

    def include() -> None:
        client.post(f"/learning_spaces/{space}/skills", json={"skill_id": skill["id"]}).raise_for_status()

    def exclude() -> None:
        client.delete(f"/learning_spaces/{space}/skills/{skill['id']}").raise_for_status()

    def write(text: str) -> None:
        data = {"file_path": f"/{Path(first).parent}/"}
        files = {"file": (Path(first).name, text.encode(), "text/markdown")}
        client.post(f"/disk/{skill['disk']}/artifact", data=data, files=files).raise_for_status()

    yield "upload", upload
    yield "include", include
    yield "write another", lambda: write("".join(f"{line}x\n" for line in content[first].split("\n")))
    yield "exclude", exclude
    yield "include again", include
    yield "delete", lambda: client.delete(f"/agent_skills/{skill['id']}").raise_for_status()


def main() -> None:
    """Print what each content costs the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contents", nargs="*", choices=sorted(CONTENTS), default=list(CONTENTS))
    options = parser.parse_args()
    with running() as server:
        writer(server, options.contents)
        longest = [line for line in httpx.get(f"{server.url}/metrics").text.splitlines() if line.startswith(LONGEST)]
        print("\n".join(longest))


if __name__ == "__main__":
    main()
