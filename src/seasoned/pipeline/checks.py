"""Checks of an edit: sizes, paths, the standard, what people wrote, secrets, and instructions to an agent."""

import re
from collections.abc import Collection

from seasoned.errors import HeldBack, Invalid, TooLarge
from seasoned.paths import check_path
from seasoned.pipeline.draft import Draft
from seasoned.safety.scanner import scan
from seasoned.safety.secrets import contains_secret
from seasoned.skill import (
    CHARS_ADVISED,
    ENTRY_CHARS_MAX,
    LINES_ADVISED,
    SKILL_FILE,
    Frontmatter,
    add_entry,
    check_standard,
    parse_skill_file,
    sections_under,
)
from seasoned.store.blame import aligned, lines_of

FILES_IN_A_ROW_MAX = 100
PATH_WORDS_MAX = 8


def check_entry(text: str, allowed: Collection[str] = ()) -> None:
    """Raises Invalid, TooLarge for a text that cannot be an entry."""
    # The whole entry, not only its new lines: an instruction may span existing lines.
    check_said(text, allowed)
    if len(text) > ENTRY_CHARS_MAX:
        raise TooLarge(f"An entry holds at most {ENTRY_CHARS_MAX} characters; this has {len(text)}.")


def check_head(head: Frontmatter, before: str) -> None:
    """Raises Invalid for new violations of the standard in a SKILL.md; existing ones are its author's."""
    known = check_standard(parse_skill_file(before)) if before.strip() else []
    faults = [fault for fault in check_standard(head) if fault not in known]
    if faults:
        raise Invalid(f"This change to {SKILL_FILE} is invalid: {'; '.join(faults)}.")


def check_left_to_people(draft: Draft, path: str, text: str) -> None:
    """Raises Invalid when a file's new text takes out lines that a person wrote, or changes a pinned section."""
    before = draft.blamed(path)
    kept = bytearray(len(before.lines))
    for start, _, size in aligned(before.lines, lines_of(text)):
        kept[start : start + size] = b"\1" * size
    for line, origin, is_kept in zip(before.lines, before.origins, kept, strict=True):
        if not is_kept and origin.version in draft.by_people and line.strip():
            raise Invalid(f"A person wrote {line.strip()[:80]!r}; leave it as it is, and add an entry of your own.")
    check_pinned(draft, path, text)


def check_pinned(draft: Draft, path: str, text: str) -> None:
    """Raises Invalid when a file's new text changes a pinned section."""
    pinned = sections_under(draft.text(path), draft.pins)
    if pinned != sections_under(text, draft.pins)[: len(pinned)]:
        raise Invalid(f"A section of {draft.name}/{path} is pinned; leave it as it is, and add an entry of your own.")


def with_room(draft: Draft, path: str, text: str) -> str:
    """The file for a new entry: the given one, or its continuation (`topic-2.md`) if that has its advised length, or
    ends with a pinned section to which the entry would belong.

    Raises TooLarge if SKILL.md, or every continuation, is full.
    """
    stem = path.removesuffix(".md")
    for number in range(1, FILES_IN_A_ROW_MAX + 1):
        place = path if number == 1 else f"{stem}-{number}.md"
        known = draft.text(place)
        chars, lines = len(known) + len(text), known.count("\n") + text.count("\n")
        has_room = chars <= CHARS_ADVISED and lines <= LINES_ADVISED and not _is_in_pinned(draft, known, text)
        if not known or has_room:
            return place
        if path == SKILL_FILE:
            raise TooLarge(
                f"{SKILL_FILE} of {draft.name} has reached its advised length; put the entry into another file."
            )
    raise TooLarge(f"{draft.name}/{path} and its continuation files are full; use a file with a narrower topic.")


def _is_in_pinned(draft: Draft, text: str, entry: str) -> bool:
    """Whether an entry at the end of a file would belong to a pinned section."""
    return sections_under(text, draft.pins) != sections_under(add_entry(text, entry), draft.pins)


def check_said(text: str, allowed: Collection[str] = ()) -> None:
    """Raises Invalid for a secret, HeldBack for text that the scanner flags for other reasons than a person allowed."""
    if contains_secret(text):
        raise Invalid("The text contains what looks like a secret.")
    reasons = [reason for reason in scan(text) if reason not in allowed]
    if reasons:
        raise HeldBack(reasons)


def safe_path(draft: Draft, path: str, allowed: Collection[str] = ()) -> str:
    """A path to write to. The name of a new file has few words, as agents would read a sentence in it.

    Raises Invalid.
    """
    checked = check_path(path)
    if draft.has(checked):
        return checked
    said = " ".join(re.split(r"[\W_]+", checked))
    if len(said.split()) > PATH_WORDS_MAX:
        raise Invalid(f"{checked[:80]!r} has more than {PATH_WORDS_MAX} words; name the file after its topic.")
    check_said(said, allowed)
    return checked


def added_lines(before: str, after: str) -> str:
    """The lines that an edit adds, which have to be scanned."""
    known = set(before.splitlines())
    return "\n".join(line for line in after.splitlines() if line not in known)
