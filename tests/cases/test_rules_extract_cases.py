"""Field cases of the extract stage without a model: what users wrote, and what is right."""

import json
from pathlib import Path

import pytest

from seasoned.formats import parse
from seasoned.learning.questions import ExtractAnswer, ExtractQuestion
from seasoned.message import Message, NumberedMessage, Part, Span
from seasoned.rules.extract import extract

CASES = Path(__file__).parents[1] / "data" / "cases"
TEXT_TO_WORK_ON = "04-text-to-work-on-is-not-about-the-user"
REQUIREMENT = "06-a-requirement-is-a-task-not-a-preference"
OBSERVATIONS = "18-observations-in-the-user-role"
NO_PRAISE = "23-praise-that-is-none"
COMPLAINT = "24-complaint-not-seen"
IMPLEMENT = "27-implement-login-is-no-task"
OVERTAKEN = "29-overtaken-wish-stays"
REMEMBER = "30-remember-this-is-garbled"
CORRECTION = "34-correction-without-the-word-no"


def asked(messages: list[Message], preferences: tuple[str, ...] = ()) -> ExtractAnswer:
    numbered = tuple(NumberedMessage(number, number, message) for number, message in enumerate(messages, 1))
    return extract(ExtractQuestion(messages=numbered, preferences=preferences, closed=True))


def messages_of(path: Path) -> list[Message]:
    return [parse(blob, "openai") for blob in json.loads(path.read_text())["messages"]]


def files(case: str) -> list[Path]:
    return sorted((CASES / case).glob("*.json"))


def name(value: object) -> str | None:
    return value.stem if isinstance(value, Path) else None


def said(text: str) -> Message:
    return Message("user", (Part("text", text),))


def answered(text: str) -> Message:
    return Message("assistant", (Part("text", text),))


@pytest.mark.parametrize("path", [*files(TEXT_TO_WORK_ON), *files(REQUIREMENT)], ids=name)
def test_texts_to_work_on_and_requirements_are_a_task_each_and_no_fact(path: Path) -> None:
    found = asked(messages_of(path))
    assert [task.status for task in found.tasks] == ["success"]
    assert found.preferences == ()


def test_observations_in_the_users_role_are_neither_a_verdict_nor_a_request() -> None:
    (path,) = files(OBSERVATIONS)
    request, *rest = messages_of(path)
    marked = [Message(one.role, tuple(Part("text", part.text, author="tool") for part in one.parts)) for one in rest]
    heard = [answer if answer.role == "assistant" else tool for answer, tool in zip(rest, marked, strict=True)]
    (task,) = asked([request, *heard]).tasks
    assert task.messages == tuple(range(1, 9))


@pytest.mark.parametrize("path", [*files(NO_PRAISE), *files(COMPLAINT)], ids=name)
def test_an_objection_leaves_the_task_open(path: Path) -> None:
    (task,) = asked(messages_of(path)).tasks
    assert task.status == "running"
    assert "nobody objects" not in task.evidence


@pytest.mark.parametrize(
    "words", ["Implement login", "Implement shop-gqc", *(CASES / IMPLEMENT / "verbs.txt").read_text().splitlines()]
)
def test_an_ordinary_first_message_opens_a_task(words: str) -> None:
    found = asked([said(words), answered("Done: it is changed and checked.")])
    assert len(found.tasks) == 1
    assert found.preferences == ()


@pytest.mark.parametrize("path", files(IMPLEMENT), ids=name)
def test_the_next_request_opens_the_second_task(path: Path) -> None:
    first, second = asked(messages_of(path)).tasks
    assert first.messages[:2] == (1, 2)
    assert second.messages[0] == 3


def test_a_wish_that_names_no_old_value_overtakes_the_wish_about_the_same_matter() -> None:
    (path,) = files(OVERTAKEN)
    old, new = asked(messages_of(path)).preferences
    assert old.text == "The user always wants British spelling."
    assert new.text == "From now on, the user wants the agent to use American spelling."
    assert new.replaces == old.text


def test_what_is_to_be_remembered_is_kept_in_its_words() -> None:
    (path,) = files(REMEMBER)
    found = asked(messages_of(path))
    assert found.tasks == ()
    assert [one.text for one in found.preferences] == [
        "The user says: the staging database is read-only on Mondays.",
        "The team's invoices go to billing@shop.example, not to support.",
        "The user wants the agent to run the seed script before the e2e tests.",
    ]


@pytest.mark.parametrize(
    ("stem", "facts"),
    [
        ("m13-corr2", ["The user says: Hotfixes go to staging first, then wait an hour."]),
        ("m14-corr3", ["The user says: active is a date column here: null means active."]),
        (
            "n04-prefs-in-list",
            ["The user says: totals go last.", "The user wants no decimals.", "The user wants currency in front."],
        ),
    ],
)
def test_corrections_and_rules_in_a_list_need_no_no(stem: str, facts: list[str]) -> None:
    found = asked(messages_of(CASES / CORRECTION / f"{stem}.json"))
    assert [one.text for one in found.preferences] == facts


@pytest.mark.parametrize("author", ["harness", "peer", "quoted", "recalled", "tool"])
def test_what_is_not_a_persons_is_no_request_and_no_fact(author: str) -> None:
    theirs = "Always run the linter. We use uv, not pip. Please delete the old branch.\n"
    text = f"{theirs}Add a json flag to the list command"
    spans = (Span(0, len(theirs), author),)  # type: ignore[arg-type]
    found = asked([Message("user", (Part("text", text, spans=spans),)), answered("The flag is there.")])
    assert [task.title for task in found.tasks] == ["Add a json flag to the list command"]
    assert found.preferences == ()


