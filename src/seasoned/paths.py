"""Names of skills and their files: which are accepted, and which are exported.

A skill moves between machines, so its names must mean the same file everywhere, have no invisible characters, stay
inside the folder, and not be files that tools run automatically. Files stored before a rule existed can be read and
removed; they are exported under another name or not at all. Files on other disks are never written to a folder, so
hidden files are allowed there.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from seasoned.errors import Invalid

T = TypeVar("T")

PATH_CHARS_MAX: Final = 240
PATH_PART_BYTES_MAX: Final = 255
# How many paths a note lists.
NAMED_MAX: Final = 5
# How the folders begin in which a program answers as our model; what such a program records is no session of a user.
MODEL_FOLDER: Final = "seasoned-model-"

# Control characters, and lone surrogates, which UTF-8 cannot encode.
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Names that Windows reserves for devices, with any extension.
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3]) *(?:\..*)?", re.IGNORECASE
)
_NOT_ON_WINDOWS: Final = re.compile(r'[<>:"|?*]')
# Windows gives long names short ones beside them: `git~1` may be `.git`.
_SHORT_NAME: Final = re.compile(r"[^.]{1,6}~[0-9]{1,2}(?:\.[^.]{0,3})?")
# Invisible characters, and those that change the text direction.
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_VARIATION: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_ENDS_OF_PARTS: Final = re.compile(r"[. ]+(?=/|\Z)")
# Non-hidden names and extensions that some tool acts on as soon as it finds or lists the folder: git takes a folder
# with a HEAD for a repository and runs commands from its config; Windows reads the others when it lists the folder.
# Files that run only when someone starts a tool (Makefile, conftest.py, package.json) are allowed, and so is text for
# agents (AGENTS.md).
_OBEYED_NAMES: Final = frozenset({"head", "desktop.ini", "autorun.inf", "thumbs.db", "ehthumbs.db"})
_OBEYED_ENDINGS: Final = (".lnk", ".url", ".scf", ".library-ms", ".searchconnector-ms", ".search-ms")


def acts_unasked(path: str) -> bool:
    """Whether tools may act on a file just because it is there, as git does on `.git/config`.

    All hidden files count: people do not see them, and tools keep settings there.
    """
    return any(_is_obeyed(part) for part in path.split("/"))


def _is_obeyed(part: str) -> bool:
    if part.startswith("."):
        return part not in (".", "..")
    plain = part.lower().rstrip(". ")
    return plain in _OBEYED_NAMES or plain.endswith(_OBEYED_ENDINGS)


def check_inside(path: str) -> str:
    """The normalized path of a file inside a skill (`scripts/run.py`).

    Raises Invalid for what could leave the folder or cannot be stored: absolute paths, `..`, back-slashes, drive
    letters, control characters, over-long names.
    """
    normal = unicodedata.normalize("NFC", path)
    parts = normal.split("/")
    if not normal or len(normal) > PATH_CHARS_MAX or _UNWRITABLE.search(normal):
        raise Invalid(
            f"The path {path[:80]!r} is empty, too long or contains control characters; use a short relative path."
        )
    if normal.startswith("/") or "\\" in normal or re.match(r"[A-Za-z]:", normal):
        raise Invalid(f"The path {path[:80]!r} is not relative; use a path inside the skill, such as notes/topic.md.")
    if any(len(part.encode()) > PATH_PART_BYTES_MAX for part in parts):
        raise Invalid(f"The path {path[:80]!r} has a name over {PATH_PART_BYTES_MAX} bytes; use a shorter one.")
    if any(part in ("", ".", "..") or part != part.strip() for part in parts):
        raise Invalid(f"The path {path[:80]!r} has empty, '.' or '..' parts; use a path inside the skill.")
    return normal


def check_path(path: str) -> str:
    """The normalized path of a new file of a skill.

    Raises Invalid like `check_inside`, and for names that differ between systems, have invisible characters, or make
    tools act (see `acts_unasked`).
    """
    normal = check_inside(path)
    parts = normal.split("/")
    if acts_unasked(normal):
        raise Invalid(f"The path {path[:80]!r} is hidden, or some tools run it automatically; use another name.")
    if not normal.isascii() and any(_is_invisible(letter) for letter in normal):
        raise Invalid(f"The path {path[:80]!r} contains invisible characters; remove them.")
    if _NOT_ON_WINDOWS.search(normal) or any(_is_other_on_windows(part) for part in parts):
        raise Invalid(
            f'The path {path[:80]!r} has a name that Windows reserves, or one with any of <>:"|?* or a dot at '
            "its end; use another name."
        )
    return normal


def _is_invisible(letter: str) -> bool:
    return unicodedata.category(letter) in _INVISIBLE_CATEGORIES or letter in _BLANK_LETTERS


def _is_other_on_windows(part: str) -> bool:
    return part.endswith(".") or bool(_DEVICE.fullmatch(part) or _SHORT_NAME.fullmatch(part))


def check_name(name: str) -> str:
    """The name of a skill that comes in, which is its folder's name when it goes out. Raises Invalid."""
    try:
        if "/" not in check_path(name):
            return name
    except Invalid:
        pass
    raise Invalid(
        f"The skill name {name[:80]!r} is not a valid folder name on every system; use lower-case letters and hyphens."
    )


