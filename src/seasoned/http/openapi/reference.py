"""The reference for people: the descriptions as Markdown for docs/, and as one page without scripts."""

from collections.abc import Iterator
from functools import cache
from typing import cast

from markdown_it import MarkdownIt

from seasoned.http.openapi import OPERATIONS, Operation, document
from seasoned.http.openapi.document import ABOUT, SHARED_ERRORS, TAGS, anchor, shared_errors
from seasoned.message import Json, JsonObject

_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Seasoned: HTTP API</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { border-top: 1px solid; padding-top: 1rem; margin-top: 3rem; }
h3 { margin-top: 2.5rem; }
code { font-size: 0.95em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid color-mix(in srgb, currentColor 30%, transparent); padding: 0.25rem 0.5rem; }
th, td { text-align: left; vertical-align: top; }
</style>
</head>
<body>
<main>
"""
_ERRORS_TITLE = "Shared errors"
_ERRORS = "shared-errors"
_FOOT = "</main>\n</body>\n</html>\n"


def markdown() -> str:
    """docs/http-api.md."""
    return "".join(
        f"{line}\n" for line in ["<!-- Made by `make reference`; do not edit. -->", "", *_lines("`/openapi.json`")]
    )


@cache
def html() -> str:
    """The page at /docs."""
    tokens = (parser := MarkdownIt("js-default")).parse("\n".join(_lines("[`/openapi.json`](/openapi.json)")))
    places = iter(_places())
    for token in tokens:
        if token.type == "heading_open" and token.tag != "h1":
            token.attrSet("id", next(places))
    return _HEAD + cast(str, parser.renderer.render(tokens, parser.options, {})) + _FOOT


def _places() -> Iterator[str]:
    """The ids of the headings below the first, in the order of `_lines`."""
    yield _ERRORS
    for tag in TAGS:
        yield _slug(tag)
        yield from (anchor(one) for one in OPERATIONS if one.tag == tag)
    yield "shapes"
    yield from (_slug(name) for name in _shapes())


def _lines(document: str) -> Iterator[str]:
    yield from ("# HTTP API", "", *ABOUT.strip().split("\n"), "")
    yield from (f"The same for machines: {document} of a running server.", "")
    yield f"- [{_ERRORS_TITLE}](#{_ERRORS}): what most routes may answer."
    for tag, about in TAGS.items():
        yield f"- [{tag}](#{_slug(tag)}): {about}"
    yield from ("- [Shapes](#shapes): what answers are made of.", "")
    yield from (f"## {_ERRORS_TITLE}", "", "| status | reason |", "|---|---|")
    yield from (f"| {status} | {text} |" for status, (_, text) in SHARED_ERRORS.items())
    yield from ("", "Every error is an [Error](#error).", "")
    for tag, about in TAGS.items():
        yield from (f"## {tag}", "", about, "")
        for operation in OPERATIONS:
            if operation.tag == tag:
                yield from _operation(operation)
    yield from ("## Shapes", "")
    for name, schema in _shapes().items():
        yield from (f"### {name}", "", str(schema["description"]), "")
        yield from _fields(schema)


def _operation(operation: Operation) -> Iterator[str]:
    described = _objects(_objects(_document()["paths"])[operation.path])[operation.method.lower()]
    yield from (f"### {operation.summary}", "", f"`{operation.method} {operation.path}`", "", operation.description, "")
    if operation.parameters:
        yield from ("| parameter | in | type | |", "|---|---|---|---|")
        for one in operation.parameters:
            need = " Required." if one.required and one.where == "query" else ""
            yield f"| `{one.name}` | {one.where} | {_cell(_kind(one.schema))} | {_cell(one.description + need)} |"
        yield ""
    if operation.body is not None:
        for media, content in _objects(_objects(described["requestBody"])["content"]).items():
            schema = _objects(content)["schema"]
            need = "" if operation.body.required else ", may be left out"
            yield from (f"Body (`{media}`{need}): {schema['description']} {operation.body.note}".rstrip(), "")
            yield from _fields(schema)
    yield from ("| status | answer |", "|---|---|")
    for status, answer in sorted(operation.answers.items()):
        data = _data(_objects(_objects(_objects(described["responses"])[str(status)])["content"])[answer.media])
        yield f"| {status} | {_cell(answer.description)}{f' `data`: {_cell(data)}' if data else ''} |"
    for status, text in sorted(operation.errors.items()):
        yield f"| {status} | {_cell(text)} |"
    if shared := shared_errors(operation):
        yield f"| {', '.join(str(status) for status in shared)} | As [everywhere](#{_ERRORS}). |"
    yield ""


def _data(content: JsonObject) -> str:
    """What a success carries, in short."""
    schema = cast(JsonObject, content.get("schema", {}))
    if "$ref" in schema:
        schema = _shapes()[str(schema["$ref"]).rsplit("/", 1)[-1]]
    data = _objects(schema.get("properties", {})).get("data")
    return "" if data is None else _kind(data)


@cache
def _document() -> JsonObject:
    return document()


def _shapes() -> dict[str, JsonObject]:
    """What answers are made of, by name."""
    return _objects(_objects(_document()["components"])["schemas"])


def _objects(value: Json) -> dict[str, JsonObject]:
    return cast(dict[str, JsonObject], value)


def _fields(schema: JsonObject) -> Iterator[str]:
    """The fields of an object as a table, inner objects' with their path."""
    rows = list(_rows(schema, ""))
    if rows:
        yield from ("| field | type | |", "|---|---|---|", *rows, "")


def _rows(schema: JsonObject, path: str) -> Iterator[str]:
    required = cast(list[Json], schema.get("required", []))
    for name, field in cast(dict[str, JsonObject], schema.get("properties", {})).items():
        may_miss = "" if name in required else " May be missing."
        about = f"{field.get('description', '')}{may_miss}".strip()
        yield f"| `{path}{name}` | {_cell(_kind(field, inside=False))} | {_cell(about)} |"
        yield from _rows(field, f"{path}{name}.")


def _kind(schema: JsonObject, *, inside: bool = True) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return f"[{name}](#{_slug(name)})"
    for word, between in (("oneOf", " or "), ("anyOf", " or ")):
        if word in schema:
            return between.join(_kind(one) for one in cast(list[JsonObject], schema[word]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(cast(JsonObject, schema['items']))}"
    properties = cast(dict[str, JsonObject], schema.get("properties", {}))
    if inside and properties:
        return "{" + ", ".join(f"`{name}`: {_kind(one)}" for name, one in properties.items()) + "}"
    return _simple(schema, kind)


def _simple(schema: JsonObject, kind: Json) -> str:
    words = " or ".join(str(one) for one in kind) if isinstance(kind, list) else str(kind)
    if "enum" in schema:
        return " ".join(f"`{one}`" for one in cast(list[Json], schema["enum"]))
    if "format" in schema:
        words += f" ({schema['format']})"
    if "minimum" in schema and "maximum" in schema:
        words += f" {schema['minimum']} to {schema['maximum']}"
    if "default" in schema:
        words += f", default `{str(schema['default']).lower()}`"
    return words


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
