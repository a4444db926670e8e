"""A backup taken under load is consistent, and a home made of it serves the same skills byte for byte."""

import hashlib
import io
import json
import sqlite3
import threading
from pathlib import Path

import pytest

from seasoned.store import backup as backups
from tests.support.command import exported, seasoned
from tests.support.server import Server, running, wait_until

pytestmark = pytest.mark.sqlite

EXAMPLES = Path(__file__).parents[2] / "examples"
DUMPS = sorted((Path(__file__).parents[1] / "data").glob("home-*.sql"))
# The key that the home keeps, as commands beside the server use it.
SETTINGS = {"SEASONED_API_KEY": ""}


def kept_key(home: Path) -> str:
    return (home / "api-key").read_text().strip()


class Load:
    """Clients that store messages, small, large and with files, until told to stop; what was acknowledged."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(3)]
        self.stored: list[str] = []
        self.failures: list[Exception] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, worker: int) -> None:
        try:
            with self._server.http(kept_key(self._server.home)) as http:
                session = http.post("/session", json={}).json()["data"]["id"]
                number = 0
                while not self._stop.is_set():
                    number += 1
                    text = f"message {worker} {number}" + "x" * (100_000 if number % 3 == 0 else 10)
                    blob = {"role": "user", "content": text}
                    answer = http.post(f"/session/{session}/messages", json={"format": "openai", "blob": blob})
                    assert answer.status_code == 201, answer.text
                    self.stored.append(answer.json()["data"]["id"])
                    disk = http.post("/disk", json={}).json()["data"]["id"]
                    data = f"{worker} {number} ".encode() * 20_000
                    made = http.post(
                        f"/disk/{disk}/artifact", data={"file_path": "/a/"}, files={"file": ("a.bin", io.BytesIO(data))}
                    )
                    assert made.status_code == 201, made.text
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.failures.append(error)


@pytest.mark.slow
def test_a_backup_under_load_is_consistent_and_a_restored_home_serves_the_same(tmp_path: Path) -> None:
    with running(tmp_path, SETTINGS) as server:
        learned = seasoned(server.home, "learn", str(EXAMPLES / "airline.json"))
        assert learned.code == 0, learned.err
        skills = exported(server.home, tmp_path / "before")
        with Load(server) as load:
            wait_until(lambda: len(load.stored) > 20 or bool(load.failures), "there is load")
            before = list(load.stored)
            done = seasoned(server.home, "backup", str(tmp_path / "backup"), "--json")
            after = len(load.stored)
            wait_until(lambda: len(load.stored) > after or bool(load.failures), "the load goes on")
        assert load.failures == []
        assert done.code == 0, done.err
        assert done.json()["blobs"]
    home = tmp_path / "restored" / "home"
    assert seasoned(home, "restore", str(tmp_path / "backup")).code == 0
    rows = sqlite3.connect(home / "seasoned.db")
    kept = {row[0] for row in rows.execute("SELECT id FROM messages")}
    named = {row[0] for row in rows.execute("SELECT parts_sha256 FROM messages WHERE parts_sha256 IS NOT NULL")}
    named |= {row[0] for row in rows.execute("SELECT sha256 FROM artifacts") if row[0]}
    inline = {row[0] for row in rows.execute("SELECT sha256 FROM contents")}
    rows.close()
    assert set(before) <= kept
    assert named - inline
    for sha256 in named - inline:
        assert hashlib.sha256((home / "blobs" / sha256[:2] / sha256).read_bytes()).hexdigest() == sha256
    with running(home.parent, SETTINGS) as server:
        assert exported(server.home, tmp_path / "after") == skills
        with server.http(kept_key(server.home)) as http:
            assert http.get("/ping").status_code == 200
    for path in home.rglob("*"):
        assert not path.stat().st_mode & 0o077, path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something learned."""
    folder = tmp_path_factory.mktemp("home") / "home"
    assert seasoned(folder, "learn", str(EXAMPLES / "airline.json")).code == 0
    return folder


def test_the_key_of_a_home_opens_the_restored_one(home: Path, tmp_path: Path) -> None:
    assert seasoned(home, "backup", str(tmp_path / "backup")).code == 0
    assert seasoned(tmp_path / "new", "restore", str(tmp_path / "backup")).code == 0
    for name in ("secret", "api-key"):
        assert (tmp_path / "new" / name).read_bytes() == (home / name).read_bytes()
    assert seasoned(tmp_path / "new", "doctor").code == 0


