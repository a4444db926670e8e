"""How deep JSON may be nested, and how many arrays and objects it may have.

Code that walks a value recurses per level, and the stack is finite.
"""

import re

DEPTH_MAX = 64
# Each array or object takes a hundred times its two characters in memory.
CONTAINERS_MAX = 1_000_000
# Possessive, so it never backtracks, and an unclosed string ends with the text. Otherwise each quote would be tried as
# a start, which takes quadratic time.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def is_too_deep(raw: bytes, depth_max: int = DEPTH_MAX) -> bool:
    """Whether a JSON text is nested more deeply than allowed.

    Takes linear time: after the strings are removed, each round removes the innermost pairs of brackets everywhere.
    """
    if raw.count(b"[") + raw.count(b"{") <= depth_max:
        return False
    brackets = _STRING.sub(b"", raw).translate(_SQUARE, _NOT_BRACKETS)
    for _ in range(depth_max):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def has_too_many(raw: bytes, containers_max: int = CONTAINERS_MAX) -> bool:
    """Whether a JSON text has more arrays and objects than allowed; those inside strings do not count."""
    if raw.count(b"[") + raw.count(b"{") <= containers_max:
        return False
    bare = _STRING.sub(b"", raw)
    return bare.count(b"[") + bare.count(b"{") > containers_max
