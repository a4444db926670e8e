"""A skill: a folder with a SKILL.md, as the Agent Skills standard wants it, and the entries of its Markdown files.

The standard (agentskills.io, in short): `name` is 1-64 lower-case letters, digits and single hyphens and equals the
folder; `description` is 1-1024 characters; six front matter keys are allowed; the front matter is block YAML. An
*entry* is one Markdown block: a heading of level 2 or deeper with its text, or a list item directly under the title.

A long file, as all that reads or changes Markdown has to see the same entries.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import yaml

from seasoned.errors import Invalid, TooLarge
from seasoned.paths import check_together, is_good

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SKILL_FILE: Final = "SKILL.md"
NAME_PATTERN: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NAME_CHARS_MAX: Final = 64
DESCRIPTION_CHARS_MAX: Final = 1_024
COMPATIBILITY_CHARS_MAX: Final = 500
FRONTMATTER_KEYS: Final = frozenset({"name", "description", "license", "compatibility", "metadata", "allowed-tools"})
FRONTMATTER_CHARS_MAX: Final = 32_768
FRONTMATTER_DEPTH_MAX: Final = 16
FRONTMATTER_ALIASES_MAX: Final = 16
# Uploads hold few files; a journal gets one a day, so what is learned may hold more.
FILES_MAX: Final = 200
LEARNED_FILES_MAX: Final = 5_000
FILE_BYTES_MAX: Final = 2 * 1024 * 1024
SKILL_BYTES_MAX: Final = 50 * 1024 * 1024
ENTRY_CHARS_MAX: Final = 2_000
# A longer file is not read as Markdown, which takes seconds for a megabyte of short lines, but line by line.
PARSED_CHARS_MAX: Final = 64 * 1024
PARSED_LINES_MAX: Final = 4_000
# A longer file is not loaded to be edited.
EDITED_BYTES_MAX: Final = 256 * 1024
# Entries of a file that are searched one by one. Of those behind them, some words together stand for the whole file,
# taken from places all over it.
ENTRIES_SEARCHED_MAX: Final = 1_000
REST_PLACES: Final = 32
REST_PLACE_CHARS: Final = 2_000
# What the standard advises for a SKILL.md, about 5,000 tokens, is good for every file that an agent reads whole.
LINES_ADVISED: Final = 500
CHARS_ADVISED: Final = 20_000
# A skill whose front matter has `metadata: entries: journal` is written by rule.
RULE_KEY: Final = "entries"
JOURNAL_RULE: Final = "journal"
ABOUT_CHARS_MAX: Final = 4_000
# What stands above the list of files that is kept by rule (`pipeline.index`).
LIST_NOTE: Final = (
    "Read the file that fits the task. Seasoned keeps this list up to date; remove this sentence to keep it yourself."
)

# Who makes versions. A `revert` or `forget` takes text back that others brought; `seasoned` creates a space's skills.
Author = Literal["learner", "user", "import", "sync", "revert", "forget", "seasoned"]
PEOPLE: Final[frozenset[Author]] = frozenset({"user", "import", "sync"})

_FRONTMATTER: Final = re.compile(r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}(?<!-)")
# How a line begins: with a heading's marks, an item's, a rule's, a fence, or indented as what belongs to an item is.
_LINE_START: Final = re.compile(
    r" ?(?:(?P<heading>#{1,6})(?=\s|$)|(?P<rule>(?P<sign>[*_-])[ \t]*(?:(?P=sign)[ \t]*){2,}\r?$)"
    r"|(?P<item>[-*+]|\d{1,9}[.)])(?=\s|$))"
    r"|(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})|(?P<inner>\t| {2,})(?=\S)"
)
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
_WORD: Final = re.compile(r"[^\W_]{2,40}")
# Control characters, and lone surrogates, which UTF-8 cannot encode.
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Frontmatter(msgspec.Struct, frozen=True, kw_only=True):
    """The front matter of a SKILL.md, as strings (except the map `metadata`), and the Markdown after it."""

    name: str
    description: str
    extra: dict[str, str] = {}
    metadata: dict[str, str] = {}
    body: str = ""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry of a file: its Markdown and its lines, counted from 0, `end` exclusive."""

    text: str
    start: int
    end: int


class Outline(msgspec.Struct, frozen=True):
    """What a Markdown file is about: its title and the line of that (-1 if it has none), what its entries are called,
    and its first line of plain text.
    """

    title: str = ""
    title_line: int = -1
    entries: tuple[str, ...] = ()
    first: str = ""


