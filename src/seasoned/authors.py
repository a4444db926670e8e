"""Who wrote what in a message, as far as its text tells.

Where a transcript's structure names the author, importers have set it. Here the rest is told by the text: blocks that
harnesses, other agents and memories put into a prompt, tools' answers in the user's role, matter that was handed over
to be worked on, and reasoning that a local model writes into its answer. How each is known, with examples, stands in
`authors.toml`.

It is done when messages are read for learning, not when they are stored, so better rules serve old messages too. The
work is linear in the text.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

from seasoned.message import AUTHORS, Author, Message, Part, Span

# An entry of fewer words may be anybody's sentence.
ENTRY_WORDS_MIN: Final = 4
_WHOLES_MAX: Final = 4
_CLOSING_CHARS_MAX: Final = 240
_CLOSINGS_MAX: Final = 3
_LISTED_MIN: Final = 2
_HEAD_CHARS_MAX: Final = 200
_BEFORE_CHARS: Final = 200
# Of a longer text, what lies between its halves' ends is its neighbours'; the stages show none of it anyway.
_HALF_CHARS: Final = 100_000

# A message without any of these holds nobody's words but its writer's.
_HINT = re.compile(r"[<:>\n`\"\[]|the user|conversation|session|heartbeat|memor|skill", re.IGNORECASE)
_MATTER = re.compile(r"```|~~~|\"\"\"|'''")
_ITEM = re.compile(r"[ \t]{0,12}(?:[-*+•>]|\d{1,3}[.)])\s|[ \t]{2,}\S")
_MARK = re.compile(r"\W*(?:\d{1,3}[.)]\s{1,4})?(?:\[[^\]\n]{1,40}\]\s{1,4})?\W*")
# Prompts and footers of shells for agents that get a tool's output as the next message.
_PROMPT = re.compile(r"^(?:\((?:Current directory|Open file): [^\n]{0,300}\)|bash-\$)[ \t]{0,8}$", re.MULTILINE)
_LISTED = re.compile(r"(?:^[ \t]{0,8}\d{1,7}(?:[:|→]|\t)[^\n]{0,2000}(?:\n|\Z)){3,}", re.MULTILINE)
_CODE = re.compile(r"[{}();=:,][ \t]{0,3}$|\d(?:[:|→](?:[ \t]{2,}|\S)|\t)", re.MULTILINE)
# What a person writes behind the matter to work on.
_CLOSING = re.compile(
    r"(?:please |and |then |also |next,? |afterwards,? )*(?:please|keep|make|use|reply|answer|respond|return|output"
    r"|write|give|do(?:n't| not)|no more|fix|add|remove|rename|run|update|shorten|summari[sz]e|translate|correct"
    r"|rewrite|polish|it (?:should|must)|the (?:answer|result|summary)|from now on|always|never|i (?:want|need)"
    r"|can you|could you|thanks|thank you)\b",
    re.IGNORECASE,
)
_BLOCKED = re.compile(r"(?:[A-Z]\w{2,30}:\S{1,60} hook|[\w ]{0,40}blocked by (?:a )?\w{0,20}[ ]?hook)\b")
# Matter that is put in quotation marks on the line that introduces it.
_IN_MARKS = re.compile(
    r"[ \t]{0,4}(?:\"[^\"\n]{1,4000}\"|“[^”\n]{1,4000}”|«[^»\n]{1,4000}»|„[^“”\n]{1,4000}[“”])(?=[ \t.]{0,4}\S)"
)
_SIGN = re.compile(r"[^\n]")
_RUN = re.compile(rb"(.)\1*+", re.DOTALL)
_THOUGHT = re.compile(
    r"<(?P<close>/?)(?:think|thinking|thoughts?|reasoning|seed:think)>|(?P<opened>◁)?(?P<shut>/think▷|think▷)",
    re.IGNORECASE,
)


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an author is known; see the head of `authors.toml`."""

    how: Literal["tag", "whole", "line", "block", "rest"]
    author: Author
    pattern: str
    until: str = ""
    examples: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...]


class _Found(msgspec.Struct, frozen=True):
    """What a rule found, and where the pattern ends."""

    rule: Rule
    start: int
    end: int


class _Finder:
    """The rules of one kind or more, as one pattern."""

    def __init__(self, *kinds: str) -> None:
        self._rules = [rule for rule in rules() if rule.how in kinds]
        # Tags and phrases of programs have one spelling; people introduce matter and memories in any.
        flags = re.IGNORECASE if kinds in (("rest",), ("block",)) else 0
        joined = "|".join(f"(?P<r{number}>{rule.pattern})" for number, rule in enumerate(self._rules))
        if kinds == ("tag",):
            joined = rf"<(?P<close>/?)(?P<tag>{joined})(?:\s[^<>]{{0,200}})?>"
        self.pattern = re.compile(joined, flags)

    def of(self, match: re.Match[str]) -> Rule:
        """The rule that found something."""
        return next(rule for number, rule in enumerate(self._rules) if match[f"r{number}"] is not None)


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of `authors.toml`."""
    data = resources.files("seasoned").joinpath("authors.toml").read_bytes()
    return tuple(
        msgspec.structs.replace(rule, pattern=re.sub(r"\n {0,2}", "", f"\n{rule.pattern}"))
        for rule in msgspec.toml.decode(data, type=_File).rules
    )


@cache
def _finder(*kinds: str) -> _Finder:
    return _Finder(*kinds)


def attributed(message: Message, entries: Collection[str] = ()) -> Message:
    """The message with the author of each piece of its text.

    `entries` are lines of the space's own skills as `line_key` writes them: repeated in a prompt they are recalled.
    """
    parts = tuple(one for part in message.parts for one in _authored(message, part, entries))
    return message if parts == message.parts else msgspec.structs.replace(message, parts=parts)


def lines_to_look_up(message: Message) -> Iterator[str]:
    """The lines of a person that may repeat an entry of a skill, as `line_key` writes them."""
    for passage in message.passages():
        if passage.author == "person" and "\n" in passage.text:
            for line in passage.text.split("\n"):
                key = line_key(line)
                if len(key.split()) >= ENTRY_WORDS_MIN:
                    yield key


def _is_known(key: str, entries: Collection[str]) -> bool:
    """Whether a line is one of some entries, or names some in a list of files, where they are shortened."""
    if key in entries:
        return True
    label, _, listed = key.partition(".md: ")
    first = listed.partition("…")[0].partition("; ")[0].strip()
    is_listed = bool(listed) and " " not in label and len(first.split()) >= ENTRY_WORDS_MIN
    return is_listed and any(first in entry for entry in entries)


def line_key(line: str) -> str:
    """A line of Markdown as lines are compared: without its mark, emphasis, case and white space."""
    mark = _MARK.match(line)
    text = line[mark.end() :] if mark else line
    return " ".join(text.replace("**", "").replace("`", "").casefold().split()).rstrip(".")


def _authored(message: Message, part: Part, entries: Collection[str]) -> Iterator[Part]:
    if part.type == "tool-result" and part.is_error and part.author is None and _BLOCKED.match(part.text or ""):
        # A hook kept the call from the tool.
        yield msgspec.structs.replace(part, author="harness")
        return
    if part.type != "text" or not part.text:
        yield part
        return
    author = message.author_of(part)
    if author == "agent" and ("<" in part.text or "▷" in part.text):
        yield from _without_thoughts(part, part.text)
    elif author == "person" and _HINT.search(part.text):
        spans = _bounded(part.text, part.spans, entries)
        yield part if spans == part.spans else msgspec.structs.replace(part, spans=spans)
    else:
        yield part


def _without_thoughts(part: Part, text: str) -> Iterator[Part]:
    """The part with its reasoning as thinking parts of their own. A first tag that closes ends what began before the
    text; one that is never closed goes on to its end.
    """
    marks = [match for match in _THOUGHT.finditer(text) if _is_alone(text, match)]
    if not marks:
        yield part
        return
    thinking, start = _closes(marks[0]), 0
    for match in marks:
        if _closes(match) != thinking:
            continue
        yield from _piece(part, text[start : match.start()], thinking)
        thinking, start = not thinking, match.end()
    yield from _piece(part, text[start:], thinking)


def _closes(match: re.Match[str]) -> bool:
    return match["close"] == "/" or match["shut"] == "/think▷"


def _is_alone(text: str, match: re.Match[str]) -> bool:
    """Whether a tag is a mark and no word of a sentence about it: one in backticks is none, nor one that opens inside
    of a line.
    """
    near = max(0, match.start() - _BEFORE_CHARS)
    before = text[max(near, text.rfind("\n", near, match.start()) + 1) : match.start()]
    if before.count("`") % 2:
        return False
    return _closes(match) or not before.strip() or before.rstrip().endswith((">", "▷"))


def _piece(part: Part, text: str, thinking: bool) -> Iterator[Part]:
    if text.strip():
        yield Part("thinking", text.strip()) if thinking else msgspec.structs.replace(part, text=text.strip(), spans=())


class _Canvas:
    """A text, and for each character who wrote it; who was found first stays."""

    def __init__(self, text: str) -> None:
        self._text = self._left = text
        self._owners = bytearray(len(text))

    def take(self, start: int, end: int, author: Author) -> None:
        """Give a stretch to an author, except for what is another's."""
        table = bytes([AUTHORS.index(author) + 1, *range(1, 256)])
        self._owners[start:end] = self._owners[start:end].translate(table)
        self._left = ""

    @property
    def left(self) -> str:
        """The text with what is somebody's blanked out; lines stay lines."""
        if not self._left:
            pieces = (
                self._text[start:end] if not owner else _SIGN.sub(" ", self._text[start:end])
                for start, end, owner in self._runs()
            )
            self._left = "".join(pieces)
        return self._left

    def spans(self) -> tuple[Span, ...]:
        """What others than the writer wrote."""
        return tuple(Span(start, end, AUTHORS[owner - 1]) for start, end, owner in self._runs() if owner)

    def _runs(self) -> Iterator[tuple[int, int, int]]:
        for run in _RUN.finditer(self._owners):
            yield run.start(), run.end(), run[1][0]


