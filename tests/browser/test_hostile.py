"""What agents and strangers say does nothing on a page: no script, no request, no form, nothing hidden."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.looking import seen
from tests.support.server import Server, running
from tests.support.zips import zip_of

ATTACKS = (
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 2'>",
    "[click](javascript:window.pwned=3) [data](data:text/html,<script>window.pwned=4</script>)",
    "<div hx-get='/sign-out' hx-trigger='load' hx-nonce='x'>a</div><a href='/x' hx-post='/examples'>b</a>",
    "<form action='/sign-out' method='post'><button data-key='j' data-opens='main'>c</button></form>",
    "```x onmouseover=window.pwned=5\n</pre><script>window.pwned = 6</script>\n```",
    "![tracked](https://evil.example/pixel.png) <https://evil.example/>",
    "| a | b |\n|---|---|\n" + "".join(f"| {number} | <b>x</b> |\n" for number in range(2_000)),
    "Pay \u202egnp.exe\u202c to \u2066admin\u2069\u200b now\u0000.",
    "{{ 7 * 7 }} {% raw %} </textarea><script>window.pwned = 7</script>",
    "x" * 1_000_000,
)
NAME = "<img src=x onerror='window.pwned = 8'>"


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str, str]]:
    """A server with hostile messages, and a hostile skill; the session and the skill."""
    with running(tmp_path_factory.mktemp("hostile")) as server, server.http() as http:
        http.post("/learning_spaces", json={"user": NAME})
        session = http.post("/session", json={"user": NAME}).json()["data"]["id"]
        for number, said in enumerate(ATTACKS):
            role = "assistant" if number % 2 else "user"
            blob = {"role": role, "content": said.replace("\x00", "")}
            assert http.post(f"/session/{session}/messages", json={"blob": blob, "format": "openai"}).status_code == 201
        calls = [{"id": "1", "type": "function", "function": {"name": NAME, "arguments": ATTACKS[0]}}]
        call = {"role": "assistant", "content": None, "tool_calls": calls}
        assert http.post(f"/session/{session}/messages", json={"blob": call, "format": "openai"}).status_code == 201
        head = f'---\nname: bad\ndescription: "{ATTACKS[0]} {ATTACKS[4]}"\n---\n'
        text = head + "\n\n".join(one for one in ATTACKS[:-1] if "\x00" not in one and "2000" not in one)
        made = zip_of({"bad/SKILL.md": text.encode(), "bad/long.md": ATTACKS[-1].encode()})
        skill = http.post("/agent_skills", files={"file": ("bad.zip", made)})
        assert skill.status_code == 201, skill.text
        yield server, session, skill.json()["data"]["id"]


def _is_harmless(page: Page, asked: list[str], server: Server) -> None:
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    assert [url for url in asked if not url.startswith(server.url)] == []
    assert not [url for url in asked if url.endswith(("/sign-out", "/examples"))]
    # Nothing that was said is an element with a meaning on these pages.
    assert page.locator(".md [hx-get], .md [hx-post], .plain [hx-get], .md form, .md img, .md script").count() == 0
    assert page.locator("a[href^='javascript'], a[href^='data']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize(
    "path",
    ["/sessions/{session}", "/skills/{skill}", "/skills/{skill}?view=lines", "/skills/{skill}?file=long.md",
     "/skills/{skill}/edit?file=SKILL.md", "/skills/{skill}/versions", "/skills/{skill}/diff", "/", "/sessions"],
)  # fmt: skip
def test_what_others_say_does_nothing(attacked: tuple[Server, str, str], browse: Open, path: str) -> None:
    server, session, skill = attacked
    page = browse(server)
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(server.url + path.format(session=session, skill=skill))
    for details in page.locator("main details").all():
        details.evaluate("one => { one.open = true; }")
    _is_harmless(page, asked, server)


def test_what_is_hidden_in_a_text_is_seen(attacked: tuple[Server, str, str], browse: Open) -> None:
    server, session, _ = attacked
    page = seen(browse(server, f"/sessions/{session}"), "hostile", 1280)
    expect(page.locator("#m-9")).to_contain_text("⟨U+202E⟩")
    expect(page.locator("#m-9")).to_contain_text("⟨U+200B⟩")
    expect(page.locator("#m-1")).to_contain_text("<script>window.pwned = 1</script>")
    assert len(page.content()) < 600_000


def test_a_stolen_form_or_address_is_answered_with_a_sentence(attacked: tuple[Server, str, str], browse: Open) -> None:
    server, _, skill = attacked
    page = browse(server)
    for path, status in (
        ("/skills/x", 404),
        (f"/skills/{skill}?file=../../secret", 200),
        (f"/skills/{skill}/why?file=SKILL.md&line=999999", 404),
        (f"/skills/{skill}/diff?from=-1&to=99", 404),
        ("/sessions/0190a0b0-0000-7000-8000-000000000000", 404),
        ("/sessions?after=junk", 400),
        ("/forget?kind=all&id=1", 404),
        ("/search?q=" + "%22" * 500, 200),
        ("/usage/calls/0190a0b0-0000-7000-8000-000000000000", 404),
    ):
        # Not with `goto`, whose refusals are errors in the browser's console.
        assert page.request.get(server.url + path, headers={"Accept": "text/html"}).status == status, path
