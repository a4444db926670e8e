"""Field cases of what the rules learn from a task: commands, credit, workarounds, corrections."""

import re
from pathlib import Path

import pytest

from seasoned import importers
from seasoned.learning.questions import Attempt, DistillAnswer, DistillQuestion
from seasoned.message import Message, NumberedMessage, Part, Span
from seasoned.rules.distill import distill
from seasoned.task import Task, TaskStatus

CASES = Path(__file__).parents[1] / "data" / "cases"


def learn(messages: list[Message], status: TaskStatus = "success", attempts: tuple[Attempt, ...] = ()) -> DistillAnswer:
    numbered = tuple(NumberedMessage(number, number, message) for number, message in enumerate(messages, start=1))
    task = Task(order=1, title="the task", status=status, first=1, last=len(numbered), evidence="It was accepted.")
    return distill(DistillQuestion(task=task, messages=numbered, attempts=attempts))


def learned(case: str) -> str:
    """The lessons of a case's file as entries."""
    (path,) = CASES.glob(f"*/{case}")
    (transcript,) = importers.read(path)
    return entries(learn([timed.message for timed in transcript.messages]))


def entries(answer: DistillAnswer) -> str:
    return "\n\n".join(f"## {lesson.title}\n{lesson.text}" for lesson in answer.lessons)


def text(role: str, words: str) -> Message:
    return Message("assistant" if role == "assistant" else "user", (Part("text", text=words),))


def call(command: str, key: str) -> Message:
    meta = {"name": "bash", "arguments": f'{{"command": "{command}"}}', "id": key}
    return Message("assistant", (Part("tool-call", meta=dict(meta)),))


def answer(words: str, key: str) -> Message:
    return Message("user", (Part("tool-result", text=words, meta={"tool_call_id": key}),))


def test_a_fix_is_a_whole_command_that_is_not_cut_at_a_redirect() -> None:
    assert learned("p01-redirect.json") == (
        "## git: fatal: The current branch topic has no upstream branch\n"
        "- Symptom: `git` fails: `fatal: The current branch topic has no upstream branch.`\n"
        "- Correct: `git push --set-upstream origin topic` works"
    )


@pytest.mark.parametrize(
    ("failing", "working", "told"),
    [
        ("make -C docs > log.txt", "make -C docs html > log.txt", "`make -C docs html > log.txt` works"),
        ("npm ci 2>/dev/null", "npm ci --include=dev 2>/dev/null", "`npm ci --include=dev` works"),
        ("node build.js 2>&1", "cd assets && node build.js 2>&1 | tail -3", "`cd assets && node build.js` works"),
    ],
)
def test_other_redirects_and_directories_stay_whole_too(failing: str, working: str, told: str) -> None:
    messages = [
        text("user", "Build it."),
        call(failing, "a"),
        answer("error: no rule for the target assets\n[exit 2]", "a"),
        call(working, "b"),
        answer("done", "b"),
        text("assistant", "Built."),
    ]
    assert told in entries(learn(messages))


def test_what_a_person_repaired_is_credited_to_no_argument_and_no_tool_is_given_up() -> None:
    assert learned("l01-transient.json") == ""


@pytest.mark.parametrize(
    "words", ["I restarted the proxy, retry please.", "The VPN is up again.", "You have access now."]
)
def test_other_repairs_of_a_person_are_credited_to_nothing(words: str) -> None:
    messages = [
        text("user", "Fetch the page."),
        call("fetch page", "a"),
        answer("Error: the host cannot be reached", "a"),
        text("assistant", "The host cannot be reached from here, because the network is closed."),
        text("user", words),
        call("fetch page --retries 2", "b"),
        answer("ok, fetched", "b"),
        text("assistant", "Here it is."),
    ]
    assert "--retries" not in entries(learn(messages))


def test_an_insecure_repair_is_no_advice() -> None:
    assert "777" not in learned("n19-chmod.json")


