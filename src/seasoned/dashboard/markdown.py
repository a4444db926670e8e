"""Markdown and code of others as HTML that does nothing: no scripts, no images, no styles, no attributes of htmx.

Markdown is parsed without HTML, and what comes out is cleaned again. Characters that change the direction of text or
are not seen are replaced by what they are called.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

import msgspec
import nh3
from markupsafe import Markup, escape

from seasoned.skill import parse_skill_file

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from pygments.lexer import Lexer

MARKDOWN_CHARS_MAX: Final = 64 * 1024
MARKDOWN_LINES_MAX: Final = 4_000
CODE_CHARS_MAX: Final = 128 * 1024
LINE_CHARS_MAX: Final = 2_000
_TAGS_TEXT: Final = """
a blockquote br code dd del dl dt em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong sub sup table tbody td th thead tr
ul
"""
_TAGS: Final = frozenset(_TAGS_TEXT.split())
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "code": {"class"},
    "span": {"class"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
# Those that change the direction of text, and those that are not seen; tabs and line feeds stay.
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_CLASS: Final = re.compile(r"(?:[a-z][a-z0-9]{0,3})(?: [a-z][a-z0-9]{0,3})*")
_FRONTMATTER: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n.*?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


class Block(msgspec.Struct, frozen=True):
    """A block of a Markdown file: its lines, counted from 0, `end` exclusive, and its HTML.

    `level` is that of a heading, else 0; `said` its words.
    """

    start: int
    end: int
    html: Markup
    level: int = 0
    said: str = ""


def visible(text: str) -> str:
    """A text in which nothing is hidden."""
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text.replace("\r\n", "\n"))


@lru_cache(maxsize=1_024)
def to_html(text: str) -> Markup:
    """Markdown as HTML; a text that is too long for that as it is."""
    if not is_read(text):
        return Markup("<pre>{}</pre>").format(visible(text))
    return _clean(_parser().render(visible(text)))


def is_read(text: str) -> bool:
    """Whether a text is short enough to be read as Markdown."""
    return len(text) <= MARKDOWN_CHARS_MAX and text.count("\n") < MARKDOWN_LINES_MAX


def frontmatter_lines(text: str) -> int:
    """How many lines the front matter of a SKILL.md has."""
    match = _FRONTMATTER.match(text)
    return match[0].count("\n") if match else 0


def frontmatter(text: str) -> list[tuple[str, str]]:
    """The keys and values of a SKILL.md's front matter. Raises Invalid."""
    head = parse_skill_file(text)
    return [("name", head.name), ("description", head.description), *head.extra.items(), *head.metadata.items()]


def blocks(text: str) -> list[Block]:
    """The blocks of a Markdown file, a list's items one by one; the front matter is left out."""
    first = frontmatter_lines(text)
    # Lines keep their numbers; a lone carriage return would end a line for Markdown only.
    lines = text.split("\n")
    source = "\n".join([""] * first + [visible(line.rstrip("\r")) for line in lines[first:]])
    parser = _parser()
    tokens = parser.parse(source)
    return [_block(parser, some) for some in _grouped(tokens)]


def _grouped(tokens: Sequence["Token"]) -> Iterator[list["Token"]]:
    """The tokens of each block; each item of a list has the list's own around it."""
    at = 0
    while at < len(tokens):
        end = _end_of(tokens, at)
        some = list(tokens[at:end])
        if some[0].type in ("bullet_list_open", "ordered_list_open"):
            yield from _items(some)
        else:
            yield some
        at = end


def _end_of(tokens: Sequence["Token"], at: int) -> int:
    depth = 0
    for place in range(at, len(tokens)):
        depth += tokens[place].nesting
        if depth == 0:
            return place + 1
    return len(tokens)


def _items(listed: list["Token"]) -> Iterator[list["Token"]]:
    at, number = 1, int(listed[0].attrs.get("start", 1))
    while at < len(listed) - 1:
        end = _end_of(listed, at)
        opening = listed[0].copy()
        if opening.type == "ordered_list_open":
            opening.attrs = {"start": number}
        opening.map = listed[at].map
        yield [opening, *listed[at:end], listed[-1]]
        at, number = end, number + 1


def _block(parser: "MarkdownIt", tokens: list["Token"]) -> Block:
    start, end = tokens[0].map or (0, 0)
    html = _clean(parser.renderer.render(tokens, parser.options, {}))
    is_heading = tokens[0].type == "heading_open"
    return Block(start, end, html, int(tokens[0].tag[1]) if is_heading else 0, tokens[1].content if is_heading else "")


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - once, with the first page that needs it

    options = {"html": False, "linkify": False, "highlight": _highlighted}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def _highlighted(code: str, language: str, _attributes: str) -> str:
    return str(coded(code, language)) if language else str(escape(code))


def _clean(html: str) -> Markup:
    return Markup(  # noqa: S704 - this is what makes it safe
        nh3.clean(
            html,
            tags=set(_TAGS),
            attributes=_ATTRIBUTES,
            attribute_filter=_filtered,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def _filtered(_tag: str, name: str, value: str) -> str | None:
    # Only the highlighter's own classes: others are those of our pages.
    return value if name != "class" or _CLASS.fullmatch(value) else None


def coded(code: str, language: str) -> Markup:
    """Code with its words marked for the style sheet."""
    lexer = _lexer(language) if len(code) <= CODE_CHARS_MAX else None
    if lexer is None:
        return escape(code)
    from pygments import highlight  # noqa: PLC0415 - once, with the first code
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415

    return Markup(highlight(code, lexer, HtmlFormatter(nowrap=True)))  # noqa: S704 - the highlighter escapes


def code_lines(text: str, path: str) -> list[Markup]:
    """The lines of a file, highlighted by what its name says it is; long ones are cut."""
    lines = [visible(line.rstrip("\r")) for line in text.split("\n")]
    if len(text) <= CODE_CHARS_MAX and max(map(len, lines), default=0) <= LINE_CHARS_MAX:
        found = str(coded("\n".join(lines), path.rsplit(".", 1)[-1] if "." in path else "")).split("\n")
        if len(found) >= len(lines):
            return [Markup(line) for line in found[: len(lines)]]  # noqa: S704 - the highlighter escapes
    return [escape(line if len(line) <= LINE_CHARS_MAX else f"{line[:LINE_CHARS_MAX]} …") for line in lines]


@cache
def _lexer(language: str) -> "Lexer | None":
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 - once, with the first code
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        return get_lexer_by_name(language[:40].lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