def parse_skill_file(text: str) -> Frontmatter:
    """The front matter and body of a SKILL.md. Raises Invalid when name or description cannot be read."""
    match = _FRONTMATTER.match(text.lstrip("\ufeff"))
    if match is None:
        raise Invalid("SKILL.md has no front matter; begin with a line '---', name and description, and another '---'.")
    head = _string_map(match["yaml"])
    name, description = head.pop("name", ""), head.pop("description", "")
    if not isinstance(name, str) or not name.strip():
        raise Invalid("SKILL.md has no name; add 'name: my-skill' to its front matter.")
    if _UNWRITABLE.search(name.strip()) or len(name.strip().splitlines()) > 1:
        raise Invalid("The name in SKILL.md contains a control character or a line break; write it on one line.")
    if not isinstance(description, str) or not description.strip():
        raise Invalid("SKILL.md has no description; say what the skill does and when to use it.")
    metadata = head.pop("metadata", {})
    extra = {key: value for key, value in head.items() if isinstance(value, str)}
    return Frontmatter(
        name=name.strip(),
        description=description.strip(),
        extra=extra,
        metadata=metadata if isinstance(metadata, dict) else {},
        body=text.lstrip("\ufeff")[match.end() :],
    )


def _string_map(source: str) -> dict[str, str | dict[str, str]]:
    """YAML with every scalar read as a string, so that `no`, `1.10` and dates stay as they were written."""
    if len(source) > FRONTMATTER_CHARS_MAX:
        raise TooLarge(f"SKILL.md's front matter has more than {FRONTMATTER_CHARS_MAX} characters; shorten it.")
    try:
        _check_shape(source)
        loaded = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes strings only
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise Invalid(f"SKILL.md's front matter is not valid YAML: {' '.join(str(error).split())[:200]}.") from None
    if not isinstance(loaded, dict):
        raise Invalid("SKILL.md's front matter is not a YAML map of keys and values.")
    # Only scalars count: a list or a nested map could be a few aliases that unfold into gigabytes.
    result: dict[str, str | dict[str, str]] = {}
    for key, value in loaded.items():
        if isinstance(value, dict):
            result[_scalar(key)] = {_scalar(inner): _scalar(text) for inner, text in value.items()}
        else:
            result[_scalar(key)] = _scalar(value)
    return result


def _check_shape(source: str) -> None:
    """Refuse deep nesting and many aliases, which no front matter needs, before resolving them takes seconds."""
    depth = aliases = 0
    for event in yaml.parse(source, Loader=yaml.BaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.NodeEvent) and event.anchor is not None
        if depth > FRONTMATTER_DEPTH_MAX:
            raise Invalid(
                f"SKILL.md's front matter is nested more than {FRONTMATTER_DEPTH_MAX} levels deep; flatten it."
            )
        if aliases > FRONTMATTER_ALIASES_MAX:
            raise Invalid(
                f"SKILL.md's front matter has more than {FRONTMATTER_ALIASES_MAX} anchors and aliases; write "
                "the values out."
            )


