"""What users state about themselves and their rules becomes preferences; one-off instructions do not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.learning.questions import ExtractQuestion, PreferenceFound
from seasoned.message import Message, NumberedMessage, Part
from seasoned.rules.extract import extract
from seasoned.rules.grammar import third_person
from seasoned.rules.preferences import overtaken
from seasoned.rules.text import sentences


def stated(text: str, known: tuple[str, ...] = ()) -> tuple[PreferenceFound, ...]:
    message = Message("user", (Part("text", text),))
    return extract(ExtractQuestion(messages=(NumberedMessage(7, 0, message),), preferences=known)).preferences


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("I'm vegetarian, by the way", ["The user is vegetarian"]),
        ("From now on always send me the PDF, not the Word file", ["PDF"]),
        ("please never call customers by first name", ["never call customers by first name"]),
        ("My name is Priyanka but everyone calls me Priya", ["The user's name is Priyanka"]),
        ("I work from Berlin so all times in CET please", ["The user works from Berlin", "CET"]),
        ("I don't like long answers", ["The user does not like long answers"]),
        ("don't ever email the client without my okay", ["wants the agent not to email the client"]),
        ("In our lab we always label tubes with the date first", ["the user's team always labels tubes"]),
        ("We use pnpm, not npm", ["The user's team uses pnpm"]),
        ("anything over 500 euros needs my approval", ["500 euros", "approval"]),
        ("keep your replies short please", ["The user wants the agent to keep"]),
        ("I hate bullet lists", ["The user hates bullet lists"]),
        ("call me Gus", ["The user wants to be called Gus."]),
        ("no emoji please", ["The user wants no emoji."]),
        ("Our fiscal year starts in July", ["fiscal year starts in July"]),
        ("I'm red-green colour-blind, so no traffic lights please", ["The user is red-green colour-blind"]),
        ("you can spend up to 200 without asking", ["200", "without asking"]),
        ("whenever you quote a price, add the VAT", ["add the VAT"]),
        ("I'm out every Wednesday afternoon", ["Wednesday"]),
        ("could you put the total at the top from now on?", ["put the total at the top"]),
    ],
)
def test_lasting_statements_become_preferences_in_the_third_person(said: str, holds: list[str]) -> None:
    (found,) = stated(said)
    for words in holds:
        assert words.lower() in found.text.lower()
    assert not re.search(r"\b(?:I|me|my|you|your)\b", found.text)
    assert found.text.endswith(".")


@pytest.mark.parametrize(
    "said",
    [
        "it always crashes on startup",
        "I never received the parcel",
        "use the blue template for this letter",
        "I'd like to fly on Friday",
        "I want the second one",
        "the customer says she always pays by card",
        "every test fails on my machine",
        "we need every invoice from March",
        "make sure that all files are closed",
        "my order number is 4432",
        "add a note that we never ship to islands",
        "is it always like this?",
        "never mind, I'll do it myself",
        "I prefer the second option",
        "send the mail to everyone who always comes",
        "I'd prefer to pay with the gift card",
    ],
)
def test_instructions_for_the_task_at_hand_are_no_preferences(said: str) -> None:
    assert stated(said) == ()


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        (
            "branch names here are ticket number first, then a slug, like OPS-114-fix-login",
            ["OPS-114", "ticket number"],
        ),
        ("looks good. my screen reader chokes on tables, so lists are better", ["screen reader"]),
        ("pls fix the import. we're a Windows shop, nobody here has bash", ["Windows"]),
        ("In this office nothing goes to a client before Margaret has seen it.", ["Margaret", "client"]),
        ("could you redo slide 4? the CFO only reads the first slide", ["CFO", "first slide"]),
        ("Just so you're aware, the staging box gets wiped every Sunday night.", ["staging", "Sunday"]),
        ("anything marked confidential never leaves the Zurich server", ["Zurich"]),
        ("we stopped using Slack, everything's on Teams now", ["Teams"]),
        ("Kofi signs off everything above 10k", ["Kofi", "10k"]),
        ("legal wants the disclaimer at the bottom of each newsletter", ["disclaimer"]),
        ("the budget for cloud stuff is capped at 300 dollars a month", ["300"]),
        ("customer names are written as SURNAME, First in all our lists", ["SURNAME"]),
        ("deleting rows is a no-go unless I said so in writing", ["no-go"]),
        ("I'd like all my reports in landscape", ["landscape"]),
        ("Monday is my admin day, so no calls", ["Monday"]),
        ("if a customer gets angry, hand them to me", ["a customer gets angry"]),
        ("the novel is set in 1920s Trieste and told by the maid", ["Trieste"]),
        ("passwords belong in the vault and nowhere else", ["vault"]),
        ("English is my third language, simple words please", ["third language"]),
        ("You're not to contact the landlord yourself", ["landlord"]),
        ("I only fly direct", ["The user only flies direct."]),
    ],
)
def test_conventions_limits_and_facts_told_in_passing_are_kept(said: str, holds: list[str]) -> None:
    (found,) = stated(said)
    for words in holds:
        assert words.lower() in found.text.lower()


@pytest.mark.parametrize(
    "said",
    [
        "I prefer flights departing after 8am and before 9pm, so I'd like to choose Flight HAT072",
        "Yes, economy is fine. 3; It's just me travelling.",
        "My mom is really sick and I need to get home sooner.",
        "no, the date in row 4 should be 12 May",
        "we use the old list for this mailing",
        "our numbers are up 4% this quarter, nice",
        "the meeting with Carla has moved to Wednesday",
        "Kevin says the number is wrong",
        "the customer is allergic to latex, note it on the order",
        "Whenever I run it I get error 13",
        "the chart has to have a legend",
        "nothing works today",
        "all passengers are adults",
        "dates in column C are wrong, fix them",
        "what time does the shop close on Fridays?",
        "I can't open the attachment",
        "you never listen",
        "we never got an answer from them",
        "I hate Mondays lol",
        "so nothing came out of it",
        "I'm in Berlin until Thursday, can you find a hotel?",
        "The docs say you must never call this from a worker thread",
    ],
)
def test_what_holds_only_now_is_no_preference(said: str) -> None:
    assert stated(said) == ()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "My name is Mohamed Silva, and I'll provide additional details if necessary.",
            "The user's name is Mohamed Silva.",
        ),
        (
            "I want one bar each, and for the record error bars are always the standard deviation",
            "The user says: error bars are always the standard deviation.",
        ),
        (
            "oh joy, a full stack dump again. I only ever want the last line of those",
            "The user only ever wants the last line of those (a full stack dump).",
        ),
        (
            "one constraint: my boss prints everything in black and white, my last boss once sulked about it",
            "The user's boss prints everything in black and white.",
        ),
        ("We've moved to Postgres 16 by the way.", "The user's team has moved to Postgres 16."),
    ],
)
def test_the_text_stands_alone_without_requests_and_asides(said: str, told: str) -> None:
    assert [preference.text for preference in stated(said)] == [told]


def test_a_decision_overtakes_the_fact_that_it_changes() -> None:
    old = "The user says: the novel is aimed at young adults."
    (found,) = stated("the publisher decided we're not a novel for young adults anymore, we are a crime novel", (old,))
    assert found.replaces == old
    assert "young" not in found.text


def test_the_known_statement_that_is_named_is_overtaken_not_the_one_with_common_words() -> None:
    times = "The user wants the agent to give the user times in Oslo time."
    other = "The user says: jobs go over the slow link, two at a time."
    (found,) = stated(
        "from now on UTC please, not Oslo time any more, the log went over to two columns", (other, times)
    )
    assert found.replaces == times


def test_each_rule_after_a_header_is_a_preference_of_its_own() -> None:
    found = stated(
        "you're new here, so quick house rules. amounts go in cents. letters have no exclamation marks. "
        "and I'm never in on Mondays.\n\nfirst one: find the lease of flat 12"
    )
    assert [preference.message for preference in found] == [7, 7, 7]
    assert not any("lease" in preference.text for preference in found)


def test_the_quote_stands_in_the_message_word_for_word() -> None:
    text = "Thanks! Please send it today.\nFrom now on, put the “order number” in the subject – always."
    (found,) = stated(text)
    assert found.quote in text


def test_a_sentence_that_explains_a_rule_stays_with_it() -> None:
    (found,) = stated("never guess at causes when you write to me. either you have seen it or you say you don't know.")
    assert "does not know" in found.text


@pytest.mark.parametrize(
    ("old", "said", "kept", "gone"),
    [
        ("The user wants lines of 72 columns.", "100 columns from now on instead of 72", "100", "72"),
        ("The user wants charts as PNG.", "charts as SVG from now on please, no more PNG", "SVG", "PNG"),
        (
            "The agent may spend up to 40 euros without asking the user.",
            "as of today you spend up to 90 euros without asking me, forget the 40.",
            "90",
            "40",
        ),
        ("The user wants times in Oslo time.", "from now on UTC please, not Oslo time any more", "UTC", "Oslo"),
    ],
)
def test_a_new_value_overtakes_the_old_one(old: str, said: str, kept: str, gone: str) -> None:
    (found,) = stated(said, (old, "The user lives in Graz."))
    assert found.replaces == old
    assert kept in found.text
    assert gone not in found.text


def test_another_matter_overtakes_nothing() -> None:
    assert overtaken("We use uv", "from now on we use uv", ("The user lives in Graz.", "The user has 3 cats.")) == ""


def test_what_is_known_already_is_not_found_again() -> None:
    assert stated("I hate bullet lists", ("The user hates bullet lists.",)) == ()


def test_topics_come_from_a_small_set() -> None:
    topics = {stated(said)[0].topic for said in ("I hate bullet lists", "we use pnpm, not npm", "I'm out every Monday")}
    assert topics == {"communication", "tools", "scheduling"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I never push", "The user never pushes."),
        ("I've two cats and my sister carries them", "The user has two cats and the user's sister carries them."),
        ("we only reply on weekdays", "The user's team only replies on weekdays."),
        ("I need your notes before you leave", "The user needs the agent's notes before the agent leaves."),
        ("you never commit anything", "The user wants the agent to never commit anything."),
        (
            "when you show me prices, add tax",
            "When the agent shows the user prices, the user wants the agent to add tax.",
        ),
        ("", ""),
    ],
)
def test_grammar_is_light_but_right(said: str, told: str) -> None:
    assert third_person(said) == told


@given(st.text(max_size=400))
def test_sentences_stand_where_they_say(text: str) -> None:
    for sentence in sentences(text):
        assert text[sentence.start : sentence.end] == sentence.raw


SAID = (
    "no not the I you we always never please fix is works but and then ok thanks . , ? : ; - ( ) ' \" £75 from now on "
    "when send me a mail it that next forget still 😀 > ``` <b> 1) # From:"
)
WORDS = st.sampled_from([*SAID.split(" "), "\n", "\n\n"])


@given(st.lists(WORDS, max_size=120).map(" ".join))
def test_any_mixture_of_words_gives_a_sound_answer(text: str) -> None:
    message = Message("user", (Part("text", text),))
    found = extract(ExtractQuestion(messages=(NumberedMessage(1, 0, message),)))
    assert all(task.messages == (1,) and 0 < len(task.title) <= 120 for task in found.tasks)
    assert all(preference.quote in text and preference.text for preference in found.preferences)


def test_five_megabytes_are_read_at_both_ends_only() -> None:
    text = "please count the chairs. " + "x " * 2_500_000 + "\n\nI never work on Sundays."
    message = Message("user", (Part("text", text),))
    found = extract(ExtractQuestion(messages=(NumberedMessage(1, 0, message),)))
    assert found.tasks[0].title.startswith("count the chairs")
    assert [preference.text for preference in found.preferences] == ["The user never works on Sundays."]
