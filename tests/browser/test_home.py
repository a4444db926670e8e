"""The first page: a home with nothing in it, one that has learned, and one that learns while it is looked at."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.looking import look_at, seen
from tests.support.server import Server, running


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("empty")) as server:
        yield server


def test_an_empty_home_says_how_to_begin_and_learns_the_examples_at_a_click(empty: Server, browse: Open) -> None:
    page = look_at(browse, empty, "/", "start")
    assert page.locator("h1").inner_text() == "Nothing is learned yet"
    assert f"{empty.url}/api/v1" in page.locator("main").inner_text()
    page.click("text=Learn the examples")
    page.wait_for_selector("h2:text('Learned lately')")
    # What is learned meanwhile comes by itself.
    expect(page.locator(".stages .number").first).to_have_text("0", timeout=60_000)


def test_home_shows_what_was_learned_and_where(learned: Server, browse: Open) -> None:
    page = look_at(browse, learned, "/", "home")
    assert page.locator("article.space h3").all_inner_texts() == ["real", "shop"]
    assert "pytest: ModuleNotFoundError" in page.locator("article.space").nth(1).inner_text()
    assert page.locator("figure.chart svg rect").count() > 0


def test_what_happens_is_shown_without_loading_the_page_again(
    start_server: Callable[..., Server], browse: Open, tmp_path: Path
) -> None:
    server = start_server(SEASONED_QUIET_SECONDS="3600")
    with server.http() as http:
        space = http.post("/learning_spaces", json={}).json()["data"]["id"]
    page = browse(server)
    page.evaluate("window.isTheSame = true")
    number = page.locator(".stages .number").first
    expect(number).to_have_text("0")
    with server.http() as http:
        session = http.post("/session", json={}).json()["data"]["id"]
        http.post(f"/learning_spaces/{space}/learn", json={"session_id": session})
        blob = {"role": "user", "content": "Rename a.txt."}
        http.post(f"/session/{session}/messages", json={"blob": blob, "format": "openai"})
    expect(number).to_have_text("1", timeout=20_000)
    assert page.evaluate("window.isTheSame")


def test_a_page_is_used_by_keyboard(learned: Server, browse: Open) -> None:
    page = browse(learned)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    seen(page, "keys", 1280)
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert _focused(page) == page.locator("[data-row] [data-go]").nth(1).inner_text()
    page.keyboard.press("k")
    assert _focused(page) == page.locator("[data-row] [data-go]").nth(0).inner_text()


def test_the_theme_that_is_chosen_stays(learned: Server, browse: Open) -> None:
    page = browse(learned)
    assert page.evaluate("document.documentElement.dataset.theme") is None
    page.click("text=Light or dark")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText"))
