"""The use cases, one class per noun, and the engine that combines them.

`Engine` is imported lazily, so that commands that only read (`engine.records`) do not import what learning needs.
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