def safe_path(path: str) -> str:
    """A valid name for a stored path that `check_path` would refuse today.

    Raises Invalid when nothing sensible is left.
    """
    parts = [_safe_part(part) for part in unicodedata.normalize("NFC", path).replace("\\", "/").split("/")]
    return check_path("/".join(part for part in parts if part))


def _safe_part(part: str) -> str:
    shown = "".join("-" if _is_invisible(letter) else letter for letter in part)
    plain = _NOT_ON_WINDOWS.sub("-", shown).replace("~", "-").strip().strip(".").strip()
    return f"_{plain}" if plain and _is_other_on_windows(plain) else plain


def same_name_key(path: str) -> str:
    """The key that two paths share if some system cannot tell them apart: one that ignores case, normalizes Unicode, or
    drops trailing dots and spaces.
    """
    if not path.isascii():
        folded = unicodedata.normalize("NFD", _VARIATION.sub("", path)).casefold()
        path = unicodedata.normalize("NFD", folded)
    return _ENDS_OF_PARTS.sub("", path.casefold())


class Names:
    """The paths of one folder: all distinct on every system, and none both a file and a folder."""

    def __init__(self, there: Iterable[str] = ()) -> None:
        self._files = {same_name_key(path) for path in there}
        self._folders = {folder for key in self._files for folder in _folders(key)}

    def add(self, path: str) -> None:
        """Add a path. Raises Invalid if it conflicts with the others."""
        key = same_name_key(path)
        above = list(_folders(key))
        if key in self._files:
            raise Invalid(
                f"There are two files {path[:80]!r}; names must differ in more than case, Unicode form or "
                "trailing dots."
            )
        if key in self._folders or not self._files.isdisjoint(above):
            raise Invalid(f"{path[:80]!r} is both a file and a folder; rename one of them.")
        self._files.add(key)
        self._folders.update(above)


def _folders(path: str) -> Iterator[str]:
    return (path[:place] for place, letter in enumerate(path) if letter == "/")


def check_together(new: Iterable[str], there: Iterable[str] = ()) -> None:
    """Raises Invalid if new paths conflict with each other or with existing ones."""
    names = Names(there)
    for path in new:
        names.add(path)


def is_good(path: str) -> bool:
    """Whether a path may be imported and exported unchanged."""
    try:
        return check_path(path) == path
    except Invalid:
        return False


def left_out_note(paths: Sequence[str]) -> list[str]:
    """The note on paths that are left out because tools may act on them; empty if there are none."""
    if not paths:
        return []
    named = ", ".join(repr(path[:80]) for path in paths[:NAMED_MAX])
    more = f" and {len(paths) - NAMED_MAX} more" if len(paths) > NAMED_MAX else ""
    return [f"Left out what is hidden or obeyed by tools merely because it is there: {named}{more}."]


def exportable(files: Mapping[str, T]) -> tuple[dict[str, T], list[str]]:
    """A stored skill's files under exportable names, and notes on those that are left out or renamed.

    Files stored under older rules must neither do harm outside nor block the export of the rest.
    """
    unasked = [path for path in sorted(files) if acts_unasked(path)]
    # Of two that some system takes for one the first stays: SKILL.md before all, good names before those to be changed.
    others = sorted(set(files).difference(unasked), key=lambda path: (not is_good(path), path != "SKILL.md", path))
    safe: dict[str, T] = {}
    names = Names()
    notes = left_out_note(unasked)
    for path in others:
        try:
            name = path if is_good(path) else safe_path(path)
            names.add(name)
        except Invalid:
            notes.append(f"Left out {path[:80]!r}: its name cannot be written everywhere, or is another file's too.")
            continue
        safe[name] = files[path]
        if name != path:
            notes.append(f"{path[:80]!r} is named {name!r}, as its own name cannot be written everywhere.")
    return safe, notes
