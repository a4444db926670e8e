"""The command line: `seasoned`."""

from seasoned.cli.main import main

__all__ = ["main"]
