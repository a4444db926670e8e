"""What nobody sends by accident: bodies, forms, cursors and queries that are broken, huge or misleading."""

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import quote

from tests.support.raw import JSON
from tests.support.zips import skill_md, zip_of

BODY_BYTES_MAX = 4 * 1024 * 1024
"""The limit of the server that these are sent to."""

Headers = Mapping[str, str | bytes]

# Each has a place for any JSON value.
JSON_ROUTES: dict[str, tuple[str, str, bytes]] = {
    "new session": ("POST", "/session", b'{"configs": {"x": HOLE}}'),
    "put configs": ("PUT", "/session/{session}/configs", b'{"configs": {"x": HOLE}}'),
    "patch configs": ("PATCH", "/session/{session}/configs", b'{"configs": {"x": HOLE}}'),
    "message meta": (
        "POST",
        "/session/{session}/messages",
        b'{"blob": {"role": "user", "content": "x"}, "meta": {"x": HOLE}}',
    ),
    "message blob": (
        "POST",
        "/session/{session}/messages",
        b'{"blob": {"role": "assistant", "content": "x", "audio": HOLE}}',
    ),
    "patch meta": ("PATCH", "/session/{session}/messages/{message}/meta", b'{"meta": {"x": HOLE}}'),
    "event": ("POST", "/session/{session}/events", b'{"type": "t", "data": {"x": HOLE}}'),
    "new space": ("POST", "/learning_spaces", b'{"meta": {"x": HOLE}}'),
    "patch space": ("PATCH", "/learning_spaces/{space}", b'{"meta": {"x": HOLE}}'),
    "project": ("PATCH", "/project/configs", b'{"x": HOLE}'),
}
BAD_VALUES: dict[str, bytes] = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "minus Infinity": b"-Infinity",
    "nested lists": b"[" * 65 + b"]" * 65,
    "nested objects": b'{"a":' * 65 + b"1" + b"}" * 65,
    "nested a hundred thousand times": b"[" * 100_000 + b"]" * 100_000,
    "nested and never closed": b'{"a":' * 100_000,
    "nested behind a string": b'["]]]]}}}}\\"",' + b"[" * 65 + b"]" * 66,
    "invalid UTF-8": b'"\xff"',
    "half of a character": b'"\xc3"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "over-long UTF-8": b'"\xc0\x80"',
    "a bare NUL": b'"\x00"',
    "NUL between": b"1\x00",
    "a bare line end": b'"\n"',
    "a comma too many": b"[1,]",
    "single quotes": b"'x'",
    "a comment": b"1 /* one */",
    "hexadecimal": b"0x10",
    "a leading zero": b"01",
    "a plus": b"+1",
    "nothing": b"",
    "an unknown escape": b'"\\x41"',
    "half an escape": b'"\\u12"',
}
# What may be taken or refused, as long as it is done whole.
ODD_VALUES: dict[str, bytes] = {
    "1e400": b"1e400",
    "a tiny number": b"1e-400",
    "the largest double": b"1.7976931348623157e308",
    "2 to the 64": b"18446744073709551616",
    "a negative 2 to the 64": b"-18446744073709551616",
    "four hundred digits": b"9" * 400,
    "five thousand digits": b"9" * 5_000,
    "a hundred thousand digits": b"9" * 100_000,
    "a fraction of ten thousand digits": b"0." + b"3" * 10_000,
    "minus zero": b"-0",
    "a lone high surrogate": b'"\\ud800"',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "a surrogate as a key": b'{"\\udfff": 1}',
    "an escaped NUL": b'"\\u0000"',
    "an escaped NUL as a key": b'{"a\\u0000b": "c\\u0000d"}',
    "characters that are none": b'"\\uffff\\ufdd0\xf4\x8f\xbf\xbf"',
    "duplicate keys": b'{"a": 1, "a": {"b": 2}, "a": [3]}',
    "an empty key": b'{"": {"": ""}}',
    "a key called __proto__": b'{"__proto__": {"__class__": "x"}, "__fields__": 1}',
    "as deep as it may be": b"[" * 40 + b"]" * 40,
    "many keys": b"{" + b",".join(b'"k%d":%d' % (key, key) for key in range(100_000)) + b"}",
    "many equal keys": b"{" + b",".join([b'"k":1'] * 100_000) + b"}",
    "many lists beside each other": b"[" + b",".join([b"[]"] * 50_000) + b"]",
    "a long key": b'{"' + b"k" * 50_000 + b'": 1}',
    "a long text": b'"' + b"x" * 200_000 + b'"',
}

