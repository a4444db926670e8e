"""Starts the log and traces of a long-running process, a server or a worker."""

import logging
import os
from collections.abc import Callable

from seasoned import instrumentation
from seasoned.telemetry import logs, tracing


def start(version: str) -> Callable[[], None]:
    """Log and trace what `seasoned.instrumentation` tells, as far as that is asked for; what is returned ends it."""
    ends: list[Callable[[], None]] = []
    if logs.log.isEnabledFor(logging.INFO):
        ends.append(instrumentation.listen(logs.Signals()))
    traced = tracing.from_environment(os.environ, version)
    if traced is not None:
        ends += [instrumentation.listen(traced[0]), traced[1]]

    def stop() -> None:
        for end in ends:
            end()

    return stop