def _bounded(text: str, known: tuple[Span, ...], entries: Collection[str]) -> tuple[Span, ...]:
    """The spans of a text; a very long one is read without its middle."""
    if len(text) <= 2 * _HALF_CHARS:
        return _spans(text, known, entries)
    gap = len(text) - 2 * _HALF_CHARS

    def moved(place: int, by: int) -> int:
        return place if place < _HALF_CHARS else max(_HALF_CHARS, place + by)

    inside = tuple(Span(moved(one.start, -gap), moved(one.end, -gap), one.author) for one in known)
    found = _spans(text[:_HALF_CHARS] + text[-_HALF_CHARS:], inside, entries)
    return tuple(Span(moved(one.start, gap), moved(one.end, gap), one.author) for one in found)


def _spans(text: str, known: tuple[Span, ...], entries: Collection[str]) -> tuple[Span, ...]:
    canvas = _Canvas(text)
    for span in known:
        canvas.take(span.start, span.end, span.author)
    for find in (_wholes, _tagged, _wholes, _observed, _matter, _rest, _lines):
        for start, end, author in list(find(canvas.left)):
            canvas.take(start, end, author)
    for start, end in _line_places(canvas.left) if entries else ():
        if _is_known(line_key(canvas.left[start:end]), entries):
            canvas.take(start, end, "recalled")
    return canvas.spans()


_Taken = tuple[int, int, Author]


def _wholes(text: str) -> Iterator[_Taken]:
    """What begins the text and makes all of it, or all up to a mark, another's."""
    finder, start = _finder("whole"), 0
    for _ in range(_WHOLES_MAX):
        start += len(text[start:]) - len(text[start:].lstrip())
        match = finder.pattern.match(text, start)
        if match is None:
            return
        until = finder.of(match).until
        end = text.find(until, match.end()) + len(until) if until and until in text[match.end() :] else len(text)
        yield start, end, finder.of(match).author
        start = end


