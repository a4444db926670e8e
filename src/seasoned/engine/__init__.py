"""Every use case once. The doors (HTTP, command line) only translate to it."""

from seasoned.engine.engine import Engine

__all__ = ["Engine"]