def _scalar(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid("SKILL.md's front matter contains a lone surrogate; use valid Unicode.") from None
    return value


def render_skill_file(head: Frontmatter) -> str:
    """A SKILL.md that the standard's validator accepts: block YAML with quoted scalars."""
    keys: dict[str, str | dict[str, str]] = {"name": head.name, "description": head.description, **head.extra}
    if head.metadata:
        keys["metadata"] = dict(head.metadata)
    lines = ["---", *(line for key, value in keys.items() for line in _yaml_lines(key, value)), "---"]
    return "\n".join(lines) + "\n" + head.body.lstrip("\n").rstrip() + "\n"


def _yaml_lines(key: str, value: str | dict[str, str]) -> list[str]:
    if isinstance(value, dict):
        return [f"{_yaml_key(key)}:", *(f"  {_yaml_key(inner)}: {_quoted(text)}" for inner, text in value.items())]
    plain = key == "name" and NAME_PATTERN.fullmatch(value)
    return [f"{_yaml_key(key)}: {value if plain else _quoted(value)}"]


def _yaml_key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    dumped = yaml.safe_dump(" ".join(text.split()), default_style='"', width=10**9, allow_unicode=True)
    # Readers cut the head at the next '---', even inside a quoted value, so it is written with an escaped hyphen.
    return dumped.rstrip("\n").replace("---", "-\\x2d-").replace("---", "-\\x2d-")


def check_standard(head: Frontmatter) -> list[str]:
    """How a front matter violates the Agent Skills standard; empty if it does not."""
    faults = []
    if len(head.name) > NAME_CHARS_MAX or not NAME_PATTERN.fullmatch(head.name):
        faults.append(
            f"the name {head.name[:80]!r} is not 1-{NAME_CHARS_MAX} lower-case letters, digits and single hyphens"
        )
    if not 1 <= len(head.description) <= DESCRIPTION_CHARS_MAX:
        faults.append(f"the description is not 1-{DESCRIPTION_CHARS_MAX} characters long")
    if len(head.extra.get("compatibility", "")) > COMPATIBILITY_CHARS_MAX:
        faults.append(f"the compatibility is longer than {COMPATIBILITY_CHARS_MAX} characters")
    unknown = sorted(set(head.extra) - FRONTMATTER_KEYS)
    if unknown:
        faults.append(f"the front matter has keys that the standard does not know: {', '.join(unknown)}")
    return faults


def slug(text: str, fallback: str = "general") -> str:
    """A kebab-case name, made of words, that the standard accepts."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    joined = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:NAME_CHARS_MAX].strip("-") or fallback
    # A file or folder of this name is made, so it may be none that `check_path` refuses.
    return f"{joined}-notes" if not is_good(joined) else joined


def check_files(sizes: Mapping[str, int], new: Collection[str] | None = None) -> None:
    """The rules of a skill's files, by their sizes. Raises TooLarge, Invalid.

    `new` are the paths that come in, all unless said: those that were stored under older rules stay.
    """
    if len(sizes) > LEARNED_FILES_MAX:
        raise TooLarge(f"A skill holds at most {LEARNED_FILES_MAX} files; this has {len(sizes)}.")
    total = sum(sizes.values())
    if total > SKILL_BYTES_MAX:
        raise TooLarge(f"A skill holds at most {SKILL_BYTES_MAX} bytes; this has {total}.")
    if new is None:
        check_together(sizes)
    else:
        check_together(new, [path for path in sizes if path not in new])


def _entries(text: str) -> tuple[Entry, ...]:
    return _entries_of_short(text) if _is_parsed(text) else tuple(_scanned(text))


def _is_parsed(text: str) -> bool:
    return len(text) <= PARSED_CHARS_MAX and text.count("\n") < PARSED_LINES_MAX


@lru_cache(maxsize=256)
def _entries_of_short(text: str) -> tuple[Entry, ...]:
    """The parsed entries, cached because a run reads the same files many times."""
    offset = _frontmatter_lines(text)
    lines = text.split("\n")
    # Markdown ends a line at a lone carriage return too; here lines are what line feeds part.
    source = _LONE_RETURN.sub(" ", "\n".join([""] * offset + lines[offset:]))
    tokens = _markdown().parse(source)
    headings = [(t.map[0], int(t.tag[1])) for t in tokens if t.type == "heading_open" and t.level == 0 and t.map]
    first_section = next((line for line, level in headings if level > 1), len(lines))
    spans = list(_list_items(tokens, first_section))
    for index, (start, level) in enumerate(headings):
        if level > 1:
            spans.append((start, headings[index + 1][0] if index + 1 < len(headings) else len(lines)))
    return tuple(_entry(lines, start, end) for start, end in sorted(spans))


def _scanned(text: str) -> Iterator[Entry]:
    """The entries of a long file, told by how its lines begin: `#` headings, and list items before the first section.

    An item ends where the next one, a fence or a rule begins, or where text that is not indented follows a blank line.
    """
    lines = text.split("\n")
    begun, in_section, after_blank = -1, False, False
    for number, kind in _line_kinds(lines, _frontmatter_lines(text)):
        is_section, is_item = kind == "section", kind == "item" and not in_section
        parts = kind in ("fence", "rule") or (kind == "text" and after_blank)
        if begun >= 0 and (is_section or is_item or kind == "title" or (parts and not in_section)):
            yield _entry(lines, begun, number)
            begun = -1
        if is_section or is_item:
            begun = number
        in_section, after_blank = in_section or is_section, kind == "blank"
    if begun >= 0:
        yield _entry(lines, begun, len(lines))


def outline(text: str) -> Outline:
    """The outline of a Markdown file, told by how its lines begin. Of its sections the widest ones are entries."""
    title, title_line, first, found = "", -1, "", list[tuple[int, str]]()
    lines, in_section = text.split("\n"), False
    for number, kind in _line_kinds(lines, _frontmatter_lines(text)):
        mark, _, said = lines[number].strip().partition(" ")
        said = " ".join(said.rstrip("# ").split())
        if kind == "title" and title_line < 0:
            title, title_line = said, number
        elif kind == "section" or (kind == "item" and not in_section):
            in_section = in_section or kind == "section"
            found.append((len(mark) if kind == "section" else 0, said))
        elif kind == "text":
            first = first or " ".join(lines[number].split())
    level = min((level for level, _ in found if level), default=0)
    return Outline(title, title_line, tuple(said for own, said in found if own in (0, level) and said), first)


def cut(text: str, chars_max: int) -> str:
    """A text in one line, cut at a word's end."""
    line = " ".join(text.split())
    if len(line) <= chars_max:
        return line
    head = line[: max(0, chars_max - 1)]
    return f"{head.rpartition(' ')[0] or head}…" if head else ""


def _line_kinds(lines: Sequence[str], first: int) -> Iterator[tuple[int, str]]:
    """What each line begins: a `title`, `section`, `item`, `fence` or `rule`; other lines are `blank`, `text`, or
    `inner`, which is indented or inside a fence.
    """
    fence = ""
    for number in range(first, len(lines)):
        line = lines[number]
        mark = _LINE_START.match(line)
        if fence:
            if mark is not None and mark["fence"] and mark["fence"].startswith(fence) and line.strip() == mark["fence"]:
                fence = ""
            yield number, "inner"
        elif mark is None:
            yield number, "text" if line.strip() else "blank"
        elif mark["fence"]:
            fence = mark["fence"]
            yield number, "inner" if mark["indent"].strip(" ") or len(mark["indent"]) > 1 else "fence"
        elif mark["heading"]:
            yield number, "title" if len(mark["heading"]) == 1 else "section"
        else:
            yield number, mark.lastgroup or "inner"


def entries(text: str) -> list[Entry]:
    """The entries of a Markdown file, in order, without the front matter."""
    return list(_entries(text))


def _frontmatter_lines(text: str) -> int:
    bare = text.removeprefix("\ufeff")
    match = _FRONTMATTER.match(bare)
    return bare[: match.end()].count("\n") if match else 0


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - who only lists skills parses none

    # Only blocks matter here; reading what is inside them is slow, on hostile text quadratic.
    return MarkdownIt("commonmark").disable(["inline", "text_join"])


def _list_items(tokens: "Iterable[Token]", before: int) -> Iterable[tuple[int, int]]:
    for token in tokens:
        if token.type == "list_item_open" and token.level == 1 and token.map and token.map[0] < before:
            yield token.map[0], token.map[1]


def _entry(lines: list[str], start: int, end: int) -> Entry:
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return Entry("\n".join(lines[start:end]), start, end)


def find_entry(text: str, wanted: str) -> Entry | None:
    """The entry whose text is `wanted`, ignoring white space at the ends of lines; None if there is none."""
    key = _trimmed(wanted)
    return next((entry for entry in entries(text) if _trimmed(entry.text) == key), None)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def add_entry(text: str, entry: str) -> str:
    """The file with an entry appended, with the file's own line endings; items of one list stay together."""
    added = _lines_for(text, entry)
    kept = _without_blank_end(text.split("\n"))
    if not kept:
        return "\n".join([*added, ""])
    last_line = kept[-1].rstrip()
    together = _is_item(entry) and (_is_item(last_line) or last_line.startswith(("  ", "# ")))
    kept[-1] = kept[-1].rstrip("\r") + _line_end(text)
    return "\n".join([*kept, *([] if together else [_line_end(text)]), *added, ""])


def _line_end(text: str) -> str:
    """What precedes each line feed of a file: nothing, or a carriage return."""
    return "\r" if "\r\n" in text else ""


def _lines_for(text: str, entry: str) -> list[str]:
    return [line.rstrip("\r") + _line_end(text) for line in entry.strip().split("\n")]


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _is_item(text: str) -> bool:
    return text.lstrip().startswith(("- ", "* "))


def replace_entry(text: str, old: Entry, new: str) -> str:
    """The file with one entry replaced; an empty `new` removes it. All other lines stay as they are."""
    lines = text.split("\n")
    before, after = lines[: old.start], lines[old.end :]
    if new.strip():
        before += _lines_for(text, new)
    else:
        blank = next((at for at, line in enumerate(after) if line.strip()), len(after))
        # Where the entry was, one blank line is enough: the one before it, if there is one.
        after = after[blank:] if not before or not before[-1].strip() else after[max(0, blank - 1) :]
    kept = _without_blank_end(before + after)
    if not kept:
        return "\n"
    kept[-1] = kept[-1].rstrip("\r") + _line_end(text)
    return "\n".join([*kept, ""])


def entry_key(text: str) -> str:
    """An entry's text without case and punctuation: entries with the same key are the same."""
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))


