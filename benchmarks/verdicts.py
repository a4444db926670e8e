"""How often verdicts are wrong, by simulation: of skills that do nothing, help or harm, and of who looks all the time.

Each simulated case has its own difficulty and is run three times by each arm, so that the agent is as noisy as agents
are. Everything comes from seeds, so the figures are the same everywhere.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable
from statistics import median

from seasoned.evaluation.statistics import ENOUGH, LEVEL, e_value, power
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


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000)
    seeds: int = parser.parse_args().seeds
    print(f"A/A, {seeds} seeds each: how often a skill that does nothing is said to help, or to harm (each < 5 %)")
    for cases in (10, 20, 40, 80):
        found = words(seeds, cases, 0.0)
        print(f"  {cases:>3} cases  helps {found['helps'] / seeds:6.2%}  harms {found['harms'] / seeds:6.2%}")
    print(f"\nVerdicts of {CASES} cases, right in")
    for skill, effect in SKILLS.items():
        found = words(seeds, CASES, effect)
        right = found["no difference seen"] if not effect else found[skill]
        print(f"  {skill:<13} {right / seeds:6.1%}   {dict(found.most_common())}")
    print(f"\nPower at 32 % ties and p <= {LEVEL}: computed, simulated")
    for share in (0.8, 0.94):
        for pairs in (5, 15, 30, 45):
            shown = simulated_power(seeds, pairs, 0.32, share)
            print(
                f"  {share:.0%} of decided pairs won, {pairs:>2} pairs  {power(pairs, 0.32, share):6.1%}  {shown:6.1%}"
            )
    print(f"\nA live trial that is looked at after each of {LOOKS} pairs of sessions and stopped at {ENOUGH:.0f}")
    for chance in (0.5, 0.7, 0.9):
        alarms = sum(stopped(seed, chance, chance, harm) > 0 for seed in range(seeds)) / seeds
        print(f"  no harm, {chance:.0%} succeed: false alarms {alarms:6.2%} (< 5 %)")
    for old, new in ((0.9, 0.4), (0.7, 0.3), (0.7, 0.5)):
        ends = [stopped(seed, old, new, harm) for seed in range(seeds)]
        seen = [pairs for pairs in ends if pairs]
        middle = 2 * median(seen) if seen else 0
        print(f"  {old:.0%} -> {new:.0%}: seen in {len(seen) / seeds:6.1%}, half of them within {middle:.0f} sessions")


if __name__ == "__main__":
    main()
