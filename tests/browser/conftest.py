"""A real browser on a home that learned from real sessions. `make test-browser` installs what it needs."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.command import seasoned
from tests.support.server import KEY, Server, running

EXAMPLES = Path(__file__).parents[2] / "examples"
# Pictures of every page, to be looked at.
PICTURES = Path(os.environ.get("SEASONED_TEST_OUTPUT", Path(__file__).parents[2] / "test-output")) / "pages"
WIDTHS = (1280, 390)

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that Playwright has."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a home that has learned the examples: a shop's sessions, and in another space some real ones."""
    folder = tmp_path_factory.mktemp("pages")
    with running(folder) as server:
        assert seasoned(server.home, "learn", str(EXAMPLES / "shop"), "--space", "shop").code == 0
        real = [str(EXAMPLES / name) for name in ("airline.json", "claude-code.jsonl")]
        assert seasoned(server.home, "learn", *real, "--space", "real").code == 0
        yield server


@pytest.fixture
def browse(chromium: Browser) -> Iterator[Open]:
    """Opens a signed-in page of a server, and fails if the browser complains about anything on it."""
    contexts, wrong = list[BrowserContext](), list[str]()

    def opened(server: Server, path: str = "/", key: str = KEY, width: int = 1280, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if said.type == "error" and "status of 409" not in said.text else None,
        )
        page.goto(f"{server.url}/sign-in")
        page.fill("#key", key)
        page.click("text=Sign in >> nth=-1")
        page.wait_for_url(f"{server.url}/")
        if path != "/":
            page.goto(f"{server.url}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong
