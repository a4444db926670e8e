"""Who wrote what in a message: each rule finds its examples, and what is harmless stays the person's."""

import re

import pytest

from seasoned import authors
from seasoned.message import Author, Message, Part


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
