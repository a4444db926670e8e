"""How prompts show messages: what is shortened, by kind; and what took long, who did what, what the agent thought."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import CachePoint

from seasoned.clock import SECOND
from seasoned.learning.questions import DistillQuestion, SessionInfo
from seasoned.message import Message, NumberedMessage, Part
from seasoned.models.prompts import distill_prompt, is_trivial
from seasoned.models.providers import prompt_for
from seasoned.models.transcript import TO_DISTILL, TO_EXTRACT, Budget, shown
from seasoned.pipeline import context
from seasoned.safety.fence import elide
from seasoned.task import Task


def said(text: str) -> Message:
    return Message("user", (Part("text", text),))


def called(name: str, arguments: str, key: str, thought: str = "") -> Message:
    thinking = (Part("thinking", thought),) if thought else ()
    return Message("assistant", (*thinking, Part("tool-call", meta={"id": key, "name": name, "arguments": arguments})))


def told(text: str, key: str, *, failed: bool = False, event: str = "") -> Message:
    meta = {"tool_call_id": key, **({"is_error": True} if failed else {})}
    return Message("user", (Part("tool-result", text, meta, event=event or None),))  # type: ignore[arg-type]


def timed(*messages: tuple[int, Message]) -> tuple[NumberedMessage, ...]:
    return tuple(
        NumberedMessage(number, (1_000_000 + seconds) * SECOND, message)
        for number, (seconds, message) in enumerate(messages, start=1)
    )


def test_slow_calls_idle_gaps_and_what_a_person_did_are_told() -> None:
    messages = timed(
        (0, said("commit it")),
        (5, called("bash", '{"command": "git commit"}', "a")),
        (187, told("[main] done", "a")),
        (190, called("wait", "{}", "b")),
        (341, told("[Request interrupted by user]", "b", event="interrupted")),
        (341 + 2 * 3_600, said("check again")),
    )
    lines = shown(messages, TO_DISTILL).splitlines()
    assert lines[2] == "[3] tool: RESULT after 182 s [main] done"
    assert lines[4].startswith("[5] tool: INTERRUPTED BY THE PERSON after 151 s")
    assert lines[5:] == ["(2 h 0 min later)", "[6] person: check again"]


def test_errors_stay_whole_where_files_and_written_texts_become_short() -> None:
    error = "Traceback\n" + "\n".join(f"frame {number}" for number in range(60)) + "\nKeyError: 'x'"
    work = [(0, said("mend it"))]
    for step in range(40):
        work += [
            (10 * step + 1, called("read_file", '{"path": "a.py"}', f"r{step}")),
            (10 * step + 2, told("x = 1\n" * 800, f"r{step}")),
            (10 * step + 3, called("write_file", '{"path": "a.py", "text": "' + "y" * 4_000 + '"}', f"w{step}")),
            (10 * step + 4, told("ok", f"w{step}")),
        ]
    work += [(900, called("bash", '{"command": "pytest"}', "t")), (901, told(error, "t"))]
    messages = timed(*work)
    telling = frozenset({len(messages) - 1, len(messages)})
    text = shown(messages, TO_DISTILL, telling=telling)
    assert error in text
    whole = sum(len(one) for stored in messages for one in stored.message.texts())
    assert len(text) < whole / 6
    assert len(shown(messages, TO_EXTRACT)) < len(text)
    # The same of a short task is shown as it is.
    assert "y" * 1_200 in shown(messages[:5], TO_DISTILL)


def test_what_the_agent_thought_is_shown_near_a_failure_only_and_as_its_own() -> None:
    messages = timed(
        (0, said("mend it")),
        (1, called("bash", "{}", "a", thought="nothing special")),
        (2, told("ok", "a")),
        (3, called("bash", "{}", "b", thought="first try")),
        (4, told("fatal: no upstream", "b", failed=True)),
        (5, called("bash", "{}", "c", thought="the hook wants a branch")),
        (6, told("ok", "c")),
    )
    text = shown(messages, TO_DISTILL, telling=frozenset({4, 5}))
    assert "[6] agent: NOTE TO ITSELF the hook wants a branch" in text
    assert "nothing special" not in text
    assert "NOTE" not in shown(messages, TO_EXTRACT)


def test_standing_instructions_begin_the_prompt_and_stand_there_once() -> None:
    policy = "Basic economy cannot be changed. " * 60
    system = Message("user", (Part("text", policy),), {"original_role": "system"})
    session = SessionInfo(instructions=policy.strip(), told_in=frozenset({1}), began=1_750_000_000 * SECOND)
    task = Task(order=1, title="change it", status="failed", first=1, last=2)
    messages = timed((0, system), (1, said("change my flight")))
    prompt = distill_prompt(DistillQuestion(task=task, messages=messages, session=session))
    assert prompt.startswith("The agent's standing instructions:")
    assert prompt.count("Basic economy cannot be changed.") == 60
    assert "began: Sunday 2025-06-15, 15:06 UTC" in prompt
    other = distill_prompt(DistillQuestion(task=task, messages=messages[1:], session=session))
    common = next(place for place, (a, b) in enumerate(zip(prompt, other, strict=False)) if a != b)
    assert common > len(policy)


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=60))
def test_passages_of_a_kind_fit_what_they_have_together(lengths: Sequence[int]) -> None:
    budget = Budget(10_000, 50, 2_000)
    level = budget.level(lengths)
    assert sum(min(level, length) for length in lengths) <= max(10_000, 50 * len(lengths))
    if sum(min(length, 2_000) for length in lengths) <= 10_000:
        assert all(min(length, 2_000) <= level for length in lengths)


@given(st.integers(3_000, 60_000), st.integers(900, 2_900), st.integers(60, 800))
def test_what_is_left_out_twice_is_counted_once_and_right(length: int, first: int, second: int) -> None:
    text = "".join(chr(ord("a") + place % 26) for place in range(length))
    twice = elide(elide(text, first), second)
    kept = re.sub(r" \[\.\.\. (\d+) characters left out \.\.\.\] ", "", twice)
    [count] = re.findall(r"(\d+) characters left out", twice)
    assert int(count) + len(kept) == length


def trivial(*messages: Message, status: str = "success") -> bool:
    task = Task(order=1, title="t", status=status, first=1, last=len(messages))  # type: ignore[arg-type]
    return is_trivial(DistillQuestion(task=task, messages=timed(*((0, one) for one in messages))))


def test_no_model_is_asked_about_a_plain_look_up() -> None:
    answer = Message("assistant", (Part("text", "Seven."),))
    assert trivial(said("which iso week are we in?"), answer)
    assert trivial(said("which port does astro dev have by default"), answer, said("thanks"))
    assert not trivial(said("Deploy API v2."), answer)
    assert not trivial(said("which week?"), answer, status="failed")
    assert not trivial(said("which week?"), answer, said("no, the one after"), answer)
    assert not trivial(said("which week?"), called("date", "{}", "a"), told("7", "a"), answer)


def test_a_provider_whose_cache_is_told_where_to_end_gets_the_common_prefix_apart() -> None:
    prefix = "The agent's standing instructions:\n" + "x" * 2_000
    apart = prompt_for("anthropic:a", f"{prefix}\n\nthe rest", prefix)
    assert list(apart) == [prefix, CachePoint(), "\n\nthe rest"]
    assert prompt_for("openai:a", f"{prefix}\n\nthe rest", prefix) == f"{prefix}\n\nthe rest"
    assert prompt_for("anthropic:a", "short\n\nthe rest", "short") == "short\n\nthe rest"


@pytest.mark.parametrize(
    ("text", "is_service"),
    [
        ("As an airline agent, you can help users book, modify, or cancel flight reservations.", True),
        ("You are a friendly customer service representative of a phone shop.", True),
        ("At the beginning, authenticate the user identity by locating their user id.", True),
        ("You are a coding agent. This repository is a customer support tool for airlines.", False),
        ("You help users with software engineering tasks.", False),
    ],
)
def test_a_service_is_known_by_its_agents_instructions(text: str, is_service: bool) -> None:
    assert (context.SERVES.search(text) is not None) == is_service
