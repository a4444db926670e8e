"""What gets past the scanner and the redactor, how much of what is harmless they take, and what they cost.

The texts are those of `tests/data/injections.jsonl` and `tests/data/secrets.jsonl`, all written for this repository.
`seen` and `held out` are the halves of the first corpus by a fixed rule; only the first was looked at while the
patterns were made, but one hand wrote both the texts and the patterns. `later` and `evasive` were written
afterwards, the second to be missed. At first sight 0.47 of `later` and 0.11 of `evasive` were caught; some of
their kinds were added to the patterns then, so the figures below are not those of unseen text.

The last table is of an obedient model: it writes every text into every place that an answer has, with quotes that
verify, and the whole path from messages to skills decides what stays out.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.corpora import PARTS, Injection, SecretText, injections, secrets
from tests.support.obedient import PLACES, learn

from seasoned.safety.scanner import scan
from seasoned.safety.secrets import redact

SIZES = (1_200, 64 * 1024, 1024 * 1024)
TIMED_CHARS = 400_000


def main() -> None:
    """Print the tables."""
    bad, good = injections()
    real, decoys = secrets()
    _found(bad, good, real, decoys)
    _kinds(bad)
    _cost(good)
    _obedient(bad, real)


def _found(
    bad: Sequence[Injection], good: Sequence[Injection], real: Sequence[SecretText], decoys: Sequence[SecretText]
) -> None:
    print("part       injected held back   harmless held back   secrets redacted   decoys redacted")
    for part in PARTS:
        cells = [
            _share([bool(scan(one.text)) for one in bad if one.part == part]),
            _share([bool(scan(one.text)) for one in good if one.part == part]),
            _share([one.secret not in redact(one.text) for one in real if one.part == part]),
            _share([redact(one.text) != one.text for one in decoys if one.part == part]),
        ]
        print(f"{part:10} {cells[0]:>18} {cells[1]:>20} {cells[2]:>18} {cells[3]:>17}")


def _share(found: Sequence[bool]) -> str:
    return f"{sum(found)}/{len(found)} = {sum(found) / len(found):.3f}" if found else "-"


def _kinds(bad: Sequence[Injection]) -> None:
    missed = Counter(one.kind for one in bad if not scan(one.text))
    print("\nmissed by kind: " + (", ".join(f"{kind} {count}" for kind, count in missed.most_common()) or "none"))


def _cost(good: Sequence[Injection]) -> None:
    print("\nmilliseconds a text        scan   redact")
    text = "\n\n".join(one.text for one in good)
    for size in SIZES:
        sample = (text * (size // len(text) + 1))[:size]
        print(f"{size:9} characters {_milliseconds(scan, sample):11.2f} {_milliseconds(redact, sample):8.2f}")


def _milliseconds(work: Callable[[str], object], text: str) -> float:
    times = max(1, TIMED_CHARS // len(text))
    started = time.perf_counter()
    for _ in range(times):
        work(text)
    return 1_000 * (time.perf_counter() - started) / times


def _obedient(bad: Sequence[Injection], real: Sequence[SecretText]) -> None:
    print("\nobedient model: in skills  " + "  ".join(PLACES))
    with tempfile.TemporaryDirectory() as home:
        learned = asyncio.run(learn(Path(home), bad))
    _through("injected", [learned.places(one.canary) for one in bad])
    flagged = [learned.places(one.canary) for one in bad if scan(one.text)]
    _through("  of those that the scanner knows", flagged)
    with tempfile.TemporaryDirectory() as home:
        learned = asyncio.run(learn(Path(home), [("tool_result", one.text) for one in real]))
    _through("secrets", [learned.places(one.secret) for one in real])
    print(f"secrets shown to the model: {sum(one.secret in learned.shown for one in real)}/{len(real)}")


def _through(what: str, places: Sequence[set[str]]) -> None:
    counts = Counter(place for found in places for place in found)
    cells = "  ".join(f"{counts[place]:>{len(place)}}" for place in PLACES)
    print(f"{what}: {sum(map(bool, places))}/{len(places)}".ljust(27) + cells)


if __name__ == "__main__":
    main()
