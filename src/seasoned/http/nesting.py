"""How deep JSON may be nested, and how many arrays and objects it may have.

What walks a value calls itself for each level, and the stack is finite.
"""

import re

DEPTH_MAX = 64
# Each array or object of a text becomes one in memory, which takes a hundred times its two characters.
CONTAINERS_MAX = 1_000_000
# Never goes back: what was read stays read, and a string that is not closed ends with the text. Otherwise each quote in
# it would be tried as a beginning, which takes the square of its length.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def is_too_deep(raw: bytes, depth_max: int = DEPTH_MAX) -> bool:
    """Whether a JSON text has more arrays and objects in each other than allowed.

    Takes time in proportion to its length, whatever it holds: after the strings are gone, each round takes the
    innermost pair of brackets away, everywhere at once.
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
    """Whether a JSON text has more arrays and objects than allowed; those within strings are none."""
    if raw.count(b"[") + raw.count(b"{") <= containers_max:
        return False
    bare = _STRING.sub(b"", raw)
    return bare.count(b"[") + bare.count(b"{") > containers_max
