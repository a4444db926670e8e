"""The statistics of verdicts: an exact sign test of paired cases, its power, and an e-value for who looks often.

A *pair* is a case that both arms have run: a win when the second arm passed it more often, a loss when the first one
did, else a tie. If the arms are alike, each pair that is decided is a coin's throw, whatever the case and however noisy
the agent is; so counts of wins follow a binomial distribution exactly, and nothing has to be estimated.

Sources: W. J. Conover, "Practical Nonparametric Statistics" (1999), 3.4, for the sign test; H. Robbins, "Statistical
methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41 (1970), 1397-1409, for the
mixture; J. Ville, "Étude critique de la notion de collectif" (1939) and P. Grünwald, R. de Heide and W. Koolen, "Safe
testing", Journal of the Royal Statistical Society B 86 (2024), 1091-1128, for why it may be looked at at any time.
"""

from functools import lru_cache
from math import comb, exp, factorial, lgamma, log
from typing import Final

# Each of the two verdicts, helps and harms, is wrong for a skill that does nothing in at most one of forty
# evaluations; together in one of twenty.
LEVEL: Final = 0.025
# A difference worth seeing: four of five decided pairs go the same way. Enough pairs see it four times in five.
SHARE_WORTH_SEEING: Final = 0.8
POWER_WANTED: Final = 0.8
# Where fewer than one pair in ten is decided, with 95 % confidence, the skill changes nothing that matters.
DECIDED_WORTH_SEEING: Final = 0.1
CONFIDENCE: Final = 0.95
PAIRS_MAX: Final = 400
# An e-value that decides: if the arms are alike, it is ever reached in at most one of twenty evaluations.
ENOUGH: Final = 20.0


def sign_test(wins: int, losses: int) -> float:
    """How likely at least so many wins are if the arms are alike: the one-sided p-value of the exact sign test."""
    decided = wins + losses
    return sum(comb(decided, count) for count in range(wins, decided + 1)) / (1 << decided)


@lru_cache(maxsize=4 * PAIRS_MAX)
def power(pairs: int, ties: float, share: float = SHARE_WORTH_SEEING, level: float = LEVEL) -> float:
    """How likely so many pairs lead to a verdict, when a part `ties` of them is tied and a part `share` of the others
    is won.
    """
    return sum(_binomial(decided, pairs, 1 - ties) * _seen(decided, share, level) for decided in range(pairs + 1))


@lru_cache(maxsize=4 * PAIRS_MAX)
def pairs_needed(wins: int, losses: int, pairs: int) -> int:
    """How many more pairs are needed to see a difference worth seeing, if these are typical; 0 when it would have been
    seen, so that its absence says something. At most `PAIRS_MAX` in all.
    """
    decided, ties, low, high = wins + losses, _ties(wins, losses, pairs), pairs - 1, PAIRS_MAX
    # The power of an exact test is a saw; the first tooth that is high enough is near enough.
    while high - low > 1:
        middle = (low + high) // 2
        rarely = _is_rarely_decided(round(decided * middle / max(pairs, 1)), middle)
        low, high = (low, middle) if rarely or power(middle, ties) >= POWER_WANTED else (middle, high)
    return max(0, high - pairs)


def e_value(wins: int, losses: int) -> float:
    """The evidence that wins are likelier than losses, which may be looked at after each pair; 20 is enough.

    The likelihood of the decided pairs under a uniform mixture of all chances of winning above one half, against one
    half. The integral of (2q)^wins (2(1-q))^losses over 1/2 < q < 1 is an incomplete beta function, which for whole
    numbers is a sum of binomial coefficients.
    """
    decided = wins + losses
    tail = sum(comb(decided + 1, count) for count in range(wins + 1))
    return tail * factorial(wins) * factorial(losses) / factorial(decided + 1)


def _ties(wins: int, losses: int, pairs: int) -> float:
    """The part of the pairs that is tied, by the rule of succession, so that it is never none or all."""
    return (pairs - wins - losses + 1) / (pairs + 2)


def _is_rarely_decided(decided: int, pairs: int) -> bool:
    few = sum(_binomial(count, pairs, DECIDED_WORTH_SEEING) for count in range(decided + 1))
    return pairs > 0 and few <= 1 - CONFIDENCE


@lru_cache(maxsize=4 * PAIRS_MAX)
def _seen(decided: int, share: float, level: float) -> float:
    """How likely the wins of so many decided pairs are significant."""
    wins, ways, bound = decided + 1, 0, level * (1 << decided)
    while wins and ways + comb(decided, wins - 1) <= bound:
        wins -= 1
        ways += comb(decided, wins)
    return sum(_binomial(count, decided, share) for count in range(wins, decided + 1))


def _binomial(count: int, tries: int, chance: float) -> float:
    """The probability of so many successes; in logarithms, since the coefficients of long runs do not fit a float."""
    if chance in (0.0, 1.0):
        return float(count == tries * chance)
    ways = lgamma(tries + 1) - lgamma(count + 1) - lgamma(tries - count + 1)
    return exp(ways + count * log(chance) + (tries - count) * log(1 - chance))