def entry_hash(text: str) -> str:
    """The identifier of an entry in the store: the SHA-256 of its words."""
    return hashlib.sha256(entry_key(text).encode()).hexdigest()


def heading_key(text: str) -> str:
    """A heading's words, by which it is pinned; its marks do not count."""
    return entry_key(text.strip().lstrip("#"))


def sections_under(text: str, keys: Collection[str]) -> list[str]:
    """The sections of a Markdown file under some headings, each to the next heading of its level or above."""
    if not keys:
        return []
    lines = text.split("\n")
    headings = list(_headings(lines, _frontmatter_lines(text)))
    found = []
    for place, (start, level) in enumerate(headings):
        if heading_key(lines[start]) in keys:
            end = next((line for line, other in headings[place + 1 :] if other <= level), len(lines))
            found.append("\n".join(lines[start:end]).rstrip())
    return found


def heading_of(lines: Sequence[str]) -> str:
    """The heading under which what follows some lines of a Markdown file stands; empty for none."""
    found = [number for number, _ in _headings(lines, _frontmatter_lines("\n".join(lines)))]
    return lines[found[-1]].strip().lstrip("#").strip() if found else ""


def _headings(lines: Sequence[str], first: int) -> Iterator[tuple[int, int]]:
    for number, kind in _line_kinds(lines, first):
        if kind in ("title", "section"):
            line = lines[number].lstrip()
            yield number, len(line) - len(line.lstrip("#"))