def _tagged(text: str) -> Iterator[_Taken]:
    """Stretches from a known opening tag to the next closing one of its name; a tag that is never closed is text.

    One pass and a binary search for each tag, so that megabytes of opening tags take no longer than other text.
    """
    if "<" not in text:
        return
    finder = _finder("tag")
    found = list(finder.pattern.finditer(text))
    closings: dict[str, list[int]] = defaultdict(list)
    for match in found:
        if match["close"]:
            closings[match["tag"]].append(match.start())
    ends = {(match["tag"], match.start()): match.end() for match in found if match["close"]}
    end = 0
    for match in found:
        if match["close"] or match.start() < end:
            continue
        same = closings[match["tag"]]
        at = bisect_left(same, match.end())
        if at < len(same):
            end = ends[match["tag"], same[at]]
            yield match.start(), end, finder.of(match).author


def _observed(text: str) -> Iterator[_Taken]:
    """A tool's answer in the user's role: all of a text that ends with a shell's prompt, and listings of code."""
    prompts = list(_PROMPT.finditer(text))
    if prompts and not text[prompts[-1].end() :].strip():
        yield 0, len(text), "tool"
        return
    for match in prompts:
        yield match.start(), match.end(), "tool"
    for match in _LISTED.finditer(text):
        if len(_CODE.findall(match[0])) >= _LISTED_MIN and ": " not in match[0].split("\n", 1)[0][:12]:
            yield match.start(), match.end(), "tool"


def _matter(text: str) -> Iterator[_Taken]:
    """Blocks between fences or triple quotes, unless they are all there is."""
    marks = list(_MATTER.finditer(text))
    blocks, opened = list[tuple[int, int]](), None
    for match in marks:
        if opened is None:
            opened = match
        elif match[0] == opened[0]:
            blocks.append((opened.start(), match.end()))
            opened = None
    around = [0, *(place for block in blocks for place in block), len(text)]
    if any(text[start:end].strip() for start, end in zip(around[::2], around[1::2], strict=True)):
        for start, end in blocks:
            yield start, end, "quoted"


def _line_places(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if line and not line.isspace():
            yield start, start + len(line)
        start += len(line) + 1


def _lines(text: str) -> Iterator[_Taken]:
    """Single lines of others, and headed lists: a heading with the list or the paragraph right below it."""
    single, heads = _finder("line"), _finder("block")
    head: Author | None = None
    content: Literal["", "list", "prose"] = ""
    last = 0
    places = list(_line_places(text))
    for index, (start, end) in enumerate(places):
        if head is not None:
            below = text.count("\n", last, start) == 1
            item = _is_item(text, (start, end))
            heading = text.startswith("#", start) and index + 1 < len(places) and _is_item(text, places[index + 1])
            if heading or (item and (below or not content)) or (below and content != "list"):
                content = "" if heading else "list" if item else "prose"
                last = end
                yield start, end, head
                continue
            head = None
        match = heads.pattern.match(text[start : min(end, start + _HEAD_CHARS_MAX)])
        if match is not None:
            head, content, last = heads.of(match).author, "", end
            yield start, end, head
        elif (match := single.pattern.match(text, start, end)) is not None:
            yield start, end, single.of(match).author


def _is_item(text: str, place: tuple[int, int]) -> bool:
    return _ITEM.match(text, *place) is not None


def _rest(text: str) -> Iterator[_Taken]:
    """What is handed over to be worked on, from what introduces it to the end or to a last short instruction."""
    finder = _finder("rest")
    match = finder.pattern.search(text) if ":" in text or "\n\n" in text else None
    if match is None:
        return
    line = text.rfind("\n", 0, match.start()) + 1
    if _ITEM.match(text, line) and text[match.end() :].split("\n", 1)[0].strip():
        end = text.find("\n", match.end())
        yield match.end(), len(text) if end < 0 else end, finder.of(match).author
        return
    marked = _IN_MARKS.match(text, match.end())
    if marked is not None:
        yield match.end(), marked.end(), finder.of(match).author
        return
    end = len(text)
    for _ in range(_CLOSINGS_MAX):
        gap = text.rfind("\n\n", match.end(), end)
        closing = text[gap:end].strip() if gap >= 0 else ""
        if not closing or len(closing) > _CLOSING_CHARS_MAX or not _CLOSING.match(closing):
            break
        if not text[match.end() : gap].strip():
            break
        end = gap
    yield match.end(), end, finder.of(match).author
