"""Reading past sessions from files: what every format shares."""

import gzip
import json
import os
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned import importers
from seasoned.errors import BadTranscript, Invalid
from seasoned.importers import Transcript, finding, reading, times
from seasoned.message import Json, JsonObject
from tests.support.examples import on_one_fixture
from tests.support.growth import check_linear, text_of

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = Path(__file__).parents[2] / "examples"
CHAT: list[Json] = [{"role": "user", "content": "Rename it"}, {"role": "assistant", "content": "Done"}]


def write(path: Path, *records: Json) -> Path:
    """A JSONL file."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def write_json(path: Path, value: Json) -> Path:
    path.write_text(json.dumps(value))
    return path


def find(paths: Sequence[Path], format_: str = "auto") -> list[Path]:
    return list(importers.search(paths, format_).files)


def read(path: Path, format_: str = "auto") -> list[Transcript]:
    return list(importers.read(path, format_))


def only(path: Path) -> Transcript:
    (transcript,) = read(path)
    return transcript


def prose(transcript: Transcript) -> list[str]:
    return [timed.message.prose() for timed in transcript.messages]


def refusal(path: Path, format_: str = "auto") -> str:
    with pytest.raises(BadTranscript) as caught:
        read(path, format_)
    return str(caught.value)


class TestReadingAnyFile:
    def test_an_empty_file_is_refused_by_name(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.jsonl"
        path.write_text(" \n\n")
        assert refusal(path) == f"{path} is empty; give a transcript that has messages."

    @pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\x00\x00", b"\x00" * 100])
    def test_a_binary_file_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(content)
        assert "is a binary file" in refusal(path)

    @pytest.mark.parametrize(
        ("head", "why"),
        [
            (b"PK\x03\x04", "is a damaged archive"),
            (b"\x1f\x8b\x08", "cannot be unpacked"),
            (b"\x28\xb5\x2f\xfd", "cannot be"),
            (b"SQLite format 3\x00", "is a database that cannot be read"),
        ],
    )
    def test_a_damaged_packed_file_is_refused(self, tmp_path: Path, head: bytes, why: str) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(head + b"rest" * 100)
        assert why in refusal(path)
        assert why in refusal(path, "codex")

    def test_a_compressed_file_is_read_as_the_file_inside_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(gzip.compress(write(tmp_path / "a.jsonl", *CHAT).read_bytes()))
        assert prose(only(path)) == ["Rename it", "Done"]
        assert path in find([tmp_path])

    def test_a_database_or_archive_of_another_program_is_named(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "a.db")) as base:
            base.execute("CREATE TABLE notes (text TEXT)")
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("notes.txt", "x")
        assert "looks like a database, which has no session" in refusal(tmp_path / "a.db")
        assert "looks like an archive, which has no session" in refusal(tmp_path / "a.zip")

    def test_another_kind_of_json_is_refused_with_what_was_seen(self, tmp_path: Path) -> None:
        text = refusal(write_json(tmp_path / "package.json", {"name": "x", "version": "1"}))
        assert "of no format that is known: it is an object with the keys name, version (1)" in text

    @pytest.mark.parametrize("value", [{"role": ["user"], "content": "x"}, [[]], [None], 7, "text", {"messages": 3}])
    def test_json_that_only_looks_like_a_chat_is_refused(self, tmp_path: Path, value: Json) -> None:
        assert "is of no format that is known" in refusal(write_json(tmp_path / "a.json", value))

    def test_a_file_that_is_read_as_the_wrong_format_is_refused(self, tmp_path: Path) -> None:
        path = write_json(tmp_path / "a.json", CHAT)
        for name in ("claude-code", "tau-bench"):
            assert f"contains no message in the format {name}" in refusal(path, name)

    def test_an_unknown_format_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="use one of auto, codex, "):
            read(write_json(tmp_path / "a.json", CHAT), "word")

    def test_a_missing_file_a_folder_and_a_pipe_are_refused(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe.json"
        os.mkfifo(pipe)
        assert "cannot be read" in refusal(tmp_path / "none.json")
        assert "is not a regular file" in refusal(tmp_path)
        assert "is not a regular file" in refusal(pipe)

    def test_broken_json_is_refused_with_its_row(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_text('{"messages": [\n  {"role": "user", "content": "x"},\n  oops\n]}')
        assert refusal(path) == (
            f"{path}: the file is not valid JSON (row 3): Expecting value; "
            "repair it, or give a JSON or JSONL transcript."
        )

    def test_a_json_file_over_the_limit_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "big.json"
        with path.open("wb") as file:
            file.write(b'{"messages": [{"role": "user", "content": "x"},\n')
            file.truncate(reading.JSON_BYTES_MAX + 1)
        assert "over 64 MiB; split it" in refusal(path)

    def test_a_list_is_read_item_by_item_and_may_be_longer_than_one_value_may_be(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "JSON_BYTES_MAX", 2_000_000)
        item: JsonObject = {"conversations": [{"from": "human", "value": "x" * 1_500_000}]}
        assert len(read(write_json(tmp_path / "a.json", [item, item, item]))) == 3
        item["more"] = "\ud83d\ude00" * 600_000
        with pytest.raises(BadTranscript, match="item 2 is over 1 MiB; split it"):
            read(write_json(tmp_path / "b.json", [{"conversations": []}, item]), "sharegpt")

    def test_a_line_over_the_limit_is_refused_with_its_number(self, tmp_path: Path) -> None:
        path = write(tmp_path / "big.jsonl", CHAT[0])
        with path.open("ab") as file:
            file.truncate(path.stat().st_size + reading.LINE_BYTES_MAX + 1)
        assert "line 2 is over 64 MiB" in refusal(path)

    @pytest.mark.parametrize("depth", [reading.DEPTH_MAX + 2, 900, 200_000])
    def test_deep_nesting_is_refused(self, tmp_path: Path, depth: int) -> None:
        path = tmp_path / "deep.json"
        path.write_text('{"messages": ' + "[" * depth + "]" * depth + "}")
        assert "nested deeper than 100 levels" in refusal(path)

    def test_a_deep_line_is_left_out_with_a_warning(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.jsonl", *CHAT)
        with path.open("a") as file:
            file.write('{"role": "user", "content": ' + "[" * 5000 + "]" * 5000 + "}\n")
        transcript = only(path)
        assert len(transcript.messages) == 2
        assert "line 3 is nested deeper" in transcript.warnings[0]

    def test_a_cut_off_last_line_is_told_and_the_rest_is_read(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.jsonl", *CHAT)
        with path.open("a") as file:
            file.write('{"role": "user", "content": "and th')
        transcript = only(path)
        assert prose(transcript) == ["Rename it", "Done"]
        assert transcript.warnings == ("line 3 was cut off and left out",)

    def test_a_line_cut_inside_of_a_character_is_a_cut_off_line(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.jsonl", *CHAT)
        with path.open("ab") as file:
            file.write('{"role": "user", "content": "caf\u00e9'.encode()[:-1])
        assert only(path).warnings == ("line 3 was cut off and left out",)

    def test_a_broken_line_in_the_middle_is_told_with_its_number(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(f"{json.dumps(CHAT[0])}\n{{broken\n\n[1, 2\n{json.dumps(CHAT[1])}\n")
        transcript = only(path)
        assert prose(transcript) == ["Rename it", "Done"]
        assert [warning[:28] for warning in transcript.warnings] == [
            "line 2 is not valid JSON: Ex",
            "line 4 is not valid JSON: Ex",
        ]

    def test_zeros_that_a_crash_left_behind_are_told_as_a_broken_line(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_bytes(json.dumps(CHAT[0]).encode() + b"\n" + b"\x00" * 50 + b"\n" + json.dumps(CHAT[1]).encode())
        transcript = only(path)
        assert prose(transcript) == ["Rename it", "Done"]
        assert "line 2" in transcript.warnings[0]

    def test_lone_surrogates_are_replaced_with_a_warning(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_text('[{"role": "user", "content": "a\\ud800b \\ud83d\\ude00 \\udc00"}]')
        transcript = only(path)
        assert prose(transcript) == ["a\ufffdb \U0001f600 \ufffd"]
        assert transcript.warnings == ("the file: half UTF-16 pairs (lone surrogates) were replaced by U+FFFD",)

    def test_nul_is_kept(self, tmp_path: Path) -> None:
        assert prose(only(write_json(tmp_path / "a.json", [{"role": "user", "content": "a\0b"}]))) == ["a\0b"]

    def test_a_byte_order_mark_and_nan_are_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(b'\xef\xbb\xbf{"reward": NaN, "messages": [{"role": "user", "content": "x"}]}')
        transcript = only(path)
        assert prose(transcript) == ["x"]
        assert transcript.outcome is None
        assert transcript.warnings == ()

    def test_warnings_are_bounded(self, tmp_path: Path) -> None:
        broken: list[Json] = [{"role": "user", "content": number} for number in range(500)]
        path = write(tmp_path / "a.jsonl", *CHAT, *broken)
        warnings = only(path).warnings
        assert len(warnings) == reading.WARNINGS_MAX + 1
        assert warnings[-1] == "and 480 more warnings"

    def test_the_name_of_a_file_need_not_be_valid_unicode(self, tmp_path: Path) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/chat\xff.json"))
        assert only(write_json(path, CHAT)).source.encode() == b"chat?.json"
        assert "\ufffd" in refusal(write_json(path, {})) or "?" in refusal(write_json(path, {}))

    def test_reading_twice_gives_the_same(self) -> None:
        for path in find([DATA, EXAMPLES]):
            assert read(path) == read(path)

    def test_a_moved_file_keeps_its_keys(self, tmp_path: Path) -> None:
        for path in find([DATA, EXAMPLES]):
            moved = tmp_path / f"other{path.suffix}"
            moved.write_bytes(path.read_bytes())
            assert [one.key for one in read(moved)] == [one.key for one in read(path)]


class TestTheExamples:
    def test_every_run_of_the_airline_is_read_with_its_outcome(self) -> None:
        runs = read(EXAMPLES / "airline.json")
        assert [run.outcome for run in runs].count("success") == 5
        assert [run.outcome for run in runs].count("failed") == 3
        assert len({run.key for run in runs}) == 8
        assert not [warning for run in runs for warning in run.warnings]

    def test_the_coding_session_is_read(self) -> None:
        session = only(EXAMPLES / "claude-code.jsonl")
        assert session.key == "claude-code:test_session"
        assert len(session.messages) == 11
        assert session.warnings == ()

    def test_they_are_small_and_attributed(self) -> None:
        sources = (EXAMPLES / "SOURCES.md").read_text()
        for path in find([EXAMPLES]):
            assert path.stat().st_size < 200_000
            assert f"`{path.name}`" in sources


class TestFinding:
    def test_a_folder_is_walked_and_what_is_no_transcript_is_counted(self, tmp_path: Path) -> None:
        (tmp_path / "b").mkdir()
        second = write_json(tmp_path / "b" / "a.json", CHAT)
        first = write(tmp_path / "a.jsonl", *CHAT)
        write_json(tmp_path / "package.json", {"name": "x"})
        (tmp_path / "broken.json").write_text("{")
        (tmp_path / "empty.jsonl").write_text("")
        (tmp_path / "notes.txt").write_text("not looked at")
        found = importers.search([tmp_path])
        assert found.files == (first, second)
        assert found.skipped == 3
        assert find([tmp_path]) == [first, second]

    def test_hidden_folders_and_dependencies_are_not_entered(self, tmp_path: Path) -> None:
        for name in (".git", "node_modules", "kept"):
            (tmp_path / name).mkdir()
            write_json(tmp_path / name / "a.json", CHAT)
        assert find([tmp_path]) == [tmp_path / "kept" / "a.json"]

    def test_a_hidden_folder_that_is_named_is_entered(self, tmp_path: Path) -> None:
        hidden = tmp_path / ".claude"
        hidden.mkdir()
        assert find([hidden.parent / ".claude" / write_json(hidden / "a.json", CHAT).name])
        assert find([hidden]) == [hidden / "a.json"]

    def test_a_circle_of_links_ends(self, tmp_path: Path) -> None:
        write_json(tmp_path / "a.json", CHAT)
        (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
        assert find([tmp_path]) == [tmp_path / "a.json"]

    def test_folders_are_entered_to_a_bounded_depth(self, tmp_path: Path) -> None:
        deep = tmp_path
        for _ in range(finding.DEPTH_MAX + 2):
            deep = deep / "d"
            deep.mkdir()
            write_json(deep / "a.json", CHAT)
        assert len(find([tmp_path])) == finding.DEPTH_MAX

    def test_too_many_files_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(finding, "FILES_MAX", 3)
        for number in range(4):
            write_json(tmp_path / f"{number}.json", CHAT)
        with pytest.raises(Invalid, match="more than 3 files; give the folder of the transcripts"):
            find([tmp_path])

    def test_a_folder_without_transcripts_and_a_missing_path_are_refused(self, tmp_path: Path) -> None:
        write_json(tmp_path / "package.json", {})
        with pytest.raises(BadTranscript, match=r"contains no transcript \(1 JSON files checked\)"):
            find([tmp_path])
        for missing in (tmp_path / "none", tmp_path / ("x" * 500), Path("a\0b")):
            with pytest.raises(Invalid):
                find([missing])

    def test_a_file_that_is_named_is_taken_so_that_reading_it_tells_what_is_wrong(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("some notes")
        assert find([path]) == [path]
        assert "not valid JSON" in refusal(path)

    def test_a_path_that_is_named_twice_is_found_once_and_the_order_is_that_of_the_names(self, tmp_path: Path) -> None:
        one, two = write_json(tmp_path / "1.json", CHAT), write_json(tmp_path / "2.json", CHAT)
        assert find([two, tmp_path, one]) == [one, two]

    def test_with_a_format_only_its_files_are_found(self) -> None:
        found = find([DATA], "tau-bench")
        assert [path.name for path in found] == ["f07-tau2.json", "f08-tau2-one.json", "tau-bench.json"]

    def test_a_session_in_which_nothing_was_said_is_skipped(self, tmp_path: Path) -> None:
        write(tmp_path / "a.jsonl", {"type": "summary", "summary": "x", "leafUuid": "1"})
        write_json(tmp_path / "b.json", CHAT)
        assert [path.name for path in find([tmp_path])] == ["b.json"]


class TestTimes:
    MOMENT = 1_718_355_600_123_000

    @pytest.mark.parametrize(
        "value",
        [
            "2024-06-14T09:00:00.123Z",
            "2024-06-14T11:00:00.123+02:00",
            "2024-06-14 09:00:00.123",
            1_718_355_600_123,
            1_718_355_600.123,
            1_718_355_600_123_000,
            1_718_355_600_123_000_000,
            "1718355600.123",
        ],
    )
    def test_a_time_is_read_in_many_forms(self, value: Json) -> None:
        assert times.time_of({"timestamp": value}) == self.MOMENT
        assert times.time_of({"created_at": value}) == self.MOMENT

    @pytest.mark.parametrize("value", [None, "", "yesterday", True, 0, -5, 10**30, "9" * 70, "nan", "inf", {}, []])
    def test_what_is_no_time_is_none(self, value: Json) -> None:
        assert times.time_of({"timestamp": value}) is None

    def test_a_year_before_1970_is_no_time(self) -> None:
        assert times.time_of({"timestamp": "0001-01-01T00:00:00Z"}) is None

    def test_gaps_are_filled_with_the_time_before(self) -> None:
        assert times.filled([None, 5, None, 7, None], 1) == [5, 5, 5, 7, 7]
        assert times.filled([None, None], 1) == [1, 1]

    def test_without_times_the_files_own_is_taken(self, tmp_path: Path) -> None:
        path = write_json(tmp_path / "a.json", CHAT)
        os.utime(path, ns=(0, 1_700_000_000_000_001_000))
        assert [timed.at for timed in only(path).messages] == [1_700_000_000_000_001] * 2


words = st.sampled_from(["user", "assistant", "tool", "text", "tool_use", "tool_result"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            [
                "type", "role", "content", "message", "messages", "traj", "task_id", "trial", "reward", "uuid",
                "parentUuid", "sessionId", "agentId", "isSidechain", "tool_calls", "text", "timestamp", "id",
                "attachment", "prompt",
            ]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


def check_reading(path: Path) -> None:
    """Whatever a file holds, reading gives whole transcripts or says what is wrong."""
    for name in importers.FORMATS:
        try:
            found = read(path, name)
        except BadTranscript as error:
            assert str(error).startswith(str(path))
            continue
        assert found
        for transcript in found:
            assert transcript.messages
            for text in (transcript.key, transcript.source, transcript.user, *transcript.warnings):
                text.encode()
            for timed in transcript.messages:
                "".join(timed.message.texts()).encode()


class TestHostileFiles:
    @on_one_fixture()
    @given(values=st.lists(json_values, max_size=4), suffix=st.sampled_from([".json", ".jsonl"]))
    def test_any_json_is_read_or_refused(self, tmp_path: Path, values: list[Json], suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_text("\n".join(json.dumps(value) for value in values))
        check_reading(path)
        path.write_text(json.dumps(values))
        check_reading(path)

    @on_one_fixture()
    @given(at=st.integers(0, 9_000), byte=st.integers(0, 255), cut=st.integers(0, 9_000))
    def test_a_damaged_file_is_read_or_refused(self, tmp_path: Path, at: int, byte: int, cut: int) -> None:
        for name in ("claude-code-edge.jsonl", "tau-bench.json"):
            content = bytearray((DATA / name).read_bytes())
            content[at] = byte
            path = tmp_path / name
            path.write_bytes(content[: len(content) - cut])
            check_reading(path)

    @pytest.mark.parametrize("unit", ["<system-reminder>", "<", " ", "<bash-input ", "[Request interrupted by user",
                                      "<system-reminder></bash-input>"])  # fmt: skip
    def test_tags_and_blanks_cost_no_more_than_their_length(self, tmp_path: Path, unit: str) -> None:
        def stored(chars: int) -> Path:
            content = f"{text_of(unit)(chars)}x"
            message: JsonObject = {"role": "user", "content": content}
            record: JsonObject = {"type": "user", "uuid": "1", "sessionId": "s", "message": message}
            return write(tmp_path / f"{chars}.jsonl", record)

        check_linear(stored, only, 400_000)
        assert len(only(stored(400_000)).messages) == 1
