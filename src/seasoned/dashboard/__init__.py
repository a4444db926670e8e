"""The pages: where people look at what is learned, and decide on it. Rendered on the server, served by `http`."""

from seasoned.dashboard.app import Dashboard

__all__ = ["Dashboard"]
