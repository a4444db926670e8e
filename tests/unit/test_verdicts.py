"""Verdicts and their statistics: exact values, and error rates over seeds."""

from collections import Counter
from itertools import product
from math import comb

import pytest

from seasoned.evaluation.statistics import ENOUGH, LEVEL, PAIRS_MAX, e_value, pairs_needed, power, sign_test
from seasoned.evaluation.verdicts import verdict
from tests.support import evaluations as simulation

SEEDS = 100


def test_the_sign_test_is_exact() -> None:
    for wins, losses in product(range(7), repeat=2):
        every = list(product((0, 1), repeat=wins + losses))
        assert sign_test(wins, losses) == sum(sum(one) >= wins for one in every) / len(every)


def test_power_is_what_the_literature_gives() -> None:
    assert [round(100 * power(pairs, 0.32, 0.8, 0.05)) for pairs in (5, 15, 30)] == [5, 50, 85]
    assert [round(100 * power(pairs, 0.32, 0.94, 0.05)) for pairs in (5, 15, 30)] == [11, 92, 100]


@pytest.mark.parametrize(("pairs", "share"), [(15, 0.94), (30, 0.8), (45, 0.8)])
def test_power_is_what_is_seen(pairs: int, share: float) -> None:
    seeds = 400
    expected = power(pairs, 0.32, share)
    assert abs(simulation.simulated_power(seeds, pairs, 0.32, share) - expected) < 4 * (0.25 / seeds) ** 0.5


def test_the_e_value_is_fair_and_integrates_the_mixture() -> None:
    for decided in range(12):
        expected = sum(comb(decided, wins) * e_value(wins, decided - wins) for wins in range(decided + 1))
        assert expected / (1 << decided) == pytest.approx(1)
    steps = 20_000
    for wins, losses in ((5, 1), (2, 6)):
        chances = [0.5 + (step + 0.5) / (2 * steps) for step in range(steps)]
        mean = sum((2 * chance) ** wins * (2 - 2 * chance) ** losses for chance in chances) / steps
        assert e_value(wins, losses) == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize(
    ("skill", "word"), [("helps", "helps"), ("does nothing", "no difference seen"), ("harms", "harms")]
)
def test_verdicts_are_right_in_95_of_100_seeds(skill: str, word: str) -> None:
    found = simulation.words(SEEDS, simulation.CASES, simulation.SKILLS[skill])
    assert found[word] >= 95, found


@pytest.mark.parametrize("cases", [8, 20, 40])
def test_an_arm_is_not_better_than_itself(cases: int) -> None:
    found = simulation.words(400, cases, 0.0)
    assert max(found["helps"], found["harms"]) < 0.05 * 400


def test_looking_all_the_time_raises_few_false_alarms_and_harm_is_seen() -> None:
    stops = [simulation.stopped(seed, 0.7, 0.7, simulation.harm) for seed in range(200)]
    assert sum(map(bool, stops)) < 0.05 * len(stops)
    harmed = [simulation.stopped(seed, 0.7, 0.3, simulation.harm) for seed in range(100)]
    assert sum(map(bool, harmed)) >= 95
    # A sign test that is looked at as often would be wrong many times, so the e-value is needed.
    peeked = [
        any(sign_test(lost, won) <= LEVEL for won, lost in simulation.decided(seed, 0.7, 0.7, 200))
        for seed in range(200)
    ]
    assert sum(peeked) > 0.05 * len(peeked)


def test_too_few_pairs_say_how_many_are_needed() -> None:
    few = verdict({"a": [True], "b": [False]}, {"a": [True], "b": [True]})
    assert (few.word, few.wins, few.losses, few.ties) == ("too few", 1, 0, 1)
    wins, losses, ties = 4, 1, 5
    needed = pairs_needed(wins, losses, 10)
    assert 0 < needed < PAIRS_MAX
    assert power(10 + needed, (ties + 1) / 12) >= 0.8 > power(10 + needed // 2, (ties + 1) / 12)
    assert verdict({}, {}).pairs_needed > 0


def test_alike_cases_show_that_nothing_differs_without_one_that_is_decided() -> None:
    alike = {str(case): [True, True, False] for case in range(40)}
    same = verdict(alike, {case: [False, True, True] for case in alike})
    assert (same.word, same.ties) == ("no difference seen", 40)
    assert verdict(dict(list(alike.items())[:20]), alike).word == "too few"


def test_repeats_that_only_one_arm_has_do_not_count() -> None:
    first = {str(case): [False] for case in range(8)}
    second = {str(case): [True, False, False] for case in range(8)}
    found = verdict(first, second)
    assert (found.word, found.wins, found.holds_at_any_time) == ("helps", 8, e_value(8, 0) >= ENOUGH)
    assert Counter({verdict(second, first).word: 1}) == Counter({"harms": 1})
