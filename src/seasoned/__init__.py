"""Seasoned turns what AI agents did in past sessions into skills that any agent can use next time.

    >>> import seasoned
    >>> with seasoned.open(home) as memory:
    ...     sessions = memory.learn("examples/shop")
    ...     states = memory.wait(seconds=300)
    ...     hits = memory.search("pytest fails, no module named shop", kinds=["entry"]).items
    ...     prompt = memory.context("run the tests of the cart", max_tokens=800)
    >>> {state.status for state in states}
    {'completed'}
    >>> "uv run pytest" in hits[0].excerpt
    True
    >>> prompt.tokens <= 800
    True

`seasoned.connect(url, key)` has the same calls on a server. Errors are those of `seasoned.errors`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seasoned.library.blocking import Memory
    from seasoned.library.memory import AsyncMemory

__version__ = "0.1.0.dev0"

__all__ = ["AsyncMemory", "Memory", "__version__", "connect", "connect_async", "open", "open_async"]


def open(home: str | Path, **settings: str | float) -> "Memory":  # noqa: A001 - as other libraries call it
    """Open a home, making the folder if there is none, and learn in the background until it is closed.

    `settings` are those of docs/settings.md by their names, such as `model="openai:gpt-5-mini"`; the others come from
    the environment. Learning runs in a process of its own unless `worker="inline"`. Raises Invalid.
    """
    from seasoned.library.blocking import Memory  # noqa: PLC0415 - `import seasoned` stays light
    from seasoned.library.transport import Caller, in_process  # noqa: PLC0415 - see above

    return Memory(Caller(in_process(home, settings)))


async def open_async(home: str | Path, **settings: str | float) -> "AsyncMemory":
    """Like `open`, for the event loop that runs. Raises Invalid."""
    from seasoned.library.memory import AsyncMemory  # noqa: PLC0415 - `import seasoned` stays light
    from seasoned.library.transport import in_process  # noqa: PLC0415 - see above

    return AsyncMemory(await in_process(home, settings))


def connect(url: str, key: str) -> "Memory":
    """The same calls on a server, such as `http://127.0.0.1:8029`, with a project's key. Raises Invalid."""
    from seasoned.library.blocking import Memory  # noqa: PLC0415 - `import seasoned` stays light
    from seasoned.library.transport import Caller, over_http  # noqa: PLC0415 - see above

    return Memory(Caller(over_http(url, key)))


async def connect_async(url: str, key: str) -> "AsyncMemory":
    """Like `connect`, for the event loop that runs. Raises Invalid."""
    from seasoned.library.memory import AsyncMemory  # noqa: PLC0415 - `import seasoned` stays light
    from seasoned.library.transport import over_http  # noqa: PLC0415 - see above

    return AsyncMemory(await over_http(url, key))


def __getattr__(name: str) -> object:
    if name == "AsyncMemory":
        from seasoned.library.memory import AsyncMemory  # noqa: PLC0415 - see above

        return AsyncMemory
    if name == "Memory":
        from seasoned.library.blocking import Memory  # noqa: PLC0415 - see above

        return Memory
    raise AttributeError(f"module 'seasoned' has no attribute {name!r}")
