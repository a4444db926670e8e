"""How much processor time the rules take for a person's messages: `make bench-rules`.

A hundred messages of 2 KB, half of them sentences as people write them, half random words, must take half a second of
one core in the extract stage; the time must grow with the text, up to 1 MB; no call of one pattern may take 5 ms.
"""

import random
import re
import sys
import time
from collections.abc import Iterator

from seasoned.learning.questions import ExtractQuestion
from seasoned.message import Message, NumberedMessage, Part
from seasoned.rules.extract import extract
from seasoned.rules.phrases import book
from seasoned.rules.text import SENTENCE_CHARS_MAX

MESSAGES, MESSAGE_CHARS = 100, 2_000
SECONDS_MAX, GROWTH_MAX, CALL_SECONDS_MAX = 0.5, 1.5, 0.005
SAID = """
Could you look into the export job? It stopped on Tuesday and nobody noticed. I think the disk was full.
The second page still shows the old prices. Please add a column for the tax and sort the table by date.
thanks, that works. next: the newsletter needs a new header, and the link at the bottom is dead.
From now on send me the short version only. We never ship on Fridays, and anything over 200 euros needs my okay first.
hm, not quite what I meant. The totals should be at the top, one line for each region, without cents.
I talked to Maria yesterday and she said that the warehouse moves in spring. So the labels will have to change as well.
What happens if two people edit the same row? And is there a log somewhere that I can read myself?
never mind the footnote, the rest is fine. ok merged. can you also check whether the backup ran last night
The printer in the hall is out of paper again, which is the third time this week. My screen reader stumbles over tables.
I'd rather have a list, and no emoji please. Let's do the rest tomorrow, I have to catch my train.
"""
LETTERS = "etaoinshrdlucmfwygpbvk"


def words(chooser: random.Random) -> Iterator[str]:
    """Random words of the lengths that words have, with some full stops."""
    while True:
        word = "".join(chooser.choices(LETTERS, weights=range(len(LETTERS), 0, -1), k=chooser.randint(1, 9)))
        yield word + (". " if chooser.random() < 0.1 else ", " if chooser.random() < 0.1 else " ")


def texts(count: int, chars: int, seed: int = 5) -> list[str]:
    """Messages: sentences in random order, and random words between them."""
    chooser = random.Random(seed)  # noqa: S311 - text, no secrets
    said = [sentence.strip() for sentence in re.split(r"(?<=[.?!])\s", SAID) if sentence.strip()]
    stream = words(chooser)
    found = []
    for _ in range(count):
        text = ""
        while len(text) < chars:
            text += chooser.choice(said) + " " if chooser.random() < 0.5 else "".join(next(stream) for _ in range(12))
            text += "\n\n" if chooser.random() < 0.1 else ""
        found.append(text[:chars])
    return found


def conversation(said: list[str]) -> tuple[NumberedMessage, ...]:
    """The messages, each answered by the agent."""
    both = [
        message
        for text in said
        for message in (Message("user", (Part("text", text),)), Message("assistant", (Part("text", "It is done."),)))
    ]
    return tuple(NumberedMessage(number, number, message) for number, message in enumerate(both, 1))


def seconds(messages: tuple[NumberedMessage, ...]) -> float:
    """The processor time of one answer."""
    started = time.process_time()
    extract(ExtractQuestion(messages=messages, closed=True))
    return time.process_time() - started


def slowest_call(said: list[str]) -> tuple[float, str]:
    """The longest time that one pattern takes on a text as long as a sentence may be; and the pattern."""
    slowest, worst = 0.0, ""
    for name in ("talk", "lasting", "reports"):
        for group in book(name).values():
            for place in range(len(group.described.patterns)):
                pattern = group._compile(place)
                look = pattern.match if group.described.start else pattern.search
                for text in said[:20]:
                    started = time.process_time()
                    look(text.lower()[:SENTENCE_CHARS_MAX])
                    taken = time.process_time() - started
                    if taken > slowest:
                        slowest, worst = taken, pattern.pattern
    return slowest, worst


def main() -> int:
    """Print the figures; 1 when one is over its bound."""
    started = time.process_time()
    extract(ExtractQuestion(messages=conversation(["Please fix the login. Thanks!"])))
    print(f"first message: {time.process_time() - started:.3f} s (phrases are loaded)")
    cold, warm = (seconds(conversation(texts(MESSAGES, MESSAGE_CHARS, seed))) for seed in (1, 2))
    print(
        f"{MESSAGES} messages of {MESSAGE_CHARS} characters: {cold:.3f} s of processor time, patterns being compiled;"
    )
    print(f"  the next {MESSAGES}: {warm:.3f} s (at most {SECONDS_MAX} on a quiet core)")
    small, large = (seconds(conversation(texts(count, MESSAGE_CHARS))) for count in (50, 500))
    growth = large / small / 10
    print(
        f"1 MB of messages: {large:.3f} s, {growth:.2f} times as much for a character as 100 KB (at most {GROWTH_MAX})"
    )
    slowest, pattern = slowest_call(texts(50, MESSAGE_CHARS, 3))
    print(
        f"slowest call of a pattern: {slowest * 1_000:.2f} ms (at most {CALL_SECONDS_MAX * 1_000:.0f}): {pattern[:60]}"
    )
    one = seconds(conversation(texts(1, 1_000_000)))
    print(f"one message of 1 MB: {one:.3f} s")
    return 0 if warm <= SECONDS_MAX and growth <= GROWTH_MAX and slowest <= CALL_SECONDS_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