def test_a_home_that_is_not_empty_is_kept_unless_it_is_to_be_replaced(home: Path, tmp_path: Path) -> None:
    assert seasoned(home, "backup", str(tmp_path / "backup")).code == 0
    target = tmp_path / "home"
    assert seasoned(target, "projects", "create", "mine", "--json").code == 0
    database = (target / "seasoned.db").read_bytes()
    done = seasoned(target, "restore", str(tmp_path / "backup"))
    assert (done.code, "--replace" in done.err) == (1, True)
    assert (target / "seasoned.db").read_bytes() == database
    done = seasoned(target, "restore", str(tmp_path / "backup"), "--replace", "--json")
    assert done.code == 0, done.err
    assert exported(target, tmp_path / "b") == exported(home, tmp_path / "a")
    aside = Path(str(done.json()["replaced"]))
    assert (aside / "seasoned.db").read_bytes() == database


def test_a_home_that_is_served_is_not_replaced(home: Path, tmp_path: Path) -> None:
    assert seasoned(home, "backup", str(tmp_path / "backup")).code == 0
    with running(tmp_path) as server:
        done = seasoned(server.home, "restore", str(tmp_path / "backup"), "--replace")
        assert (done.code, "stop the server" in done.err) == (1, True)
        with server.http() as http:
            assert http.post("/session", json={}).status_code == 201


@pytest.mark.parametrize("damage", ["change", "remove", "manifest", "database"])
def test_a_damaged_backup_is_refused_and_nothing_is_made_of_it(home: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "backup"
    assert seasoned(home, "backup", str(folder)).code == 0
    database = folder / "seasoned.db"
    if damage == "change":
        raw = bytearray(database.read_bytes())
        raw[5_000] ^= 1
        database.write_bytes(raw)
    elif damage == "remove":
        (folder / "secret").unlink()
    elif damage == "manifest":
        (folder / "manifest.json").write_text("{}")
    else:
        # A manifest that fits, of a database that does not name what is there.
        with sqlite3.connect(database) as rows:
            rows.execute("UPDATE files SET sha256 = ? WHERE rowid IN (SELECT rowid FROM files LIMIT 1)", ("0" * 64,))
        rows.close()
        manifest = json.loads((folder / "manifest.json").read_text())
        for entry in manifest["files"]:
            if entry["path"] == "seasoned.db":
                entry["sha256"], entry["size"] = backups._digest(database)
        (folder / "manifest.json").write_text(json.dumps(manifest))
    done = seasoned(tmp_path / "new", "restore", str(folder))
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert not (tmp_path / "new").exists()


def test_a_backup_is_never_written_over_another_or_into_the_home(home: Path, tmp_path: Path) -> None:
    assert seasoned(home, "backup", str(tmp_path / "backup")).code == 0
    manifest = (tmp_path / "backup" / "manifest.json").read_bytes()
    for target in (tmp_path / "backup", home / "backup"):
        assert seasoned(home, "backup", str(target)).code == 1
    assert (tmp_path / "backup" / "manifest.json").read_bytes() == manifest
    assert seasoned(tmp_path / "nothing", "backup", str(tmp_path / "other")).code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup"]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_a_home_of_an_earlier_release_is_backed_up_as_it_is_and_opens_once_restored(tmp_path: Path, dump: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    with sqlite3.connect(old / "seasoned.db") as rows:
        rows.executescript(dump.read_text())
        schema = rows.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    rows.close()
    done = seasoned(old, "backup", str(tmp_path / "backup"))
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "backup" / "manifest.json").read_text())["schema"] == schema
    new = tmp_path / "new"
    assert seasoned(new, "restore", str(tmp_path / "backup")).code == 0
    # Taking the backup has not brought the old home to this release; both open and hold the same.
    with sqlite3.connect(old / "seasoned.db") as rows:
        assert rows.execute("SELECT version_num FROM alembic_version").fetchone()[0] == schema
    rows.close()
    assert exported(new, tmp_path / "a") == exported(old, tmp_path / "b")


def test_an_empty_folder_is_filled_and_not_replaced_since_it_may_be_a_mounted_disk(home: Path, tmp_path: Path) -> None:
    backup, new = tmp_path / "backup", tmp_path / "new"
    for folder in (backup, new):
        folder.mkdir(mode=0o700)
    before = [folder.stat().st_ino for folder in (backup, new)]
    assert seasoned(home, "backup", str(backup)).code == 0
    assert seasoned(new, "restore", str(backup)).code == 0
    assert [folder.stat().st_ino for folder in (backup, new)] == before
    assert exported(new, tmp_path / "a") == exported(home, tmp_path / "b")
    assert sorted(path.name for path in backup.iterdir()) == [
        "api-key",
        "blobs",
        "manifest.json",
        "seasoned.db",
        "secret",
    ]


def test_a_folder_that_cannot_be_made_is_not_said_to_be_full(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = seasoned(home, "backup", str(tmp_path / "file" / "backup"))
    assert (done.code, "Traceback" in done.err, "free some space" in done.err) == (1, False, False)
    assert "cannot be read or written" in done.err
