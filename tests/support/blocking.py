"""Makes the library's blocking calls from those for event loops: `make blocking` writes them."""

import re
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "src" / "seasoned" / "library"
FROM, TO = LIBRARY / "memory.py", LIBRARY / "blocking.py"
_DOCSTRING = '"""The library\'s calls, for programs without an event loop. Made from `memory.py`, which says more."""'
_WORDS = {
    "AsyncMemory": "Memory",
    "AsyncCaller": "Caller",
    "open_async": "open",
    "connect_async": "connect",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "async def": "def",
    "await ": "",
}


def made() -> str:
    """The text of `blocking.py`."""
    text = re.sub(r'\A""".*?"""', lambda _: _DOCSTRING, FROM.read_text(), flags=re.DOTALL)
    for word, other in _WORDS.items():
        text = text.replace(word, other)
    return text


if __name__ == "__main__":
    TO.write_text(made())
