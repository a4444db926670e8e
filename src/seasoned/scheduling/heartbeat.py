"""Whether somebody works on what is due."""

import msgspec


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` says whether somebody works, `here` whether this process is one that should.

    `beat_at` is when the last sign of life was given, in microseconds; None when there was none. `pid` is the process
    that works for this server, where that is one.
    """

    ok: bool
    here: bool
    beat_at: int | None
    pid: int | None = None
