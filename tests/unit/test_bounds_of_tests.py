"""What other tests rely on: that too much work is found, and that no test falls between the parts."""

import pytest

from tests.support.growth import check_linear, check_ratio, text_of
from tests.support.parts import a_few, in_part, slow


def count(times: int) -> int:
    return sum(1 for _ in range(times))


def test_work_that_grows_with_the_square_is_found() -> None:
    check_linear(int, lambda size: count(50 * size), 2_000)
    with pytest.raises(AssertionError, match="times"):
        check_linear(int, lambda size: count(size * size), 1_000)


def test_work_that_takes_more_than_its_yardstick_allows_is_found() -> None:
    check_ratio(lambda: count(40_000), 20, lambda: count(10_000))
    with pytest.raises(AssertionError, match="times"):
        check_ratio(lambda: count(400_000), 20, lambda: count(10_000))


def test_a_text_has_the_length_that_was_asked_for() -> None:
    assert text_of("abc")(7) == "abcabca"
    assert text_of("abcdef")(2) == "ab"


def test_a_few_run_always_and_all_the_others_with_the_slow_ones() -> None:
    few = a_few([1, 2, 3, (4, 5)], 2)
    assert few == [1, slow(2), 3, slow((4, 5))]
    assert a_few([1, 2], 2) == [1, 2]


def test_each_test_is_in_one_part(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    parts = [in_part(items, f"{which}/5") for which in range(1, 6)]
    assert sorted(item.nodeid for part in parts for item in part) == sorted(item.nodeid for item in items)
    assert in_part(items, "1/1") == items
