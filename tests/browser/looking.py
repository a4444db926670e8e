"""What every page must be: found without fault by axe, and no wider than the window; a picture of it is kept."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import PICTURES, Open
from tests.support.server import KEY, Server

SCHEMES = ((1280, False), (390, False), (1280, True))


def look_at(browse: Open, server: Server, path: str, name: str, key: str = KEY) -> Page:
    """The page at both widths, light and dark; the first of them is given back."""
    pages = [seen(browse(server, path, key=key, width=width, dark=dark), name, width, dark) for width, dark in SCHEMES]
    return pages[0]


def seen(page: Page, name: str, width: int, dark: bool = False) -> Page:
    """The page, which is as it must be."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{width}{'-dark' if dark else ''}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    return page
