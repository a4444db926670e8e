"""Seasoned turns what AI agents did in past sessions into skills that any agent can use next time."""

__version__ = "0.1.0.dev0"
