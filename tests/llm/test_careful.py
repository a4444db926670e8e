"""Good answers of a model are never spoilt: a careful model by script reaches what careful people reached."""

import pytest

from seasoned.testing import provider
from tests.conftest import StartServer
from tests.support.careful import CarefulModel
from tests.support.patience import PATIENCE_SECONDS
from tests.support.worlds import scorer, world_named


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fintech-devops", "retail-support"])
def test_the_labelled_answers_end_whole_in_tasks_and_skills(start_server: StartServer, name: str) -> None:
    score = scorer()
    world = world_named(name)
    with provider(CarefulModel(world)) as model:
        settings = {"SEASONED_MODEL": "openai:careful", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "none"}
        server = start_server(**settings)
        with server.client() as client:
            seen, files, took = score.play(client, world, PATIENCE_SECONDS)
    counts, detail = score.score(world, seen, files, took)
    figures = score.figures(counts)
    assert (figures["settled"], figures["leaks"], figures["stale"]) == (1.0, 0, 0.0), detail
    for figure, floor in (
        ("task recall", 0.95),
        ("task precision", 0.95),
        ("outcome", 0.95),
        ("preferences", 0.95),
        ("lessons", 0.9),
        ("repeated once", 0.9),
        ("logged", 1.0),
    ):
        assert figures[figure] >= floor, (figure, figures, detail)
    assert figures["extra per lesson"] <= 1.0, figures
    assert figures["brevity"] <= 0.2, figures
