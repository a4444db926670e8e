"""Ways of talking: idioms of acceptance, resignation and complaint, partial progress, and requests in other clothes."""

from collections.abc import Sequence

import pytest

from seasoned.learning.questions import ExtractQuestion, TaskChange
from seasoned.message import Message, NumberedMessage, Part
from seasoned.rules.extract import extract

REPORT = (
    "Could you translate the museum leaflet into Italian?",
    "The Italian leaflet is in leaflet_it.docx, four pages.",
)
OFFER = ("renumber the cabinet labels please", "Labels 1 to 80 are renumbered. Shall I print a sheet of them too?")
REFUSAL = ("could you move the booking to the 14th", "I can't move it: the hotel is full from the 12th to the 16th.")
PARTLY = ("translate all sixty interview files", "Twenty of sixty are translated, the next batch starts at file 21.")


def user(text: str) -> Message:
    return Message("user", (Part("text", text),))


def agent(text: str) -> Message:
    return Message("assistant", (Part("text", text),))


def worked(report: str) -> list[Message]:
    """An agent's turn with one tool call that went well."""
    call = Part("tool-call", meta={"name": "Bash", "arguments": "{}", "id": "c1"})
    return [
        Message("assistant", (call,)),
        Message("user", (Part("tool-result", "ok", {"tool_call_id": "c1"}),)),
        agent(report),
    ]


def tasks(messages: Sequence[Message]) -> tuple[TaskChange, ...]:
    numbered = tuple(NumberedMessage(number, 0, message) for number, message in enumerate(messages, 1))
    return extract(ExtractQuestion(messages=numbered, closed=True)).tasks


def ended(opening: tuple[str, str], *after: Message) -> str:
    """The status of the only task after `opening` and what follows."""
    request, report = opening
    found = tasks([user(request), *worked(report), *after])
    assert len(found) == 1, found
    return found[0].status


@pytest.mark.parametrize(
    "words",
    [
        "The client has just phoned, and he is over the moon.",
        "the editor couldn't be happier",
        "the vet had nothing to add",
        "can't complain",
        "I can't find anything wrong with it",
        "took it with me to the meeting, went down well",
        "it didn't work at first but now it does",
        "first I thought it was wrong but it was my cache. all good",
        "forget the second one, the first is great",
        "nvm the printout, tried it here, works",
        "never mind the footnote, the rest is spot on",
        "okay I give up looking for mistakes, it's perfect",
        "nice, I'll push it live myself",
        "brilliant. that's me for today, more tomorrow",
        "no more changes, that's the final version",
        "you can close the ticket",
    ],
)
def test_a_result_that_somebody_is_glad_of_is_success(words: str) -> None:
    assert ended(REPORT, user(words)) == "success"


@pytest.mark.parametrize(
    "words",
    [
        "I think we had better let the matter rest.",
        "we had better draw a veil over it",
        "I shall trouble you no further with it.",
        "scratch that, I don't need it any more",
        "not needed anymore, the event is cancelled",
        "I'll just retype it by hand",
        "changed my mind, we don't want it after all",
        "please stop this, I ask my cousin",
        "roll everything back, we stay with the old one",
        "too much hassle, leave as was",
    ],
)
def test_a_matter_given_up_in_other_words_is_failure(words: str) -> None:
    assert ended(REPORT, user(words)) == "failed"


@pytest.mark.parametrize(
    "words",
    [
        "I hesitate to say so, but two pages are missing.",
        "forgive me, but this is not the version I sent",
        "That will not do, I am afraid.",
        "mine still shows the old prices",
        "great, now nothing opens at all",
        "that was fast, but the totals are off",
        "The bishop is less than pleased.",
        "she sent it back",
        "close, but no cigar",
        "nope",
        "let me check with Ines first",
        "you forgot the border, please add it",
    ],
)
def test_a_fault_or_a_doubt_leaves_the_task_open(words: str) -> None:
    assert ended(REPORT, user(words)) == "running"


def test_a_mild_request_to_publish_gives_nothing_up() -> None:
    said = [user("It reads very nicely. Do let it go out."), *worked("Published at 8.52.")]
    assert ended(REPORT, *said, user("She rang me, and she is tickled pink.")) == "success"


