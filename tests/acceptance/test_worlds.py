"""What the rules engine learns from two labelled worlds: no leak and no loss without exception, and little junk.

The floors are below what was measured; `make worlds` gives the figures of all worlds.
"""

import pytest
from acontext import AcontextClient

from tests.support.parts import slow
from tests.support.patience import PATIENCE_SECONDS
from tests.support.worlds import scorer, world_named


@pytest.mark.parametrize("name", ["retail-support", slow("python-maintainer")])
def test_a_world_is_learned_without_leaks_and_with_little_junk(client: AcontextClient, name: str) -> None:
    score = scorer()
    world = world_named(name)
    seen, files, took = score.play(client, world, PATIENCE_SECONDS)
    counts, detail = score.score(world, seen, files, took)
    figures = score.figures(counts)
    assert (figures["settled"], figures["leaks"]) == (1.0, 0), detail
    for figure, floor in (
        ("task recall", 0.7),
        ("task precision", 0.7),
        ("outcome", 0.7),
        ("preferences", 0.6),
        ("lessons", 0.25),
        ("logged", 0.9),
    ):
        assert figures[figure] >= floor, (figure, figures, detail)
    assert figures["extra per lesson"] <= 0.5, (figures, detail)
    assert figures["brevity"] <= 0.1, (figures, detail)
