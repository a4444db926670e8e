"""`make screenshots`: pictures of the pages for the README, from the home of `make demo`.

They show the page that people see first, a session, and a skill with who taught one of its lines.
"""

import argparse
import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH, HEIGHT = 1000, 600
SESSION = "2026-03-04-cart-voucher.jsonl"


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("demo-home"))
    home = parser.parse_args().home
    command = [sys.executable, "-m", "seasoned", "ui", "--no-browser", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        if process.stdout is None:
            raise SystemExit("The server says nothing.")
        address = process.stdout.readline().split()[1]
        try:
            take(address, (home / "api-key").read_text().strip())
        finally:
            process.terminate()


def take(address: str, key: str) -> None:
    """The pictures, of a server that this address signs in to."""
    base = address.partition("/enter")[0]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(address)
        keep(page, "home")
        session = next(one["id"] for one in listed(base, key, "session") if one["configs"]["source"] == SESSION)
        page.goto(f"{base}/sessions/{session}")
        keep(page, "session")
        skill = next(one["id"] for one in listed(base, key, "agent_skills") if one["name"] == "python")
        page.goto(f"{base}/skills/{skill}?file=pytest.md")
        page.locator(".row", has_text="ModuleNotFoundError").first.locator(".origin").hover()
        page.wait_for_selector("#peek .quote")
        keep(page, "skill")
        browser.close()


def keep(page: Page, name: str) -> None:
    """A picture of what the window shows."""
    page.wait_for_timeout(300)
    page.screenshot(path=IMAGES / f"{name}.png")


def listed(base: str, key: str, what: str) -> list[dict[str, Any]]:
    """The first items of a list of the API."""
    asked = urllib.request.Request(f"{base}/api/v1/{what}?limit=200", headers={"Authorization": f"Bearer {key}"})  # noqa: S310
    with urllib.request.urlopen(asked) as reply:  # noqa: S310 - our own server
        found: list[dict[str, Any]] = json.load(reply)["data"]["items"]
    return found


if __name__ == "__main__":
    main()
