"""Simulated evaluations: of skills that do nothing, help or harm, and of who looks all the time.

Each simulated case has its own difficulty and is run three times by each arm, so that the agent is as noisy as agents
are. Everything comes from seeds, so the figures are the same everywhere.
"""

import random
from collections import Counter
from collections.abc import Callable

from seasoned.evaluation.statistics import ENOUGH, e_value
from seasoned.evaluation.verdicts import Verdict, verdict

REPEATS = 3
LOOKS = 200
CASES = 60
# What a skill changes of the chance to pass a case.
SKILLS = {"helps": 0.35, "does nothing": 0.0, "harms": -0.35}


def evaluated(seed: int, cases: int, effect: float, level: float = 0.55, spread: float = 0.25) -> Verdict:
    """The verdict on a skill with some effect. `level` and `spread` are of the chances to pass without it."""
    chance = random.Random(seed)  # noqa: S311 - a seed gives the same figures again
    first, second = {}, {}
    for case in map(str, range(cases)):
        bare = min(max(chance.gauss(level, spread), 0.02), 0.98)
        first[case] = [chance.random() < bare for _ in range(REPEATS)]
        second[case] = [chance.random() < min(max(bare + effect, 0.02), 0.98) for _ in range(REPEATS)]
    return verdict(first, second)


def words(seeds: int, cases: int, effect: float) -> Counter[str]:
    """How often each verdict is given."""
    return Counter(evaluated(seed, cases, effect).word for seed in range(seeds))


def decided(seed: int, old: float, new: float, pairs: int) -> list[tuple[int, int]]:
    """The wins and losses of a new version after each pair of sessions, with the chances of both to succeed."""
    chance, wins, losses, found = random.Random(seed), 0, 0, []  # noqa: S311
    for _ in range(pairs):
        before, after = chance.random() < old, chance.random() < new
        wins, losses = wins + (after > before), losses + (after < before)
        found.append((wins, losses))
    return found


def stopped(seed: int, old: float, new: float, evidence: Callable[[int, int], float]) -> int:
    """After how many pairs the evidence is enough, looking after each of them; 0: never."""
    looks = enumerate(decided(seed, old, new, LOOKS), start=1)
    return next((pairs for pairs, (wins, losses) in looks if evidence(wins, losses) >= ENOUGH), 0)


def harm(wins: int, losses: int) -> float:
    """The evidence that a version harms."""
    return e_value(losses, wins)


def simulated_power(seeds: int, pairs: int, ties: float, share: float) -> float:
    """How often pairs with so many ties and wins lead to the verdict that a skill helps."""
    seen = 0
    for seed in range(seeds):
        chance = random.Random(seed)  # noqa: S311 - a seed gives the same figures again
        found = [chance.random() < share if chance.random() >= ties else None for _ in range(pairs)]
        first = {str(case): [won is False] for case, won in enumerate(found)}
        second = {str(case): [won is True] for case, won in enumerate(found)}
        seen += verdict(first, second).word == "helps"
    return seen / seeds
