"""Verdicts: whether one arm passes more cases than another, and how sure that is."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

import msgspec

from seasoned.evaluation.runner import AGAIN, NONE, Run
from seasoned.evaluation.statistics import ENOUGH, LEVEL, e_value, pairs_needed, sign_test

Word = Literal["helps", "harms", "no difference seen", "too few"]

# How often each case was passed or not, in the order of its repeats.
Outcomes = Mapping[str, Sequence[bool]]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the paired cases of two arms say of the second one.

    `p_helps` and `p_harms` are the p-values of the exact one-sided sign tests, which hold when all cases are run before
    anyone looks; `e_helps` and `e_harms` are evidence that also holds when cases are added until something is seen.
    `pairs_needed` is how many more cases are needed when they are too few.
    """

    word: Word
    wins: int
    losses: int
    ties: int
    p_helps: float
    p_harms: float
    e_helps: float
    e_harms: float
    pairs_needed: int = 0

    @property
    def holds_at_any_time(self) -> bool:
        """Whether it also holds when somebody looked after each case."""
        return max(self.e_helps, self.e_harms) >= ENOUGH


def verdict(first: Outcomes, second: Outcomes) -> Verdict:
    """The verdict on the second arm; of a case that one arm has run more often, the repeats that both have count."""
    differences = [_difference(first[case], second[case]) for case in first if first[case] and second.get(case)]
    wins, losses = sum(one > 0 for one in differences), sum(one < 0 for one in differences)
    p_helps, p_harms = sign_test(wins, losses), sign_test(losses, wins)
    is_seen = min(p_helps, p_harms) <= LEVEL
    needed = 0 if is_seen else pairs_needed(wins, losses, len(differences))
    word: Word = "too few" if needed else "no difference seen"
    if is_seen:
        word = "helps" if p_helps < p_harms else "harms"
    return Verdict(
        word=word,
        wins=wins,
        losses=losses,
        ties=len(differences) - wins - losses,
        p_helps=p_helps,
        p_harms=p_harms,
        e_helps=e_value(wins, losses),
        e_harms=e_value(losses, wins),
        pairs_needed=needed,
    )


def _difference(first: Sequence[bool], second: Sequence[bool]) -> int:
    repeats = min(len(first), len(second))
    return sum(second[:repeats]) - sum(first[:repeats])


class ArmFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What an arm did: its runs, how many passed, and the median of their seconds."""

    arm: str
    runs: int
    passed: int
    seconds: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on an arm against another; of an arm against itself (`again`), what noise there is."""

    first: str
    second: str
    verdict: Verdict


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of an evaluation say, `wanted` being how many there are to be."""

    arms: list[ArmFigures]
    comparisons: list[Comparison]
    wanted: int


def report(runs: Sequence[Run], wanted: int) -> Report:
    """The figures of each arm, and the verdicts: on noise, on each version against none, and against the one before."""
    arms = sorted({run.arm for run in runs}, key=_place)
    versions = [arm for arm in arms if arm not in (NONE, AGAIN)]
    pairs = [(NONE, AGAIN)] if AGAIN in arms else []
    pairs += [(NONE, version) for version in versions if NONE in arms]
    pairs += list(pairwise(versions))
    outcomes = {arm: _outcomes([run for run in runs if run.arm == arm]) for arm in arms}
    return Report(
        arms=[_figures(arm, [run for run in runs if run.arm == arm]) for arm in arms],
        comparisons=[
            Comparison(first=first, second=second, verdict=verdict(outcomes[first], outcomes[second]))
            for first, second in pairs
        ],
        wanted=wanted,
    )


def version_arm(number: int) -> str:
    """The name of the arm that has a version of the skill."""
    return f"v{number}"


def _place(arm: str) -> tuple[int, int]:
    return (0, 0) if arm == NONE else (1, 0) if arm == AGAIN else (2, int(arm.removeprefix("v")))


def _outcomes(runs: Sequence[Run]) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = {}
    for run in sorted(runs, key=lambda one: one.repeat):
        found.setdefault(run.case, []).append(run.passed)
    return found


def _figures(arm: str, runs: Sequence[Run]) -> ArmFigures:
    passed = sum(run.passed for run in runs)
    return ArmFigures(arm=arm, runs=len(runs), passed=passed, seconds=median(run.seconds for run in runs))
