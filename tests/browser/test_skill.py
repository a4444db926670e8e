"""A skill's pages: its files with blame, its versions, and what people do to it."""

from playwright.sync_api import expect

from tests.browser import finding
from tests.browser.conftest import Open
from tests.browser.looking import look_at
from tests.support.server import Server


def test_a_file_is_rendered_with_blame_in_the_margin(learned: Server, browse: Open) -> None:
    skill = finding.skill(learned, "kubernetes")
    page = look_at(browse, learned, f"/skills/{skill}?file=kubectl.md", "skill")
    assert page.locator(".outline a").count() > 0
    expect(page.locator(".evidence").first).to_contain_text("lesson")
    mark = page.locator("a.origin").first
    mark.focus()
    expect(page.locator("#peek")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#peek")).to_be_hidden()
    look_at(browse, learned, f"/skills/{skill}?file=kubectl.md&view=lines", "lines")
    look_at(browse, learned, f"/skills/{skill}/why?file=kubectl.md&line=3", "why")


def test_a_person_edits_looks_at_it_first_and_goes_back(learned: Server, browse: Open) -> None:
    skill = finding.skill(learned, "git-and-ci")
    page = browse(learned, f"/skills/{skill}?file=git.md")
    page.click("nav.tabs >> text=Edit")
    text = page.locator("#text")
    before = text.input_value()
    text.fill(before.replace("fails", "breaks") + "\n## By hand\n\n- Ask <b>first</b>.\n")
    page.click("text=Preview")
    expect(page.locator(".diff")).to_contain_text("By hand")
    look_at(browse, learned, f"/skills/{skill}/edit?file=git.md", "edit")
    page.fill("#reason", "Said by hand")
    page.click("text=Save as a version")
    expect(page.locator(".told")).to_contain_text("Saved as version 2")
    row = page.locator(".row", has_text="By hand").first
    expect(row.locator(".origin")).to_have_attribute("class", "origin by-user")
    expect(page.locator(".blamed")).to_contain_text("Ask <b>first</b>.")
    page.click("nav.tabs >> text=Versions")
    expect(page.locator(".timeline > li").first).to_contain_text("Said by hand")
    look_at(browse, learned, f"/skills/{skill}/versions", "versions")
    page.click("text=What changed >> nth=0")
    expect(page.locator("td.new ins").first).to_have_text("breaks")
    page.click("text=Side by side")
    expect(page.locator("table.split td.gone del").first).to_have_text("fails")
    look_at(browse, learned, f"/skills/{skill}/diff?from=1&to=2&as=split", "diff")
    page.goto(f"{learned.url}/skills/{skill}/versions")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("text=Revert to it").click()
    expect(page.locator(".told")).to_contain_text("Version 3 has the files of version 1")


def test_an_edit_of_an_older_version_is_told_and_kept(learned: Server, browse: Open) -> None:
    skill = finding.skill(learned, "user-general-facts")
    first, second = (browse(learned, f"/skills/{skill}/edit?file=SKILL.md") for _ in range(2))
    for page, said in ((first, "one"), (second, "two")):
        text = page.locator("#text")
        text.fill(text.input_value() + f"\nAdded by {said}.\n")
        page.click("text=Save as a version")
    expect(first.locator(".told")).to_contain_text("Saved as version")
    expect(second.locator(".wrong")).to_contain_text("read it again")
    assert "Added by two." in second.locator("#text").input_value()


def test_sections_are_pinned_and_files_move(learned: Server, browse: Open) -> None:
    skill = finding.skill(learned, "kubernetes")
    page = browse(learned, f"/skills/{skill}?file=kubectl.md")
    row = page.locator(".row", has=page.locator(".pin")).first
    row.hover()
    row.locator(".pin button").click()
    expect(page.locator(".pin button").first).to_have_text("Unpin")
    assert "Pinned" in page.locator(".side").inner_text() or "PINNED" in page.locator(".side").inner_text()
    page.goto(f"{learned.url}/skills/{skill}/edit?file=kubectl.md")
    page.fill("#to", "tools/kubectl.md")
    page.click("text=Save as a version")
    expect(page.locator(".side a[aria-current]")).to_have_text("tools/kubectl.md")
    # What moved keeps who taught it.
    assert page.locator(".origin.by-learner").count() > 0


def test_a_space_shows_its_skills_and_finds_them_as_one_types(learned: Server, browse: Open) -> None:
    page = look_at(browse, learned, f"/spaces/{finding.space(learned)}", "space")
    look_at(browse, learned, "/spaces", "spaces")
    assert page.locator("#found .tree > li").count() == 5
    page.locator("#skill").press_sequentially("kuber")
    expect(page.locator("#found .tree > li")).to_have_count(1)
    page.click("text=Let a person review")
    expect(page.locator("main")).to_contain_text("waits for a person")
    page.click("text=Write at once")
    expect(page.locator("main")).to_contain_text("is written at once")