def test_a_line_about_the_user_is_not_the_users_own() -> None:
    assert asked([said("The user wants the agent to never push on Fridays.")]).preferences == ()


def test_customers_leave_no_preferences_and_no_data_in_titles() -> None:
    prompt = Message(
        "user",
        (Part("text", "As an airline agent, you can help users book or cancel flights."),),
        {"original_role": "system"},
    )
    request = said("Hi, I'm Ann Reed, my user id is ann_reed_4821. I always fly direct. Cancel booking ZK4M2Q please.")
    found = asked([prompt, request, answered("It is cancelled.")])
    assert found.preferences == ()
    (task,) = found.tasks
    for data in ("Ann", "Reed", "4821", "ZK4M2Q"):
        assert data not in task.title


def test_a_persons_act_on_a_call_is_no_failure() -> None:
    call = Message("assistant", (Part("tool-call", meta={"name": "Bash", "arguments": "{}", "id": "c1"}),))
    refused = Message("user", (Part("tool-result", "error: refused", {"tool_call_id": "c1"}, event="refused"),))
    found = asked([said("Rename the package"), call, refused, answered("The package is renamed without it.")])
    assert [task.status for task in found.tasks] == ["success"]


@pytest.mark.parametrize(
    "words",
    [
        "Wonderful, the page is blank.",
        "Well done, now it's slower.",
        "Awesome. The build is red.",
        "Nice, but where is the legend?",
        "Thanks for nothing.",
        "You removed the header.",
        "The labels are too small to read",
        "Perfect, now it takes a minute to load.",
        "Looks good except that the numbers are all zero.",
        "Good job breaking the login.",
        "Thank you, however the labels overlap.",
        "Nice try, but no.",
        "Thanks for breaking it.",
        "The chart looks great, but the export button stopped working.",
        "Oh great, that deleted my branch.",
        "I see no chart.",
        "It works, but only for the first page.",
    ],
)
def test_other_words_that_object_leave_the_task_open(words: str) -> None:
    request, report = "Draw the sales of the last year as a chart.", "The chart is on the dashboard now."
    (task,) = asked([said(request), answered(report), said(words)]).tasks
    assert task.status == "running"


@pytest.mark.parametrize(
    "words",
    [
        "Write a parser that never throws.",
        "Translate to French: We always close at six.",
        "The form should always validate the mail; fix it.",
        "Write unit tests. They must never touch the network.",
        "Can you add a check so that the total is never negative?",
        "Update the parser to always strip trailing blanks.",
        "Fix the date picker, it should never allow a day in the past.",
        "The sidebar should always stay open on desktop. Can you implement it?",
        "Extend the mailer. Mails should always carry an unsubscribe link.",
        "Put a note on the door page: we are always closed on Mondays.",
        "Give me a regex which never matches an empty line.",
    ],
)
def test_other_requirements_and_texts_are_no_facts(words: str) -> None:
    found = asked([said(words), answered("Done: it is changed and checked."), said("ok thanks")])
    assert len(found.tasks) == 1
    assert found.preferences == ()


@pytest.mark.parametrize(
    "words",
    [
        "Great, nothing is missing.",
        "Good, it doesn't crash anymore.",
        "Brilliant, not a single warning.",
        "Great, now it works.",
        "Good, and nothing else changed. Thanks.",
    ],
)
def test_a_fault_that_is_not_there_is_praise(words: str) -> None:
    request, report = "Draw the sales of the last year as a chart.", "The chart is on the dashboard now."
    (task,) = asked([said(request), answered(report), said(words)]).tasks
    assert task.status == "success"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Please always answer in German.", "From now on answer in English, please."),
        ("My manager is Ann.", "My manager is Carl now."),
        ("Call me Bob.", "Call me Robert from now on."),
        ("We use MySQL.", "We've moved from MySQL to Postgres, so from now on everything is Postgres."),
        ("Never use emoji.", "Emoji are fine again from now on."),
        ("I prefer short answers.", "I now prefer long answers."),
        ("Always commit to main.", "Don't commit to main any more, always commit to develop."),
        ("Always put tickets in the IT-OPS queue.", "IT-OPS is no more. Tickets go in SERVICE-DESK from here on."),
    ],
)
def test_a_wish_with_another_value_for_the_same_overtakes_the_earlier_one(old: str, new: str) -> None:
    first, second = asked([said(old), answered("Noted."), said(new), answered("Noted.")]).preferences
    assert second.replaces == first.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Always use tabs for indentation.", "From now on use single quotes for strings."),
        ("Never push on Fridays.", "From now on send the report on Mondays."),
        ("My manager is Ann.", "My time zone is CET now."),
    ],
)
def test_wishes_about_different_things_stand_both(old: str, new: str) -> None:
    found = asked([said(old), answered("Noted."), said(new), answered("Noted.")])
    assert [one.replaces for one in found.preferences] == ["", ""]


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ("For future reference, the API key lives in vault.", "The user says: the API key lives in vault."),
        ("Keep in mind that the build needs Java 17.", "The user says: the build needs Java 17."),
        ("Don't forget: the report goes to Ann.", "The user says: the report goes to Ann."),
        ("Remember for future sessions that the CSV has a header.", "The user says: the CSV has a header."),
        ("Write this down: backups run at two.", "The user says: backups run at two."),
    ],
)
def test_words_of_keeping_are_no_part_of_the_fact(words: str, fact: str) -> None:
    found = asked([said(words), answered("I'll keep it in mind.")])
    assert [one.text for one in found.preferences] == [fact]
    assert found.tasks == ()
