"""A session's page: who said what, what was found in it, and the way from there to a skill's line and back."""

from playwright.sync_api import expect

from tests.browser import finding
from tests.browser.conftest import Open
from tests.browser.looking import look_at
from tests.support.server import Server

VOUCHER = "2026-03-04-cart-voucher.jsonl"


def test_the_conversation_tells_authors_apart_and_folds_tools(learned: Server, browse: Open) -> None:
    page = look_at(browse, learned, f"/sessions/{finding.session(learned, VOUCHER)}", "session")
    assert page.locator("#m-1 header strong").inner_text() == "Person"
    assert page.locator("#m-2 header strong").inner_text() == "Agent"
    assert page.locator("#m-3 header strong").inner_text() == "Tool"
    call = page.locator("#m-4 details.is-call")
    expect(call.locator("pre")).to_be_hidden()
    call.locator("summary").click()
    expect(call.locator("pre")).to_contain_text("uv run pytest")
    look_at(browse, learned, "/sessions", "sessions")


def test_from_a_message_to_the_skills_line_and_back_again(learned: Server, browse: Open) -> None:
    page = browse(learned, f"/sessions/{finding.session(learned, VOUCHER)}")
    # What is quoted is marked, and leads to the lesson; that leads to the entry that it became.
    expect(page.locator("#m-3 mark")).to_have_text("ModuleNotFoundError: No module named 'shop'")
    page.locator("#m-3 .taught").click()
    lesson = page.locator(".lesson:target")
    expect(lesson).to_contain_text("pytest: ModuleNotFoundError")
    lesson.locator(".place a", has_text="python/pytest.md").click()
    entry = page.locator(".row:target")
    expect(entry).to_contain_text("ModuleNotFoundError: No module named 'shop'")
    # The margin says who taught it, and leads to the very message.
    mark = entry.locator("a.origin")
    mark.hover()
    expect(page.locator("#peek")).to_contain_text("The cart total ignores the voucher")
    expect(page.locator("#peek .quote").first).to_contain_text("ModuleNotFoundError")
    mark.click()
    expect(page.locator(".message:target mark")).to_have_text("ModuleNotFoundError: No module named 'shop'")


def test_keys_go_through_messages_and_tasks(learned: Server, browse: Open) -> None:
    page = browse(learned, f"/sessions/{finding.session(learned, VOUCHER)}")
    for _ in range(3):
        page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('article').id") == "m-3"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.closest('article').id") == "m-2"
    page.keyboard.press("t")
    assert "Task 1" in page.evaluate("document.activeElement.innerText")


def test_a_person_says_how_a_task_ended(learned: Server, browse: Open) -> None:
    session = finding.session(learned, "airline.json #2 (task 20/1)")
    page = browse(learned, f"/sessions/{session}")
    before = page.locator(".task .tag").first.inner_text()
    said, after = ("It failed", "failed") if before == "success" else ("It succeeded", "success")
    page.click(f"text={said}")
    expect(page.locator(".told")).to_contain_text("The outcome is noted")
    expect(page.locator(".task .tag").first).to_have_text(after)
    expect(page.locator(".task").first).to_contain_text("A person said that it")


def test_forgetting_shows_first_what_goes(learned: Server, browse: Open) -> None:
    session = finding.session(learned, "2026-03-09-upgrade-httpx.jsonl")
    page = look_at(browse, learned, f"/forget?kind=session&id={session}", "forget")
    goes = page.locator("section.card").first
    expect(goes).to_contain_text("uv lock")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("button.danger")
    expect(page.locator("h1")).to_have_text("Forgotten")
    page.goto(f"{learned.url}/skills/{finding.skill(learned, 'python')}")
    assert "uv.md" not in page.locator(".side").inner_text()


def test_a_long_session_has_pages_and_a_long_text_is_shown_on_demand(learned: Server, browse: Open) -> None:
    with learned.http() as http:
        session = http.post("/session", json={}).json()["data"]["id"]
        long = "begin " + "x" * 1_000_000 + " end"
        for number in range(130):
            said = long if number == 4 else f"Message number {number + 1}."
            blob = {"role": "user", "content": said}
            assert http.post(f"/session/{session}/messages", json={"blob": blob, "format": "openai"}).status_code == 201
    page = look_at(browse, learned, f"/sessions/{session}", "long-session")
    assert page.locator("article.message").count() == 40
    expect(page.locator("#m-5 .cut")).to_contain_text("characters")
    assert len(page.content()) < 200_000
    page.locator("#m-5 .all a").click()
    expect(page.locator("#m-5 .all-of-it")).to_be_visible()
    page.locator("a[rel=next]").first.click()
    expect(page.locator("article.message").first).to_have_id("m-41")
    page.goto(f"{learned.url}/sessions/{session}?at=100#m-100")
    expect(page.locator(".message:target")).to_contain_text("Message number 100.")
