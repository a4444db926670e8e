"""Review by keyboard alone: what waits, with what it would change beside what it rests on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EXAMPLES, Open
from tests.browser.looking import look_at
from tests.support.command import seasoned
from tests.support.server import Server, running


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a home in which everything waits for a person."""
    with running(tmp_path_factory.mktemp("waiting")) as server:
        assert seasoned(server.home, "learn", str(EXAMPLES / "shop"), "--space", "shop", "--review").code == 0
        yield server


def _count(page: Page) -> int:
    return page.locator(".queue li").count()


def test_a_queue_is_worked_off_by_keys(waiting: Server, browse: Open) -> None:
    page = look_at(browse, waiting, "/review", "review")
    many = _count(page)
    assert many >= 4
    expect(page.locator(".proposal .diff").first).to_be_visible()
    expect(page.locator(".proposal .quote").first).to_contain_text("Message")
    first = page.locator(".proposal h2").first.inner_text()
    page.keyboard.press("j")
    expect(page.locator(".queue li").nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    expect(page.locator(".proposal h2").first).to_have_text(first)
    page.keyboard.press("a")
    expect(page.locator(".told")).to_contain_text("approved")
    assert _count(page) == many - 1
    page.keyboard.press("u")
    expect(page.locator(".proposal h2").first).to_have_text(first)
    assert _count(page) == many
    page.keyboard.press("r")
    page.keyboard.type("Not ours.")
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_contain_text("rejected")
    assert _count(page) == many - 1
    page.keyboard.press("e")
    page.keyboard.press("Control+End")
    page.keyboard.type(" Ask first.")
    page.keyboard.press("Tab")
    for _ in range(6):
        if page.evaluate("document.activeElement.innerText") == "Approve as edited":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_contain_text("approved")
    assert _count(page) == many - 2


def test_several_are_decided_at_once_and_what_was_decided_stays_to_be_seen(waiting: Server, browse: Open) -> None:
    page = browse(waiting, "/review")
    many = _count(page)
    page.check("[data-check-all]")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Reject chosen")
    expect(page.locator(".told")).to_contain_text(f"{many} rejected")
    expect(page.locator("main")).to_contain_text("Nothing waits for you")
    page.click("nav.tabs >> text=rejected")
    assert _count(page) >= many
    page.keyboard.press("u")
    expect(page.locator(".proposal .tag").first).to_have_text("pending")


def test_the_pipeline_and_usage_are_shown(waiting: Server, browse: Open) -> None:
    page = look_at(browse, waiting, "/pipeline", "pipeline")
    expect(page.locator("main")).to_contain_text("the built-in rules")
    look_at(browse, waiting, "/usage", "usage")
