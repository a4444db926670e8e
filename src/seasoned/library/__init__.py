"""The library: the same calls on an engine in this process and on a server, with and without an event loop."""
