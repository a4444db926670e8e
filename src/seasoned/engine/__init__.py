"""The use cases, one class for each noun, and the engine that brings them together.

Whoever only reads (`engine.records`) does not wait for all that learning imports: the engine comes when it is named.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seasoned.engine.engine import Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> object:
    if name == "Engine":
        from seasoned.engine.engine import Engine  # noqa: PLC0415 - see above

        return Engine
    raise AttributeError(name)
