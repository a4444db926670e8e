"""The command line with a trap at a fault point, for tests with real processes.

    SEASONED_FAULT=commit.after:3 python -m seasoned.testing.faulty serve

runs `seasoned serve`, and ends it as `kill -9` would when it passes the point the third time. Only this module looks
at the variable; `seasoned` itself does not.
"""

import os
import runpy
import sys

from seasoned.errors import Invalid
from seasoned.testing.faults import armed, kill, watch_statements

VARIABLE = "SEASONED_FAULT"


def main() -> None:
    """Arm what the variable names, and run the command line."""
    try:
        name, on = _parse(os.environ.get(VARIABLE, ""))
        watch_statements()
        with armed({name: kill(on)}):
            # The command line lies above the test kit, which therefore may not import it.
            runpy.run_module("seasoned", run_name="__main__", alter_sys=True)
    except Invalid as error:
        sys.exit(str(error))


def _parse(text: str) -> tuple[str, int]:
    name, _, number = text.partition(":")
    if not name or not number.isdecimal() or int(number) < 1:
        raise Invalid(f"{VARIABLE} must be point:n, such as commit.after:3, not {text!r}.")
    return name, int(number)


if __name__ == "__main__":
    main()