@pytest.mark.parametrize(
    "words", ["no thanks, that's all", "nah, I'm good", "no, the labels suffice", "no need, it's fine as it is"]
)
def test_declining_an_offer_on_top_takes_the_result(words: str) -> None:
    assert ended(OFFER, user(words)) == "success"


@pytest.mark.parametrize("words", ["okay so it stays on the 10th", "thanks for checking", "then we keep the 10th"])
def test_bowing_to_a_refusal_is_failure(words: str) -> None:
    assert ended(REFUSAL, user(words)) == "failed"


@pytest.mark.parametrize(
    "words", ["are you sure? they told me there's a room", "I understand, but what about the 17th?"]
)
def test_arguing_with_a_refusal_leaves_it_open(words: str) -> None:
    assert ended(REFUSAL, user(words)) == "running"


@pytest.mark.parametrize(
    "words", ["keep going", "nice. next batch", "perfect, the same for the others", "looks good, go on with the rest"]
)
def test_having_the_agent_go_on_is_no_acceptance(words: str) -> None:
    assert ended(PARTLY, user(words)) == "running"


@pytest.mark.parametrize(
    "words", ["Going on from file 21.", "On it.", "Working on it.", "40 of 60 now.", "About two thirds are through."]
)
def test_an_agent_that_only_goes_on_has_not_finished(words: str) -> None:
    assert ended(PARTLY, user("keep going, I'm away till four"), agent(words)) == "running"


@pytest.mark.parametrize("words", ["60 of 60 are done.", "The remaining forty are translated as well."])
def test_an_agent_that_reports_the_rest_has_finished(words: str) -> None:
    assert ended(PARTLY, user("keep going, I'm away till four"), *worked(words)) == "success"


@pytest.mark.parametrize(
    "report",
    ["16 of the 20,000 steps are through.", "3 of the 7 chapters are proofread", "First ten are up, fifty to follow."],
)
def test_a_report_of_a_part_is_unfinished(report: str) -> None:
    assert ended(("proofread the book", report)) == "running"


@pytest.mark.parametrize(
    "report",
    ["Found 3 of the 7 suppliers with overdue bills: A, B, C.", "12 of 12 tests pass.", "0 of 14 links broken."],
)
def test_a_report_that_counts_a_finding_is_finished(report: str) -> None:
    assert ended(("check the suppliers", report)) == "success"


@pytest.mark.parametrize("verdict", ["lgtm. ", "She is over the moon. "])
@pytest.mark.parametrize(
    "request_",
    [
        "I wonder whether you might find me the opening hours of the town archive",
        "It would be splendid if the brass plates could be engraved by Friday.",
        "Might one prevail upon you to draft a note to the gardener?",
        "There is one further matter, if I may. Could their reviews appear beneath the map?",
        "the choir's photos have no captions. Might you supply some?",
        "what port does postgres use by default",
        "what time is it in Lima",
        "phone number of the vet?",
        "Seat map for the gala, please.",
        "the fridge in the staff room is leaking",
        "be a dear and print the programme",
        "Is there any way to lock the side door from here?",
    ],
)
def test_a_request_in_other_clothes_opens_the_next_task(verdict: str, request_: str) -> None:
    request, report = REPORT
    first, second = tasks([user(request), *worked(report), user(verdict + request_), *worked("Here it is: 42.")])
    assert first.status == "success"
    assert second.messages == (5, 6, 7, 8)


@pytest.mark.parametrize(
    "words",
    [
        "lgtm. but make the heading bigger",
        "nice one, could you also bold the dates in it",
        "looks good. can you save it as pdf too?",
        "that's good. what does the second paragraph mean?",
        "I wonder whether the title might be shorter.",
        "I hesitate to mention it, but page two is still in English.",
    ],
)
def test_a_wish_about_the_result_goes_on_with_the_task(words: str) -> None:
    request, report = REPORT
    assert len(tasks([user(request), *worked(report), user(words), *worked("Done, the leaflet is changed.")])) == 1


@pytest.mark.parametrize(
    "words", ["how lovely", "how are things", "what a glorious day", "hope you had a nice weekend"]
)
def test_an_exclamation_is_no_request(words: str) -> None:
    assert tasks([user(words), agent("Indeed.")]) == ()


def test_the_name_of_who_speaks_is_not_part_of_what_they_say() -> None:
    assert ended(REPORT, user("philippa: Thank you. It reads beautifully.")) == "success"
