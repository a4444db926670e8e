"""Who may see the pages, and what a browser may do with them: signing in, forms, other sites, reading only."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from seasoned import config
from seasoned.dashboard.app import OPEN, ROUTES
from seasoned.engine.records import Records
from seasoned.engine.visits import Visits
from tests.support.server import KEY, Server

HTML = {"Accept": "text/html"}
Sites = Callable[..., httpx.Client]


@pytest.fixture
def browser(server: Server) -> Iterator[httpx.Client]:
    """A browser that is not signed in."""
    with httpx.Client(base_url=server.url, headers=HTML, timeout=30) as client:
        yield client


def signed_in(client: httpx.Client, key: str = KEY) -> httpx.Client:
    done = client.post("/sign-in", data={"key": key})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    return client


def proof(client: httpx.Client, path: str = "/") -> str:
    found = re.search(r'name="proof" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def test_the_first_address_is_a_page_for_browsers_and_json_for_programs(browser: httpx.Client) -> None:
    assert browser.get("/", headers={"Accept": "*/*"}).json()["data"]["name"] == "Seasoned"
    asked = browser.get("/")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in")
    assert "text/html" in browser.get("/sign-in").headers["content-type"]


def test_no_page_is_shown_without_a_visit(browser: httpx.Client) -> None:
    opened = {(method, path) for method, path, _ in OPEN}
    for method, path, _ in ROUTES:
        if (method, path) in opened:
            continue
        address = re.sub(r"\{[^}]*\}", "0190a0b0-0000-7000-8000-000000000000", path)
        asked = browser.request(method, address)
        went = asked.headers.get("location", "") or asked.headers.get("hx-redirect", "")
        assert asked.status_code in (303, 401), (method, address)
        assert went.startswith("/sign-in"), (method, address)


def test_a_key_signs_in_and_the_browser_does_not_keep_it(browser: httpx.Client) -> None:
    wrong = browser.post("/sign-in", data={"key": "sk-ac-wrong"})
    assert (wrong.status_code, "No project has this key" in wrong.text) == (401, True)
    done = browser.post("/sign-in", data={"key": f" {KEY} ", "to": "/?x=1"})
    cookie = done.headers["set-cookie"]
    assert KEY not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert done.headers["location"] == "/?x=1"
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(browser: httpx.Client, to: str) -> None:
    assert browser.post("/sign-in", data={"key": KEY, "to": to}).headers["location"] == "/"


def test_a_cookie_that_was_changed_is_none(browser: httpx.Client) -> None:
    signed_in(browser)
    ((name, token),) = browser.cookies.items()
    browser.cookies.clear()
    browser.cookies.set(name, token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB"))
    assert browser.get("/").headers["location"] == "/sign-in"


def test_signing_out_ends_the_visit(browser: httpx.Client) -> None:
    signed_in(browser)
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert not browser.cookies


def test_a_form_without_the_proof_of_the_visit_changes_nothing(browser: httpx.Client) -> None:
    signed_in(browser)
    for data in ({"a": "b"}, {"proof": "x"}):
        asked = browser.post("/examples", data=data)
        assert asked.status_code == 403
        assert "That did not work" in asked.text


def test_other_sites_cannot_send_forms(browser: httpx.Client, http: httpx.Client) -> None:
    signed_in(browser)
    space = http.post("/learning_spaces", json={}).json()["data"]["id"]
    data = {"proof": proof(browser, f"/spaces/{space}")}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.post("/sign-in", data={"key": KEY}, headers=headers).status_code == 403
        assert browser.post("/examples", data=data, headers=headers).status_code == 403


def test_what_browsers_may_do_is_bounded(browser: httpx.Client) -> None:
    signed_in(browser)
    first, second = browser.get("/"), browser.get("/")
    policies = [one.headers["content-security-policy"] for one in (first, second)]
    for policy in policies:
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    assert policies[0] != policies[1]  # the nonce is used once
    assert first.headers["cache-control"] == "no-store"
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", first.text)
    for script in re.findall(r"<script[^>]*>", first.text):
        nonce = re.search(r'nonce="([^"]+)"', script)
        assert nonce
        assert f"'nonce-{nonce[1]}'" in policies[0]


def test_what_pages_load_may_be_kept(browser: httpx.Client) -> None:
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', browser.get("/sign-in").text)
    assert len(found) >= 5
    for address in found:
        asset = browser.get(address)
        assert (asset.status_code, "immutable" in asset.headers["cache-control"]) == (200, True)
    assert browser.get("/static/../app.py").status_code == 404
    assert browser.get("/static/%2e%2e%2fapp.py").status_code == 404


def test_a_project_sees_its_own_only(browser: httpx.Client, server: Server, new_project: Callable[[], object]) -> None:
    with server.http() as http:
        mine = http.post("/learning_spaces", json={}).json()["data"]["id"]
    other = server.create_project("pages-other")
    signed_in(browser, other.api_key)
    assert mine not in browser.get("/").text


def test_a_changed_key_ends_its_visits(browser: httpx.Client, server: Server) -> None:
    project = server.create_project("pages-rotated")
    signed_in(browser, project.api_key)
    assert browser.get("/").status_code == 200
    held = Records.open(config.load({"SEASONED_HOME": str(server.home)}, home=server.home))

    async def rotate() -> None:
        await held.projects.rotate_key("pages-rotated")
        await held.close()

    asyncio.run(rotate())
    assert browser.get("/").headers["location"] == "/sign-in"


def test_an_invitation_signs_in_once(browser: httpx.Client, server: Server) -> None:
    async def invite() -> str:
        held = Records.open(config.load({"SEASONED_HOME": str(server.home)}, home=server.home))
        try:
            row = await held.projects.default()
            return await Visits(held.store, held.keyring).invite(row.id)
        finally:
            await held.close()

    token = asyncio.run(invite())
    assert browser.get("/enter", params={"token": token}).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    browser.cookies.clear()
    assert browser.get("/enter", params={"token": token}).status_code == 401
    # A visit's own token is no invitation, nor the other way round.
    assert browser.get("/enter", params={"token": "AAAA"}).status_code == 401
    assert browser.get("/").status_code == 303


def test_pages_can_be_for_reading_only_or_off(start_server: Callable[..., Server], tmp_path: Path) -> None:
    server = start_server(SEASONED_PAGES="read")
    with httpx.Client(base_url=server.url, headers=HTML, timeout=30) as browser:
        signed_in(browser)
        page = browser.get("/").text
        assert 'action="/examples"' not in page
    off = start_server(SEASONED_PAGES="none")
    with httpx.Client(base_url=off.url, headers=HTML, timeout=30) as browser:
        assert browser.get("/").json()["data"]["name"] == "Seasoned"
        assert browser.get("/sign-in").status_code == 404
