"""The size rules of this project, kept as a test so that the tree stays readable."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FILE_LINES_MAX = 800
FILE_LINES_REASON = 500
TEST_LINES_MAX = 1_000
FUNCTION_LINES_MAX = 70
CLOCK = re.compile(r"\bprocess_time|\bthread_time|\bperf_counter|\bmonotonic\b|\btime\.time\(|[.]elapsed\b")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_source_file_is_short_or_says_why_not() -> None:
    for path in SOURCES:
        text = path.read_text()
        lines = text.count("\n")
        assert lines <= FILE_LINES_MAX, f"{name(path)}: {lines} lines"
        if lines > FILE_LINES_REASON:
            docstring = ast.get_docstring(ast.parse(text)) or ""
            assert "long" in docstring.lower(), f"{name(path)}: {lines} lines without a reason in the docstring"


def test_a_test_file_is_not_too_long() -> None:
    assert [name(path) for path in TESTS if path.read_text().count("\n") > TEST_LINES_MAX] == []


def test_a_function_fits_on_a_screen() -> None:
    for path in SOURCES:
        if "migrations" in path.parts:
            continue  # generated lists of columns, written once
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= FUNCTION_LINES_MAX, f"{name(path)}: {node.name} has {length} lines"


def test_a_source_file_says_what_it_is_for() -> None:
    assert [name(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_no_test_reads_a_clock() -> None:
    """What depends on it fails on a slow machine; bounds on work are ratios or counts (`tests/support/growth.py`)."""
    assert [name(path) for path in TESTS if path.name.startswith("test_") and CLOCK.search(path.read_text())] == []


def test_nothing_tells_where_it_was_built() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    machine_path = re.compile(r"(^|[^\w.~-])/(work|root|farm)/")
    for file in filter(None, tracked):
        path = ROOT / file
        if path.suffix in {".jsonl", ".json"} or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            assert not machine_path.search(line) or "machine_path" in line, f"{file}:{number}"


def test_no_lock_file_records_download_addresses() -> None:
    assert not [path for pattern in ("*.lock", "package-lock.json") for path in ROOT.glob(pattern)]
