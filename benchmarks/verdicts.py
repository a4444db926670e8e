"""How often verdicts are wrong, by simulation: of skills that do nothing, help or harm, and of who looks all the time.

Everything comes from seeds, so the figures are the same everywhere.
"""

import argparse
from statistics import median

from tests.support import evaluations as simulation

from seasoned.evaluation.statistics import ENOUGH, LEVEL, power


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000)
    seeds: int = parser.parse_args().seeds
    print(f"A/A, {seeds} seeds each: how often a skill that does nothing is said to help, or to harm (each < 5 %)")
    for cases in (10, 20, 40, 80):
        found = simulation.words(seeds, cases, 0.0)
        print(f"  {cases:>3} cases  helps {found['helps'] / seeds:6.2%}  harms {found['harms'] / seeds:6.2%}")
    print(f"\nVerdicts of {simulation.CASES} cases, right in")
    for skill, effect in simulation.SKILLS.items():
        found = simulation.words(seeds, simulation.CASES, effect)
        right = found["no difference seen"] if not effect else found[skill]
        print(f"  {skill:<13} {right / seeds:6.1%}   {dict(found.most_common())}")
    print(f"\nPower at 32 % ties and p <= {LEVEL}: computed, simulated")
    for share in (0.8, 0.94):
        for pairs in (5, 15, 30, 45):
            shown = simulation.simulated_power(seeds, pairs, 0.32, share)
            print(
                f"  {share:.0%} of decided pairs won, {pairs:>2} pairs  {power(pairs, 0.32, share):6.1%}  {shown:6.1%}"
            )
    print(f"\nA live trial, looked at after each of {simulation.LOOKS} pairs of sessions, stopped at {ENOUGH:.0f}")
    for chance in (0.5, 0.7, 0.9):
        alarms = sum(simulation.stopped(seed, chance, chance, simulation.harm) > 0 for seed in range(seeds)) / seeds
        print(f"  no harm, {chance:.0%} succeed: false alarms {alarms:6.2%} (< 5 %)")
    for old, new in ((0.9, 0.4), (0.7, 0.3), (0.7, 0.5)):
        ends = [simulation.stopped(seed, old, new, simulation.harm) for seed in range(seeds)]
        seen = [pairs for pairs in ends if pairs]
        middle = 2 * median(seen) if seen else 0
        print(f"  {old:.0%} -> {new:.0%}: seen in {len(seen) / seeds:6.1%}, half of them within {middle:.0f} sessions")


if __name__ == "__main__":
    main()
