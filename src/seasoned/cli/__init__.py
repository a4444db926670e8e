"""The command line: `seasoned`."""

from seasoned.cli.door import main

__all__ = ["main"]