GOOD = b'{"configs": {"x": 1}}'
FORM = "multipart/form-data"
BOMB = gzip.compress(bytes(50 * BODY_BYTES_MAX), 1)
BODIES: dict[str, tuple[bytes, Headers]] = {
    "gzip": (gzip.compress(GOOD), {**JSON, "Content-Encoding": "gzip"}),
    "deflate": (b"x\x9c\x03\x00\x00\x00\x00\x01", {**JSON, "Content-Encoding": "deflate"}),
    "a gzip bomb": (BOMB, {**JSON, "Content-Encoding": "gzip"}),
    "UTF-16": (GOOD.decode().encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    "UTF-32": (GOOD.decode().encode("utf-32"), JSON),
    "XML": (b"<x/>", {"Content-Type": "application/xml"}),
    "a form": (b"configs=1&x=2", {"Content-Type": "application/x-www-form-urlencoded"}),
    "multipart as JSON": (b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n', JSON),
    "YAML": (b"configs:\n  x: 1\n", {"Content-Type": "application/yaml"}),
    "a pickle": (b"\x80\x04K\x01.", {"Content-Type": "application/octet-stream"}),
    "two values": (GOOD + GOOD, JSON),
    "NUL after it": (GOOD + b"\x00", JSON),
    "only NUL": (bytes(1_000), JSON),
    "larger than allowed": (b'{"configs": {"x": "' + b"x" * BODY_BYTES_MAX + b'"}}', JSON),
}


ARCHIVE = zip_of({"SKILL.md": skill_md("form")})
PAYLOAD = b'{"blob": {"role": "user", "content": "x"}}'
FORM_ROUTES: dict[str, tuple[str, list[bytes]]] = {
    "message": ("/session/{session}/messages", [b'name="payload"\r\n\r\n' + PAYLOAD]),
    "skill": ("/agent_skills", [b'name="file"; filename="a.zip"\r\n\r\n' + ARCHIVE]),
    "artifact": (
        "/disk/{disk}/artifact",
        [b'name="file_path"\r\n\r\n/', b'name="meta"\r\n\r\n{}', b'name="file"; filename="f.md"\r\n\r\nx'],
    ),
}


def form(parts: list[bytes], boundary: bytes = b"b") -> bytes:
    """A multipart body of parts that begin behind `form-data; `."""
    begin = b"--" + boundary + b"\r\nContent-Disposition: form-data; "
    return b"".join(begin + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def with_type(kind: str = f"{FORM}; boundary=b") -> dict[str, str | bytes]:
    return {"Content-Type": kind}


def broken(good: list[bytes]) -> dict[str, tuple[bytes, Headers]]:
    """Bodies that are no form, each made of one that is."""
    whole, deep = form(good), b"[" * 65 + b"]" * 65
    return {
        "no boundary": (whole, with_type(FORM)),
        "an empty boundary": (whole, with_type(f"{FORM}; boundary=")),
        "another boundary": (whole, with_type(f"{FORM}; boundary=c")),
        "a boundary beyond all measure": (whole, with_type(f"{FORM}; boundary={'b' * 9_000}")),
        "no body": (b"", with_type()),
        "only the end": (b"--b--\r\n", with_type()),
        "cut in its headers": (whole[:30], with_type()),
        "cut in its last part": (whole[: -len(b"\r\n--b--\r\n") - 1], with_type()),
        "without its end": (whole[: -len(b"--b--\r\n")], with_type()),
        "no line ends": (whole.replace(b"\r\n", b""), with_type()),
        "a part without a name": (form([b"x=1\r\n\r\n1", *good]), with_type()),
        "too many fields": (form([*good, *[b'name="f%d"\r\n\r\n1' % part for part in range(1_000)]]), with_type()),
        "too many files": (
            form([*good, *[b'name="f%d"; filename="f"\r\n\r\n1' % part for part in range(1_000)]]),
            with_type(),
        ),
        "a field beyond all measure": (form([b'name="big"\r\n\r\n' + b"x" * BODY_BYTES_MAX, *good]), with_type()),
        "mixed": (whole, with_type("multipart/mixed; boundary=b")),
        "JSON": (PAYLOAD, with_type()),
        "deep JSON": (
            form([b'name="payload"\r\n\r\n{"blob":' + deep + b"}", b'name="meta"\r\n\r\n' + deep]),
            with_type(),
        ),
    }


def cursor(text: bytes) -> str:
    return urlsafe_b64encode(text).decode().rstrip("=")


LISTS = [
    "/session",
    "/session/{session}/messages",
    "/session/{session}/task",
    "/session/{session}/events",
    "/learning_spaces",
    "/agent_skills",
    "/disk",
    "/user/ls",
]
BAD_CURSORS: dict[str, str] = {
    "words": "not a cursor",
    "percent": "%25%25",
    "NUL": "%00",
    "no UTF-8": "%ff",
    "one letter": "A",
    "no text": cursor(b"\xff\xfe|x"),
    "no id": cursor(b"12"),
    "no time": cursor(b"|x"),
    "a word for a time": cursor(b"then|x"),
    "NaN": cursor(b"NaN|x"),
    "a fraction": cursor(b"1.5|x"),
    "very long": "A" * 30_000,
}
ODD_CURSORS: dict[str, str] = {
    "a huge time": cursor(b"9" * 400 + b"|x"),
    "a negative time": cursor(b"-9999999999999999999|x"),
    "spaces": cursor(b" 1 |x"),
    "underscores": cursor(b"1_0|x"),
    "other digits": cursor("\u0661\u0662|x".encode()),
    "NUL as its id": cursor(b"1|\x00"),
    "a statement": cursor(b"1|' OR 1=1 --"),
    "a nested id": cursor(b"1|" + b"|" * 1_000),
}

QUERIES: dict[str, str] = {
    "a filter of lists": "filter_by_configs=" + "[" * 65 + "]" * 65,
    "a deep filter": "filter_by_configs=" + quote('{"a":' * 65 + "1" + "}" * 65),
    "a deeper filter": "filter_by_configs=" + quote('{"a":' * 600 + "1" + "}" * 600),
    "a filter that is cut": "filter_by_configs=" + quote('{"a":'),
    "a filter with NaN": "filter_by_configs=" + quote('{"a": NaN}'),
    "a long filter": "filter_by_configs=" + quote('{"a": "' + "x" * 20_000 + '"}'),
    "a filter that is not UTF-8": "filter_by_configs=%7B%22a%22%3A%22%ff%22",
    "no number": "limit=many",
    "a huge number": "limit=" + "9" * 5_000,
    "other digits": "limit=" + quote("\u0661\u0662"),
    "a negative number": "limit=-1",
    "exponents": "limit=1e2",
    "no flag": "time_desc=perhaps",
}