class Searched(msgspec.Struct, frozen=True):
    """What of a file is searched: its entries, each cut to its longest. Of a file with more entries than are searched
    one by one (`more`), `rest` holds words of the others.
    """

    entries: tuple[str, ...] = ()
    rest: str = ""
    more: bool = False


def searched(path: str, text: str) -> Searched:
    """What a search finds of a file: nothing if it is a SKILL.md or not Markdown."""
    if not path.endswith(".md") or path == SKILL_FILE:
        return Searched()
    found = list(islice(_entries_of_short(text) if _is_parsed(text) else _scanned(text), ENTRIES_SEARCHED_MAX + 1))
    some = tuple(one.text[:ENTRY_CHARS_MAX] for one in found[:ENTRIES_SEARCHED_MAX])
    more = len(found) > ENTRIES_SEARCHED_MAX
    return Searched(some, _rest(text, found[-1].start) if more else "", more)


def _rest(text: str, line: int) -> str:
    """Words of a file after a line, sampled from all of it, the longest first."""
    start = 0
    for _ in range(line):
        start = text.index("\n", start) + 1
    apart = max(REST_PLACE_CHARS, (len(text) - start) // REST_PLACES)
    words: dict[str, None] = {}
    for place in range(start, len(text), apart):
        words.update(dict.fromkeys(_WORD.findall(text[place : place + REST_PLACE_CHARS].casefold())))
    kept = " ".join(sorted(words, key=lambda word: (-len(word), word)))
    return kept[:ENTRY_CHARS_MAX].rpartition(" ")[0] if len(kept) > ENTRY_CHARS_MAX else kept


def about_text(name: str, description: str, skill_file: str) -> str:
    """What a search finds of a skill itself: its name, description and instructions."""
    body = skill_file[_frontmatter_end(skill_file) :]
    return f"{name.replace('-', ' ')}\n{description}\n{body}"[:ABOUT_CHARS_MAX]


def _frontmatter_end(text: str) -> int:
    match = _FRONTMATTER.match(text)
    return match.end() if match else 0


def rule_of(skill_file: str) -> str:
    """The rule by which a skill's entries are written (`journal`); empty when a writer places them."""
    try:
        wanted = parse_skill_file(skill_file).metadata.get(RULE_KEY)
    except Invalid:
        return ""
    return JOURNAL_RULE if wanted == JOURNAL_RULE else ""
