"""What a finished task teaches, read from its messages without a model: few lessons, or none.

An episode (episodes.py) becomes an entry of a title and two to four lines: symptom, cause, what is correct. Each lesson
quotes the messages that it rests on. Text of a tool appears only as one short error line.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from seasoned.lesson import TITLE_CHARS_MAX, Lesson, LessonKind, Quote
from seasoned.llm.model import DistillAnswer, DistillQuestion
from seasoned.llm.rules.calls import calls
from seasoned.llm.rules.domains import topic_of
from seasoned.llm.rules.episodes import Episode, episodes, remedy_text
from seasoned.llm.rules.errors import Failure, failed, overcome
from seasoned.llm.rules.insights import capital, strip_opener
from seasoned.llm.rules.prose import said
from seasoned.llm.rules.safety import clip, inline, is_safe, masked
from seasoned.llm.rules.similar import same_lesson
from seasoned.message import NumberedMessage

LESSONS_MAX: Final = 3
QUOTE_CHARS_MAX: Final = 200
SUMMARY_CHARS_MAX: Final = 300
HEADING_CHARS_MAX: Final = 110
_SENTENCE_CHARS_MAX: Final = 300
_CHOICE_CHARS_MAX: Final = 160
_POINTS_KEPT: Final = 5.0
_NOT_FOUND = re.compile(
    r"\b(?:not found|no such|unknown|does not exist|doesn't exist|404|notfound|no (?:match|result|row)\w*)\b", re.I
)
_CLAUSE = re.compile(
    r"(?:;|:| - |,? (?:so|because|since|which|but|and|while|whereas|therefore|otherwise|though)\b|, ) ?"
)
_GO = re.compile(
    r"(?:ok(?:ay)?|yes|yep|yeah|go|sure|please|do it|fine|good|apply|confirmed?|agreed|perfect|thanks?)[\s,.!]*", re.I
)
_WAYS = re.compile(r"\b(?:two|three|both|either|which|options?|ways?|or|alternatives?)\b", re.I)
_PLEASANT = re.compile(
    r"(?:done|hi|hello|good|glad|great|noted|understood|you're welcome|thank|sure|of course|ok)\b.{0,20}$", re.I
)


def distill(question: DistillQuestion) -> DistillAnswer:
    """The lessons of a task, its summary and its decisions. Same messages, same answer."""
    messages = question.messages
    made = calls(messages)
    bad = failed(made)
    found = episodes(messages, made, bad, overcome(made))
    lessons = _lessons(question, found)
    return DistillAnswer(
        summary=_summary(question),
        decisions=_decisions(messages),
        learnings=tuple(lesson.title for lesson in lessons),
        lessons=lessons,
        skip_reason="" if lessons else _skip_reason(bad),
    )


def _skip_reason(bad: Sequence[Failure]) -> str:
    if not bad:
        return "Nothing failed, nobody corrected anything and nothing was explained that holds beyond this task."
    return "Calls failed, but neither a changed call that worked nor an explanation stands in the messages."


def _lessons(question: DistillQuestion, found: Sequence[Episode]) -> tuple[Lesson, ...]:
    ranked = sorted((one for one in found if one.score >= _POINTS_KEPT), key=lambda one: (-one.score, one.number))
    kept: list[tuple[Episode, Lesson]] = []
    for episode in ranked:
        lesson = _lesson(question, episode)
        if lesson is None or any(same_lesson(lesson, other) for _, other in kept):
            continue
        kept.append((episode, lesson))
        if len(kept) == LESSONS_MAX:
            break
    return tuple(lesson for _, lesson in sorted(kept, key=lambda pair: pair[0].number))


def _lesson(question: DistillQuestion, episode: Episode) -> Lesson | None:
    """An episode as an entry; None when nothing is left to say or nothing can be quoted."""
    explained = [_plain(one.text) for one in episode.explains]
    symptom, correct = _symptom(episode), _correct(episode)
    title = _title(episode, explained)
    lines = []
    if symptom:
        lines.append(f"- Symptom: {symptom}")
    cause = " ".join(sentence for sentence in explained if _bare(sentence) != _bare(title))
    if cause:
        lines.append(f"- {'The user' if episode.user else 'Cause'}: {cause}")
    if correct:
        lines.append(f"- Correct: {correct}")
    quotes = _quotes(question.messages, episode)
    text = "\n".join(lines)
    if not title or not lines or not quotes or not is_safe(f"{title}\n{text}"):
        return None
    return Lesson(
        kind=_kind(episode),
        title=title[:TITLE_CHARS_MAX],
        text=text,
        topic=topic_of(episode.call),
        quotes=quotes,
        at=question.task.ended_at,
    )


def _plain(text: str) -> str:
    return masked(capital(strip_opener(inline_keeping_code(text))))[:_SENTENCE_CHARS_MAX]


def inline_keeping_code(text: str) -> str:
    """The sentence on one line; a lone backtick, which would open code without an end, becomes an apostrophe."""
    text = " ".join(text.split()).rstrip(";")
    return text if text.count("`") % 2 == 0 else text.replace("`", "'")


def _bare(text: str) -> str:
    return text.strip(" .!;:…").casefold()


def _title(episode: Episode, explained: Sequence[str]) -> str:
    if explained:
        core = explained[episode.core]
        if len(core) <= HEADING_CHARS_MAX:
            return core.rstrip(" .!;:")
        best = ""
        for cut in _CLAUSE.finditer(core[: HEADING_CHARS_MAX + 1]):
            if len(core[: cut.start()].split()) >= 4:  # noqa: PLR2004
                best = core[: cut.start()]
        head = (best or clip(core, HEADING_CHARS_MAX)).rstrip(" .!;:,")
        return head if head.count("`") % 2 == 0 else head.replace("`", "")
    if episode.failure is None:
        return ""
    name = inline(episode.failure.call.name)
    line = clip(episode.failure.line.replace("<", "").replace(">", ""), HEADING_CHARS_MAX - len(name) - 2)
    return f"{name}: {line}".rstrip(" .!;:")


def _symptom(episode: Episode) -> str:
    if episode.failure is not None and episode.failure.line:
        name = inline(masked(episode.failure.call.name))
        return f"`{name}` fails: `{clip(episode.failure.line, QUOTE_CHARS_MAX)}`"
    if episode.complaint is not None:
        return clip(masked(capital(inline_keeping_code(episode.complaint[1]))), QUOTE_CHARS_MAX)
    return ""


def _correct(episode: Episode) -> str:
    parts = []
    if episode.correct is not None and not episode.user:
        parts.append(masked(clip(inline_keeping_code(remedy_text(episode.correct[1])), QUOTE_CHARS_MAX)))
    if episode.fix is not None:
        name = inline(episode.fix.worked.tool)
        worked = (
            f"works: {episode.fix.differs}"
            if episode.fix.worked.command
            else f"`{name}` works with {episode.fix.differs}"
        )
        worked = re.sub(r"with (with(?:out)? )", r"\1", worked)
        parts.append(worked if not parts else f"({worked})")
    return " ".join(parts)


def _kind(episode: Episode) -> LessonKind:
    failure = episode.failure
    if failure is not None and _NOT_FOUND.search(failure.line) and episode.fix is not None and episode.explains:
        return "fact"
    return "pitfall"


def _quotes(messages: Sequence[NumberedMessage], episode: Episode) -> tuple[Quote, ...]:
    wanted: list[tuple[int, str]] = []
    if episode.explains:
        wanted.append((episode.number, episode.explains[episode.core].raw))
    if episode.failure is not None and episode.failure.raw:
        wanted.append((episode.failure.number, episode.failure.raw))
    wanted += [pair for pair in (episode.complaint, episode.correct) if pair is not None]
    by_number = {numbered.number: numbered.message for numbered in messages}
    found = []
    for number, text in wanted:
        exact = text.strip()[:QUOTE_CHARS_MAX].strip()
        message = by_number.get(number)
        if exact and message is not None and any(exact in part for part in message.texts()):
            found.append(Quote(number=number, text=exact))
    return tuple(dict.fromkeys(found))


def _summary(question: DistillQuestion) -> str:
    """The first telling sentences of the agent's last report, else how the task ended."""
    for numbered in reversed(question.messages):
        message = numbered.message
        if message.role != "assistant" or message.calls_tools:
            continue
        told = [
            one.text for one in said(message.prose()) if not one.text.endswith("?") and not _PLEASANT.match(one.text)
        ]
        told = [inline_keeping_code(masked(text)) for text in told if is_safe(text) and len(text.split()) > 2]  # noqa: PLR2004
        if not told:
            continue
        summary = told[0]
        for text in told[1:3]:
            if len(summary) + len(text) + 1 > SUMMARY_CHARS_MAX:
                break
            summary = f"{summary} {text}"
        return clip(summary, SUMMARY_CHARS_MAX)
    return clip(inline(question.task.evidence) or f"The task ended as {question.task.status}.", SUMMARY_CHARS_MAX)


def _decisions(messages: Sequence[NumberedMessage]) -> tuple[str, ...]:
    """What the user chose when the agent offered ways, at most three."""
    found: list[str] = []
    offered = False
    for numbered in messages:
        message = numbered.message
        if message.role == "assistant" and message.prose().strip():
            tail = message.prose().rstrip()[-400:]
            offered = tail.endswith("?") and bool(_WAYS.search(tail))
        elif message.is_from_person and offered:
            offered = False
            sentences = [one.text for one in said(message.prose())[:3]]
            chosen = next((text for text in sentences if len(_GO.sub("", text).split()) >= 2 and is_safe(text)), "")  # noqa: PLR2004
            if chosen and not chosen.endswith("?"):
                found.append(clip(masked(inline_keeping_code(chosen)), _CHOICE_CHARS_MAX))
    return tuple(found[:3])
