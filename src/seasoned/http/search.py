"""Search over what a project has learned (an extension of the wire contract)."""

from typing import Annotated, get_args

import msgspec
from msgspec import UNSET

from seasoned.clock import parse_time, to_rfc3339
from seasoned.engine.search import FOUND_MAX, KINDS, LIMIT_MAX, TEXT_CHARS_MAX, Found, FoundKind, kinds_of
from seasoned.errors import Invalid
from seasoned.http.fields import about, count, moment, one_of
from seasoned.http.request import Answer, ApiRequest, Page, answer
from seasoned.ids import parse_id
from seasoned.store.documents import Filter
from seasoned.task import TASK_STATUSES, TaskStatus

LIMIT_DEFAULT = 10


class ExcerptMark(msgspec.Struct, frozen=True):
    """A word of an excerpt that was searched for."""

    start: Annotated[int, count("Its first character, counted from 0.")]
    end: Annotated[int, count("The character behind its last.")]


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found."""

    kind: Annotated[FoundKind, one_of(KINDS, "What it is.")]
    id: Annotated[str, about("Its id; an entry's is that of its skill.", format="uuid")]
    title: Annotated[str, about("The skill's name, the lesson's or the task's title, or the message's role.")]
    path: Annotated[str, about("An entry's file in the skill's folder; else empty.")]
    session_id: Annotated[str, about("The session of a lesson, a task or a message; else empty.")]
    number: Annotated[int, count("A message's place in its session, or a task's first message; else 0.")]
    excerpt: Annotated[str, about("The piece of its text that fits best, in one line and without secrets.")]
    marks: Annotated[list[ExcerptMark], about("Where the words stand in the excerpt, in characters.")]
    text: Annotated[str, about(f"A skill's or an entry's whole text, up to {TEXT_CHARS_MAX} characters; else empty.")]
    score: Annotated[float, about("Higher is closer; compare it within one search only.")]
    at: Annotated[str, moment("When it was said or done, or a skill last changed.")]

    @classmethod
    def of(cls, one: Found) -> "SearchHit":
        """What was found as the wire shows it."""
        return cls(
            kind=one.kind,
            id=one.id,
            title=one.title,
            path=one.path,
            session_id=one.session_id,
            number=one.number,
            excerpt=one.excerpt,
            marks=[ExcerptMark(mark.start, mark.end) for mark in one.marks],
            text=one.text,
            score=one.score,
            at=to_rfc3339(one.at),
        )


async def find(call: ApiRequest) -> Answer[Page[SearchHit]]:
    """GET /search: what shares the rarest words with a question, closest first."""
    found = await call.engine.search.find(
        call.project_id,
        call.text("query"),
        kinds=kinds_of([word.strip() for word in call.text("kinds").split(",") if word.strip()]),
        only=Filter(
            space=_id(call, "space_id", "learning space"),
            session=_id(call, "session_id", "session"),
            user=call.text("user"),
            outcome=_outcome(call.text("outcome")),
            since=_since(call.text("since")),
        ),
        limit=call.number("limit", LIMIT_DEFAULT, 1, LIMIT_MAX),
        place=call.number("cursor", 0, 0, FOUND_MAX),
    )
    return answer(
        Page(
            items=[SearchHit.of(one) for one in found.items],
            has_more=bool(found.next_place),
            next_cursor=str(found.next_place) if found.next_place else UNSET,
        )
    )


def _id(call: ApiRequest, name: str, what: str) -> str:
    text = call.text(name)
    return parse_id(text, what) if text else ""


def _outcome(text: str) -> TaskStatus | str:
    if text and text not in get_args(TaskStatus):
        raise Invalid(f"There is no outcome {text[:40]!r}; there are {', '.join(TASK_STATUSES)}.")
    return text


def _since(text: str) -> int:
    if not text:
        return 0
    if (found := parse_time(text)) is None:
        raise Invalid("The query parameter 'since' must be a time such as 2026-01-31T12:00:00Z.")
    return found
