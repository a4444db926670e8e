"""Names of skills and of the files in them: what comes in, and what may leave.

A skill goes from one machine to others, so its names must mean the same file on each, show what they are, stay inside
the folder, and be nothing that a tool obeys merely because it is there. What was stored before a rule was made can be
read and removed; it leaves under another name or not at all. The files of disks that are no skills are their agents'
own: nothing here writes them anywhere, so there a hidden file is as good as any.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from seasoned.errors import Invalid

T = TypeVar("T")

PATH_CHARS_MAX: Final = 240
PATH_PART_BYTES_MAX: Final = 255
# How many paths a note names.
NAMED_MAX: Final = 5

# Control characters, and half characters, which no UTF-8 name can hold.
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# What Windows keeps for devices, whatever ending follows.
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3]) *(?:\..*)?", re.IGNORECASE
)
_NOT_ON_WINDOWS: Final = re.compile(r'[<>:"|?*]')
# Windows gives long names short ones beside them: `git~1` may be `.git`.
_SHORT_NAME: Final = re.compile(r"[^.]{1,6}~[0-9]{1,2}(?:\.[^.]{0,3})?")
# Characters that show nothing, or turn the order of what is shown: formats, and letters that are blank.
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_VARIATION: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_ENDS_OF_PARTS: Final = re.compile(r"[. ]+(?=/|\Z)")
# Names and endings without a dot before them that something obeys as soon as it finds or shows the folder: git takes a
# folder with a HEAD for a repository and runs what its config says; Windows reads the others when it lists the folder.
# What runs only when somebody starts a tool there (Makefile, conftest.py, package.json) is a skill's good right, and
# text for agents (AGENTS.md) is what a skill is made of.
_OBEYED_NAMES: Final = frozenset({"head", "desktop.ini", "autorun.inf", "thumbs.db", "ehthumbs.db"})
_OBEYED_ENDINGS: Final = (".lnk", ".url", ".scf", ".library-ms", ".searchconnector-ms", ".search-ms")


def acts_unasked(path: str) -> bool:
    """Whether tools may obey a file merely because it is there, as git obeys `.git/config`.

    All that is hidden counts: nobody who looks at a skill sees it, and tools keep their settings there.
    """
    return any(_is_obeyed(part) for part in path.split("/"))


def _is_obeyed(part: str) -> bool:
    if part.startswith("."):
        return part not in (".", "..")
    plain = part.lower().rstrip(". ")
    return plain in _OBEYED_NAMES or plain.endswith(_OBEYED_ENDINGS)


def check_inside(path: str) -> str:
    """A file's path inside a skill in its one stored form (`scripts/run.py`).

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
    """The path of a file that comes into a skill, in its one stored form.

    Raises Invalid as `check_inside` does, and for what is not the same name on every system, does not show what it is,
    or acts by itself (see `acts_unasked`).
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
    """A name for a stored path that `check_path` would refuse today: what it has against it is replaced.

    Raises Invalid when nothing sensible is left.
    """
    parts = [_safe_part(part) for part in unicodedata.normalize("NFC", path).replace("\\", "/").split("/")]
    return check_path("/".join(part for part in parts if part))


def _safe_part(part: str) -> str:
    shown = "".join("-" if _is_invisible(letter) else letter for letter in part)
    plain = _NOT_ON_WINDOWS.sub("-", shown).replace("~", "-").strip().strip(".").strip()
    return f"_{plain}" if plain and _is_other_on_windows(plain) else plain


def same_name_key(path: str) -> str:
    """What two paths have in common that some system takes for one: one that ignores case, composes letters its own
    way, or drops dots and spaces at a name's end.
    """
    if not path.isascii():
        folded = unicodedata.normalize("NFD", _VARIATION.sub("", path)).casefold()
        path = unicodedata.normalize("NFD", folded)
    return _ENDS_OF_PARTS.sub("", path.casefold())


class Names:
    """The paths of one folder: no two that some system takes for one, and none that is a file and a folder at once."""

    def __init__(self, there: Iterable[str] = ()) -> None:
        self._files = {same_name_key(path) for path in there}
        self._folders = {folder for key in self._files for folder in _folders(key)}

    def add(self, path: str) -> None:
        """Take one more. Raises Invalid when it does not get along with the others."""
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
    """Refuse new paths that cannot be in one folder with each other and with those that are there. Raises Invalid."""
    names = Names(there)
    for path in new:
        names.add(path)


def is_good(path: str) -> bool:
    """Whether a path may come in and go out as it is."""
    try:
        return check_path(path) == path
    except Invalid:
        return False


def left_out_note(paths: Sequence[str]) -> list[str]:
    """What is said of paths that are left out because tools would obey them; nothing when there are none."""
    if not paths:
        return []
    named = ", ".join(repr(path[:80]) for path in paths[:NAMED_MAX])
    more = f" and {len(paths) - NAMED_MAX} more" if len(paths) > NAMED_MAX else ""
    return [f"Left out what is hidden or obeyed by tools merely because it is there: {named}{more}."]


def exportable(files: Mapping[str, T]) -> tuple[dict[str, T], list[str]]:
    """A stored skill's files as they may leave, and notes on those that may not or that need another name.

    What came in under older rules must not do harm outside, nor keep the rest from going out.
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
