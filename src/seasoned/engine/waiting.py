"""Waiting for learning to go on: whoever waits looks at the rows, and again at the next change."""

import asyncio

# A change of another process may go unheard.
LOOK_SECONDS = 1.0


async def until_changed(change: asyncio.Event, seconds: float = LOOK_SECONDS) -> None:
    """Wait until `change` is set, at most `seconds` and never longer than LOOK_SECONDS."""
    try:
        async with asyncio.timeout(max(0.0, min(seconds, LOOK_SECONDS))):
            await change.wait()
    except TimeoutError:
        return
