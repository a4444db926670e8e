"""How deep JSON may be nested, and how many arrays and objects it may have.

Code that walks a value recurses per level, and the stack is finite.
"""

DEPTH_MAX = 64
# Each array or object takes a hundred times its two characters in memory. Requests are decoded on the event loop, where
# a million take a tenth of a second.
CONTAINERS_MAX = 100_000
_SQUARE = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))


def is_too_deep(raw: bytes, depth_max: int = DEPTH_MAX) -> bool:
    """Whether a JSON text is nested more deeply than allowed.

    Takes linear time: each round removes the innermost pairs of brackets everywhere.
    """
    if raw.count(b"[") + raw.count(b"{") <= depth_max:
        return False
    brackets = _brackets(raw)
    for _ in range(depth_max):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def has_too_many(raw: bytes, containers_max: int = CONTAINERS_MAX) -> bool:
    """Whether a JSON text has more arrays and objects than allowed; those inside strings do not count."""
    if raw.count(b"[") + raw.count(b"{") <= containers_max:
        return False
    return _brackets(raw).count(b"[") > containers_max


def _brackets(raw: bytes) -> bytes:
    """The brackets outside strings, all of them square.

    Without escapes, every quote begins or ends a string; two quotes with no bracket between them change nothing.
    """
    plain = raw.replace(b"\\\\", b"").replace(b'\\"', b"").translate(_SQUARE, _OTHERS).replace(b'""', b"")
    return b"".join(plain.split(b'"')[::2])
