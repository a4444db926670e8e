"""Who wrote what in a message: each rule finds its examples, and what is harmless stays the person's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned import authors
from seasoned.learning.questions import ExtractQuestion
from seasoned.message import AUTHORS, Author, Message, NumberedMessage, Part, Span
from seasoned.models.prompts import extract_prompt
from seasoned.pipeline import evidence
from tests.support.growth import check_linear, text_of


def said(text: str) -> Message:
    return Message("user", (Part("text", text),))


def by(message: Message, author: Author) -> str:
    return " ".join(message.words_of(author).split())


EXAMPLES = [(rule.author, example) for rule in authors.rules() for example in rule.examples]
HARMLESS = [text for rule in authors.rules() for text in rule.harmless]


@pytest.mark.parametrize(("author", "example"), EXAMPLES)
def test_a_rule_finds_its_examples(author: Author, example: str) -> None:
    found = authors.attributed(said(re.sub("[«»]", "", example)))
    wanted = " ".join(" ".join(re.findall("«([^»]*)»", example)).split())
    rest = " ".join(re.sub("«[^»]*»", "\n", example).split())
    others: Author = "person"
    assert (by(found, author), by(found, others)) == (wanted, rest)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_is_the_persons(text: str) -> None:
    assert by(authors.attributed(said(text)), "person") == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "thought", "told"),
    [
        ("<think>\nNo, always 19%.\n</think>\n\nIt is 38.", "No, always 19%.", "It is 38."),
        ("No, always 19%.\n</think>\nIt is 38.", "No, always 19%.", "It is 38."),
        ("It is 38.\n<thinking>Is it?", "Is it?", "It is 38."),
        ("<reasoning>a</reasoning><think>b</think>c", "a b", "c"),
        ("◁think▷a◁/think▷b", "a", "b"),
        ("Put it in `<think>` and `</think>`.", "", "Put it in `<think>` and `</think>`."),
        ("The tag <think> opens it.", "", "The tag <think> opens it."),
    ],
)
def test_reasoning_in_an_answer_is_thinking(text: str, thought: str, told: str) -> None:
    found = authors.attributed(Message("assistant", (Part("text", text),)))
    assert " ".join(part.text or "" for part in found.parts if part.type == "thinking") == thought
    assert found.prose() == told


def test_lines_of_the_spaces_entries_are_recalled() -> None:
    entries = {authors.line_key("- **Never** retry a payment without its `key`.")}
    found = authors.attributed(said("Mind:\n* never retry a payment without its key\nNever push."), entries)
    assert by(found, "person") == "Mind: Never push."


def test_a_hook_that_blocks_a_call_is_no_tool() -> None:
    part = Part("tool-result", "PreToolUse:Bash hook error: [guard.js]: use make", {"is_error": True})
    (found,) = authors.attributed(Message("user", (part,))).parts
    assert found.author == "harness"


PIECES = st.sampled_from(
    ["<memory>", "</memory>", "Summarize this text:", "\n", "\n\n", "```", "> x", "- The user wants", "a b"]
)


@given(st.lists(PIECES, max_size=30).map(" ".join))
def test_spans_are_in_order_and_nothing_of_the_text_is_lost(text: str) -> None:
    found = authors.attributed(said(text))
    (part,) = found.parts
    ends = [0, *(place for span in part.spans for place in (span.start, span.end)), len(text)]
    assert ends == sorted(ends)
    assert "".join("".join(one.text for one in found.passages()).split()) == "".join(text.split())


@given(st.lists(st.tuples(st.sampled_from(AUTHORS), st.integers(1, 9_000)), min_size=1, max_size=60))
def test_shortening_keeps_who_said_what(pieces: list[tuple[Author, int]]) -> None:
    """Each author has a letter of their own; secrets are redacted where they stand."""
    letters = dict(zip(AUTHORS, "abcdefg", strict=True))
    text, spans = "", list[Span]()
    for author, length in pieces:
        piece = f" {letters[author] * length} "
        spans.append(Span(len(text), len(text) + len(piece), author))
        text += piece
    part = evidence.Redactor().part(Part("text", text, spans=tuple(spans)))
    assert part.text is not None
    assert len(part.text) < 2 * evidence.PART_CHARS_MAX
    for passage in Message("user", (part,)).passages():
        alone = re.sub(r"\[\.\.\. .*? left out \.\.\.\]", "", passage.text)
        assert set(alone.split()) <= {letters[passage.author] * len(word) for word in alone.split()}


def test_a_secret_is_redacted_where_it_begins() -> None:
    key = "ghp_" + "A1b2C3d4" * 4
    text = f"mine {key} yours"
    part = evidence.Redactor().part(Part("text", text, spans=(Span(0, 12, "quoted"),)))
    assert part.text == "mine [redacted:token] yours"
    assert part.spans == (Span(0, 21, "quoted"),)


def test_a_prompt_shows_the_author_of_each_passage() -> None:
    refused = Part(
        "tool-result", "Refused: use pnpm", {"is_error": True}, spans=(Span(9, 17, "person"),), event="refused"
    )
    messages = (
        authors.attributed(said("<memory>\nI like tea.\n</memory>\nGo on.")),
        Message("assistant", (Part("text", "Yes."), Part("tool-call", meta={"name": "Bash", "arguments": "{}"}))),
        Message("user", (refused,)),
    )
    numbered = tuple(NumberedMessage(number, 0, one) for number, one in enumerate(messages, start=1))
    prompt = extract_prompt(ExtractQuestion(messages=numbered))
    assert (
        "[1] recalled: <memory>\nI like tea.\n</memory>\n[1] person: \nGo on.\n[2] agent: Yes.\nCALL Bash {}" in prompt
    )
    assert "[3] tool: REFUSED BY THE PERSON Refused: \n[3] person: use pnpm" in prompt


@pytest.mark.parametrize(
    "unit",
    [
        "<memory>",
        "- The user ",
        "Summarize this text: ",
        "```\n",
        "> x\n",
        "memory:\n",
        "1: a;\n",
        "bash-$\n",
        "# a\n- b\n",
    ],
)
def test_the_work_is_linear(unit: str) -> None:
    check_linear(lambda size: said(text_of(unit)(size)), authors.attributed, 80_000)


def test_of_a_very_long_text_both_ends_are_read() -> None:
    block = "<memory>\nI like tea.\n</memory>"
    found = authors.attributed(said(f"{block}{'x' * 300_000}{block}"))
    assert by(found, "person") == "x" * 300_000


def test_reasoning_is_found_in_linear_time() -> None:
    check_linear(
        lambda size: Message("assistant", (Part("text", text_of("<think>a</think>")(size)),)),
        authors.attributed,
        200_000,
    )


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ('Translate the following into Polish: "We never ship." I want the formal address.', ' "We never ship."'),
        ("Translate chapter two into English: British spelling, please. I want numbers written out.", ""),
        ("Translate the email: We always pay.", " We always pay."),
    ],
)
def test_matter_in_marks_ends_with_them_and_a_named_file_is_elsewhere(text: str, theirs: str) -> None:
    passages = authors.attributed(Message("user", (Part("text", text),))).passages()
    assert "".join(one.text for one in passages if one.author == "quoted") == theirs
