"""Which files are returned as text, and with which type (wire contract, E.4)."""

import csv
import io
from pathlib import PurePosixPath
from typing import Annotated, Literal

import msgspec

from seasoned.http.fields import about, one_of

# How much memory a file takes that is shown as text: its bytes, its text, the answer's JSON.
CONTENT_WEIGHT_TIMES = 4
CODE = frozenset(
    [
        ".py",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".tsx",
        ".jsx",
        ".go",
        ".java",
        ".c",
        ".h",
        ".cc",
        ".cpp",
        ".hpp",
        ".cs",
        ".php",
        ".rb",
        ".rs",
        ".swift",
        ".kt",
        ".kts",
        ".scala",
        ".sh",
        ".bash",
        ".zsh",
        ".ps1",
        ".sql",
        ".lua",
        ".pl",
        ".r",
        ".dart",
        ".ex",
        ".exs",
        ".erl",
        ".hs",
        ".clj",
        ".proto",
        ".vue",
        ".svelte",
        ".css",
        ".scss",
        ".less",
        ".toml",
        ".ini",
        ".cfg",
        ".tf",
        ".gradle",
        ".dockerfile",
        ".makefile",
        ".graphql",
    ]
)
TEXT = frozenset([".txt", ".md", ".markdown", ".log", ".yml", ".yaml", ".xml", ".html", ".htm", ".rst", ".svg"])
CODE_MIME = ("text/x-", "application/x-sh", "application/javascript", "text/javascript", "application/x-python")
TEXT_MIME = ("text/", "application/xml", "application/x-yaml", "application/yaml")


class Content(msgspec.Struct, frozen=True):
    """A file's text."""

    type: Annotated[str, one_of(("json", "csv", "code", "text"), "What it is.")]
    raw: Annotated[str, about("The whole text.")]


def content_of(path: str, mime: str, data: bytes, *, strict: bool = False) -> Content | None:
    """A file's text, with its kind; None for what is not text, which is served by URL.

    Invalid JSON and CSV are text, or with `strict` None.
    """
    suffix = PurePosixPath(path).suffix.lower()
    try:
        raw = data.decode()
    except UnicodeDecodeError:
        return None
    if suffix == ".json" or mime.startswith("application/json"):
        return _parsed("json", _is_json(data), raw, strict)
    if suffix == ".csv" or mime.startswith("text/csv"):
        return _parsed("csv", _is_csv(raw), raw, strict)
    if suffix in CODE or (suffix not in TEXT and mime.startswith(CODE_MIME)):
        return Content("code", raw)
    if suffix in TEXT or mime.startswith(TEXT_MIME):
        return Content("text", raw)
    return None


def _parsed(kind: Literal["json", "csv"], can_be_read: bool, raw: str, strict: bool) -> Content | None:
    if not can_be_read and strict:
        return None
    return Content(kind if can_be_read else "text", raw)


def _is_json(data: bytes) -> bool:
    try:
        # Not decoded into values: many small arrays would take thirty times the memory.
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def _is_csv(raw: str) -> bool:
    try:
        widths = {len(row) for row in csv.reader(io.StringIO(raw)) if row}
    except csv.Error:
        return False
    return len(widths) <= 1
