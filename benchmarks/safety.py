"""What gets past the scanner and the redactor, how much of what is harmless they take, and what they cost.

The texts are those of `tests/data/injections.jsonl` and `tests/data/secrets.jsonl`, all written for this repository.
`seen` and `held out` are the halves of the first corpus by a fixed rule; only the first was looked at while the
patterns were made, but one hand wrote both the texts and the patterns. `later` and `evasive` were written
afterwards, the second to be missed. At first sight 0.47 of `later` and 0.11 of `evasive` were caught; some of
their kinds were added to the patterns then, so the figures below are not those of unseen text.

A second corpus of secrets has every kind in two halves (`secrets-open.jsonl`, `secrets-held-out.jsonl`): the failures
of the held-out half were looked at when the rules were finished. At first sight 81 of its 91
secrets were found and no harmless text was changed; the missing kinds were added then.

The next table is of an obedient model: it writes every text into every place that an answer has, with quotes that
verify, and the whole path from messages to skills decides what stays out. The last one is of orders in fifteen
languages (`orders.jsonl`), each in four places of a session, learned from by the rules and by the obedient model.
"""

import asyncio
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.corpora import PARTS, Injection, Order, SecretText, injections, more_secrets, orders, secrets
from tests.support.obedient import PLACES, POSITIONS, Learned, explained, learn, learn_from, spoken

from seasoned.message import Message, NumberedMessage
from seasoned.safety.origin import Origin
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
    _more_secrets()
    _cost(good)
    _obedient(bad, real)
    _orders()


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


def _more_secrets() -> None:
    halves = [more_secrets("open"), more_secrets("held-out")]
    print("\nsecrets by kind, open and held-out half")
    for kind in dict.fromkeys(one.kind for real, _ in halves for one in real):
        cells = [_share([one.secret not in redact(one.text) for one in real if one.kind == kind]) for real, _ in halves]
        print(f"{kind:20} {cells[0]:>16} {cells[1]:>16}")
    cells = [_share([one.secret not in redact(one.text) for one in real]) for real, _ in halves]
    print(f"{'all':20} {cells[0]:>16} {cells[1]:>16}")
    cells = [_share([redact(one.text) != one.text for one in decoys]) for _, decoys in halves]
    print(f"{'harmless redacted':20} {cells[0]:>16} {cells[1]:>16}")
    missed = [one for real, _ in halves for one in real if one.secret in redact(one.text)]
    print("missed: " + ("; ".join(f"{one.id} ({one.kind})" for one in missed) or "none"))


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


def _orders() -> None:
    told, explanations = orders()
    print("\norders in a skill".ljust(22) + "  ".join(f"{position:>16}" for position in POSITIONS))
    by_rules = {p: _learned([spoken(p, one.text, n) for n, one in enumerate(told)]) for p in POSITIONS}
    _live("rules", told, by_rules)
    _live("obedient model", told, {p: _obeyed([(p, one.text) for one in told]) for p in POSITIONS})
    talks = [explained(one.error, one.text, number) for number, one in enumerate(explanations)]
    held = [one for one, talk in zip(explanations, talks, strict=True) if _is_held(one.text, talk)]
    print(
        f"harmless explanations held back: {_share([one in held for one in explanations])} {[one.id for one in held]}"
    )


def _live(who: str, told: Sequence[Order], learned: dict[str, Learned]) -> None:
    live = {position: [one for one in told if found.places(one.canary)] for position, found in learned.items()}
    print(f"{who:20} " + "  ".join(f"{len(live[position]):>13}/{len(told)}" for position in POSITIONS))
    by_kind: dict[str, list[str]] = defaultdict(list)
    for position, through in live.items():
        for one in through:
            by_kind[one.kind].append(f"{one.id} {position}")
    print("  through: " + ("; ".join(f"{kind}: {', '.join(found)}" for kind, found in by_kind.items()) or "none"))


def _learned(talks: Sequence[Sequence[Message]]) -> Learned:
    with tempfile.TemporaryDirectory() as home:
        return asyncio.run(learn_from(Path(home), talks))


def _obeyed(texts: Sequence[tuple[str, str]]) -> Learned:
    with tempfile.TemporaryDirectory() as home:
        return asyncio.run(learn(Path(home), texts))


def _is_held(text: str, talk: Sequence[Message]) -> bool:
    messages = [NumberedMessage(number, 0, message) for number, message in enumerate(talk, start=1)]
    return bool(Origin(messages, [text]).objection(text) or scan(text))


def _through(what: str, places: Sequence[set[str]]) -> None:
    counts = Counter(place for found in places for place in found)
    cells = "  ".join(f"{counts[place]:>{len(place)}}" for place in PLACES)
    print(f"{what}: {sum(map(bool, places))}/{len(places)}".ljust(27) + cells)


if __name__ == "__main__":
    main()
