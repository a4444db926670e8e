"""`seasoned learn`, as another process, on the example sessions and on files made to hurt it."""

import json
import random
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from skills_ref import validate

from tests.support.command import command, entry_counts, environment, exported, seasoned
from tests.support.patience import PATIENCE_SECONDS

EXAMPLES = Path(__file__).parents[2] / "examples"
AIRLINE = str(EXAMPLES / "airline.json")
REAL = (AIRLINE, str(EXAMPLES / "claude-code.jsonl"), str(EXAMPLES / "shop" / "2026-03-04-cart-voucher.jsonl"))
KILLS = 6


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has learned from the real examples; tests only read it."""
    home = tmp_path_factory.mktemp("learned")
    done = seasoned(home, "learn", *REAL, "--json")
    assert done.code == 0, done.err
    return home


def test_json_names_the_space_the_sessions_and_the_skills(tmp_path: Path) -> None:
    report = seasoned(tmp_path, "learn", str(EXAMPLES), "--json").json()
    sessions, skills = report["sessions"], report["skills"]
    assert isinstance(report["space_id"], str)
    assert isinstance(sessions, list)
    assert isinstance(skills, list)
    assert len(sessions) == 14
    for session in sessions:
        assert session["status"] == "completed"
        assert session["messages"] > 0
        assert session["tasks"] >= 1
        assert session["lessons"] >= 0
        assert session["source"].startswith(("airline.json", "claude-code.jsonl", "2026-03-"))
    assert {"daily-logs", "user-general-facts"} < {skill["name"] for skill in skills}
    assert all("SKILL.md" in skill["files"] for skill in skills)


def test_a_second_run_does_nothing(learned: Path, tmp_path: Path) -> None:
    before = exported(learned, tmp_path / "before")
    done = seasoned(learned, "learn", *REAL)
    assert done.code == 0
    assert "Learned from 0 sessions; 10 already learned." in done.out
    assert exported(learned, tmp_path / "after") == before


def test_a_moved_file_is_not_learned_twice(learned: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.json"
    moved.write_bytes(Path(AIRLINE).read_bytes())
    assert "8 already learned." in seasoned(learned, "learn", str(moved)).out


def test_every_skill_that_is_written_passes_the_standards_validator(learned: Path, tmp_path: Path) -> None:
    exported(learned, tmp_path / "skills")
    folders = [path for path in (tmp_path / "skills").iterdir() if path.is_dir()]
    assert len(folders) >= 3
    for folder in folders:
        (folder / ".seasoned.json").unlink()
        assert validate(folder) == []


def test_two_undisturbed_runs_are_equal_byte_for_byte(learned: Path, tmp_path: Path) -> None:
    # With another seed of hashes, so that no order depends on it.
    assert seasoned(tmp_path / "home", "learn", *REAL, fresh=True).code == 0
    assert exported(tmp_path / "home", tmp_path / "a") == exported(learned, tmp_path / "b")


@pytest.mark.slow
def test_killed_at_random_moments_it_learns_the_same_in_the_end(learned: Path, tmp_path: Path) -> None:
    home, moments = tmp_path / "home", random.Random(7)  # noqa: S311 - moments, not secrets
    for _ in range(KILLS):
        process = subprocess.Popen(
            command("learn", *REAL),
            env=environment(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=moments.uniform(0.7, 2.5))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    done = seasoned(home, "learn", *REAL, "--json")
    assert done.code == 0, done.err
    assert entry_counts(exported(home, tmp_path / "a")) == entry_counts(exported(learned, tmp_path / "b"))


def many_runs(folder: Path) -> Path:
    """A file of enough sessions that a run over it takes some seconds."""
    runs = json.loads(Path(AIRLINE).read_text())
    more = [
        {**run, "traj": [*run["traj"], {"role": "assistant", "content": f"Case {n} is closed."}]}
        for n in range(4)
        for run in runs
    ]
    path = folder / "many.json"
    path.write_text(json.dumps(more))
    return path


def has_sessions(home: Path) -> bool:
    """Whether a run has begun to store sessions."""
    if not (home / "seasoned.db").exists():
        return False
    with closing(sqlite3.connect(home / "seasoned.db", timeout=PATIENCE_SECONDS)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sessions'").fetchone()[0]
        return bool(tables and connection.execute("SELECT count(*) FROM sessions").fetchone()[0])


@pytest.mark.sqlite
def test_ctrl_c_stops_with_a_sentence_and_the_next_run_goes_on(tmp_path: Path) -> None:
    home, file = tmp_path / "home", many_runs(tmp_path)
    # Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
    process = subprocess.Popen(
        command("learn", str(file)),
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    while not has_sessions(home):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "rerun the command to resume" in errors
    again = seasoned(home, "learn", str(file), "--json")
    assert again.code == 0
    sessions = again.json()["sessions"]
    assert isinstance(sessions, list)
    assert len(sessions) == 32
    assert {one["status"] for one in sessions} == {"completed"}
    assert 0 < sum(one["added"] == 0 for one in sessions) < 32


def test_two_runs_at_once_on_one_home_learn_everything_once(learned: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [
        subprocess.Popen(
            command("learn", *REAL, "--json"),
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    results = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    ids = [{one["id"] for one in json.loads(out)["sessions"]} for out, _ in results]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 10
    assert entry_counts(exported(home, tmp_path / "a")) == entry_counts(exported(learned, tmp_path / "b"))


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.jsonl", b"", "is empty"),
        ("binary.json", b"\x00\x01\x02" * 100, "is a binary file"),
        ("other.json", b'{"weather": "fine"}', "of no format that is known"),
        ("broken.json", b'{"messages": [', "is not valid JSON"),
    ],
)
def test_a_file_that_is_no_transcript_is_named_with_what_to_do(
    tmp_path: Path, name: str, data: bytes, sentence: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    done = seasoned(tmp_path / "home", "learn", str(file), AIRLINE, "--json")
    assert done.code == 1
    assert sentence in done.err
    assert name in done.err
    assert "Traceback" not in done.err
    # The file that can be read is learned from all the same.
    sessions = done.json()["sessions"]
    assert isinstance(sessions, list)
    assert len(sessions) == 8


def test_a_folder_without_sessions_an_unknown_path_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("hello")
    for words, sentence in (
        ((str(tmp_path / "notes"),), "contains no transcript"),
        ((str(tmp_path / "missing"),), "does not exist"),
        ((AIRLINE, "--format", "word"), "is unknown"),
    ):
        done = seasoned(tmp_path / "home", "learn", *words)
        assert (done.code, "Traceback" in done.err) == (1, False)
        assert sentence in done.err


def test_a_transcript_that_is_still_written_adds_only_what_is_new(tmp_path: Path) -> None:
    lines = (EXAMPLES / "claude-code.jsonl").read_bytes().splitlines(keepends=True)
    file, home = tmp_path / "session.jsonl", tmp_path / "home"
    file.write_bytes(b"".join(lines[:4]) + lines[4][: len(lines[4]) // 2])
    first = seasoned(home, "learn", str(file), "--json")
    assert first.code == 0
    assert "cut off" in first.err
    file.write_bytes(b"".join(lines))
    second = seasoned(home, "learn", str(file), "--json").json()["sessions"]
    whole = seasoned(tmp_path / "other", "learn", str(file), "--json").json()["sessions"]
    assert isinstance(second, list)
    assert isinstance(whole, list)
    assert second[0]["messages"] == whole[0]["messages"]
    assert 0 < second[0]["added"] < second[0]["messages"]


def test_a_transcript_that_was_rewound_since_is_another_session(tmp_path: Path) -> None:
    def line(number: int, parent: int | None, role: str, text: str) -> str:
        record = {
            "type": role,
            "uuid": f"u{number}",
            "parentUuid": None if parent is None else f"u{parent}",
            "sessionId": "rewound",
            "timestamp": f"2026-03-01T10:00:{number:02d}Z",
            "message": {"role": role, "content": text},
        }
        return json.dumps(record) + "\n"

    file, home = tmp_path / "session.jsonl", tmp_path / "home"
    begun = line(1, None, "user", "Rename report.txt please.") + line(2, 1, "assistant", "To which name?")
    first = line(3, 2, "user", "To final.txt.") + line(4, 3, "assistant", "Done.") + line(5, 4, "user", "Thanks!")
    other = (
        line(6, 2, "user", "To summary.txt instead.") + line(7, 6, "assistant", "Done.") + line(8, 7, "user", "Good.")
    )
    file.write_text(begun + first)
    before = seasoned(home, "learn", str(file), "--json").json()["sessions"]
    file.write_text(begun + first + other)
    after = seasoned(home, "learn", str(file), "--json").json()["sessions"]
    again = seasoned(home, "learn", str(file), "--json").json()["sessions"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert isinstance(again, list)
    assert after[0]["id"] != before[0]["id"]
    assert after[0]["messages"] == 5
    assert again[0] == {**after[0], "added": 0}


def test_a_message_of_five_megabytes_and_odd_characters_are_learned_from(tmp_path: Path) -> None:
    chat = [
        {"role": "user", "content": "Please summarise this log: " + "x" * 5_000_000},
        {"role": "assistant", "content": "It holds nothing but the letter x."},
        {"role": "tool", "tool_call_id": "no-such-call", "content": "half \ud800 pair and NUL \x00"},
        {"content": "no role"},
        {"role": "user", "content": "Thanks, that is all."},
    ]
    file = tmp_path / "chat.json"
    file.write_text(json.dumps(chat))
    done = seasoned(tmp_path / "home", "learn", str(file), "--json")
    assert done.code == 0, done.err
    assert "message 4 was left out" in done.err
    sessions = done.json()["sessions"]
    assert isinstance(sessions, list)
    assert sessions[0]["status"] == "completed"
    assert sessions[0]["messages"] == 4


def test_a_full_disk_ends_with_a_sentence_and_the_next_run_goes_on(learned: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    limited = ["bash", "-c", 'ulimit -f "$1"; shift; exec "$@"', "limited", "300"]
    done = subprocess.run(
        [*limited, *command("learn", *REAL)], env=environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode not in (0, -signal.SIGSEGV), done.stdout
    assert "Traceback" not in done.stderr
    assert seasoned(home, "learn", *REAL).code == 0
    assert entry_counts(exported(home, tmp_path / "a")) == entry_counts(exported(learned, tmp_path / "b"))


def test_learning_that_waits_says_what_for_and_is_gone_on_with(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "files"
    folder.mkdir()
    talk = [{"role": "user", "content": "Rename a.txt to b.txt."}, {"role": "assistant", "content": "Done: renamed."}]
    (folder / "good.json").write_text(json.dumps({"messages": talk}))
    (folder / "broken.json").write_text('{"messages": [')
    nobody = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "none"}
    for settings in ({"SEASONED_MODEL": "openai:one", **nobody}, {"SEASONED_MODEL": "openai:other", **nobody}):
        process = subprocess.Popen(
            command("learn", str(folder)),
            env=environment(home, **settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        )
        assert process.stderr is not None
        seen: list[str] = []
        while not seen or not seen[-1].startswith("waiting: "):
            seen.append(process.stderr.readline())
            assert seen[-1], seen
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
        assert seen[0].startswith("note: not read: ")
        assert "cannot be reached" in seen[-1]
        assert not [line for line in seen if "Traceback" in line]
    told = seasoned(home, "doctor", "--json")
    assert told.code == 1
    assert "cannot be reached" in next(one["detail"] for one in json.loads(told.out) if one["name"] == "waiting")
    assert json.loads(seasoned(home, "learn", "--dry-run", "--json", str(folder)).out)["messages"] == 2
    done = json.loads(seasoned(home, "learn", "--json", str(folder)).out)
    assert [one["status"] for one in done["sessions"]] == ["completed"]
    assert done["skipped"] == 1
    assert seasoned(home, "learn", "--dry-run", str(folder / "broken.json")).code == 1
