"""What one Gemini message may ask of the writer, which others wait for."""

import pytest

from seasoned.errors import TooLarge
from seasoned.message import Message, Part
from seasoned.store.pairing import OPEN_MAX, TIES_MAX, OpenCall, Tie, settle, ties


def calls(count: int) -> Message:
    """A message with so many calls."""
    parts = tuple(Part("tool-call", meta={"name": "look", "id": str(number)}) for number in range(count))
    return Message(role="assistant", parts=parts, meta={"source_format": "gemini"})


def test_a_message_has_so_many_calls_at_most() -> None:
    assert len(ties(calls(TIES_MAX))) == TIES_MAX
    with pytest.raises(TooLarge, match="Split it"):
        ties(calls(TIES_MAX + 1))


def test_of_too_many_open_calls_the_newest_stay_open() -> None:
    made = [Tie(number, True, str(number), "look") for number in range(TIES_MAX)]
    left, filled = settle([OpenCall("old", "look")], made)
    assert [call.id for call in left] == [str(number) for number in range(TIES_MAX - OPEN_MAX, TIES_MAX)]
    assert filled == {}