def test_a_refused_call_is_no_error_and_the_persons_reason_is_a_correction() -> None:
    said = "no, use pnpm in this repo, never npm, because the lock file is pnpm's"
    told = f"The tool use was rejected. To tell you how to proceed, the user said:\n{said}"
    result = Part(
        "tool-result",
        text=told,
        meta={"tool_call_id": "a", "is_error": True},
        spans=(Span(len(told) - len(said), len(told), "person"),),
        event="refused",
    )
    messages = [
        text("user", "Install the date library."),
        call("npm install date-fns", "a"),
        Message("user", (result,)),
        call("pnpm add date-fns", "b"),
        answer("done", "b"),
        text("assistant", "With pnpm then."),
    ]
    found = entries(learn(messages))
    assert "use pnpm in this repo, never npm, because the lock file is pnpm's" in found
    assert "- Not: `npm install date-fns`" in found
    assert "fails" not in found


def test_a_correction_needs_no_no() -> None:
    hotfix = learned("m13-corr2.json")
    assert "Hotfixes go to staging first, then wait an hour" in hotfix
    assert hotfix.startswith("## kubectl: ")
    column = learned("m14-corr3.json")
    assert re.search(r"null means active", column)
    assert "use active IS NULL" in column.replace("Use", "use")


def test_hidden_reasoning_and_the_harness_teach_nothing() -> None:
    thought = Part("thinking", text="No, the rate needs to be 19%, because that is German VAT.")
    hook = "No, always update CHANGELOG.md before you stop, because the release needs it."
    messages = [
        text("user", "Compute the VAT of 200 euro at 19%."),
        Message("assistant", (thought, Part("text", text="The VAT is 38 euro."))),
        Message("user", (Part("text", text=hook, spans=(Span(0, len(hook), "harness"),)),)),
        text("assistant", "The VAT stays 38 euro."),
        text("user", "Thanks!"),
    ]
    found = learn(messages)
    assert (found.lessons, found.summary) == ((), "The VAT stays 38 euro.")


def test_an_explanation_joins_an_error_only_by_its_words() -> None:
    messages = [
        text("user", "Fix the flicker and run the browser tests."),
        call("playwright test", "a"),
        answer("sh: 1: playwright: not found\n[exit 127]", "a"),
        text("assistant", "The flicker comes from the double render, because the effect runs twice."),
        call("npx playwright test", "b"),
        answer("3 passed", "b"),
        text("assistant", "Done."),
    ]
    found = entries(learn(messages))
    assert "`npx playwright test` works" in found
    assert "flicker" not in found


def test_the_summary_agrees_with_the_outcome() -> None:
    messages = [text("user", "Book the flight."), text("assistant", "The flight has been booked for you.")]
    assert learn(messages, "failed").summary == "It failed. The agent said last: The flight has been booked for you."


def attempt(status: TaskStatus, *steps: str) -> Attempt:
    return Attempt(title="the task", status=status, summary="", steps=steps)


def service(*tools: str) -> list[Message]:
    messages = [text("user", "I want a refund.")]
    for number, tool in enumerate(tools):
        part = Part("tool-call", meta={"name": tool, "arguments": "{}", "id": str(number)})
        messages += [Message("assistant", (part,)), answer("ok", str(number))]
    return [*messages, text("assistant", "It is refunded.")]


def test_what_recurs_in_the_successes_and_not_in_the_failures_is_a_procedure_from_three_sessions_on() -> None:
    others = (
        attempt("failed", "refund", "find_order"),
        attempt("success", "find_order", "get_policy", "refund"),
        attempt("success", "find_order", "refund", "send_mail"),
    )
    (lesson,) = learn(service("find_order", "check_stock", "refund"), attempts=others).lessons
    assert (lesson.kind, lesson.title) == ("procedure", "refund: first find_order")
    assert "so in 3 of 3 sessions that succeeded, in none of 1 that failed" in lesson.text
    assert learn(service("find_order", "check_stock", "refund"), attempts=others[:2]).lessons == ()
    assert (
        learn(service("find_order", "refund"), attempts=(*others, attempt("failed", "find_order", "refund"))).lessons
        == ()
    )
