"""What a finished task teaches, read from its messages without a model: few lessons, or none.

An episode (episodes.py) becomes an entry of a title and one to four lines: symptom, cause, what is correct. Each lesson
quotes the messages that it rests on. Text of a tool appears only as one short error line.
"""

import re
from collections.abc import Sequence
from typing import Final

from seasoned.learning.questions import DistillAnswer, DistillQuestion
from seasoned.lesson import TITLE_CHARS_MAX, Lesson, LessonKind, Quote
from seasoned.message import NumberedMessage
from seasoned.rules.calls import Call, calls, segments
from seasoned.rules.corrections import without_giving_up
from seasoned.rules.domains import topic_of
from seasoned.rules.episodes import POINTS_MIN, Episode, episodes, remedy_text
from seasoned.rules.errors import Failure, failed, overcome, signature
from seasoned.rules.insights import FIX_LABEL, capital, strip_opener
from seasoned.rules.people import People
from seasoned.rules.safety import clip, inline, is_safe, masked, one_line
from seasoned.rules.similar import same_lesson
from seasoned.rules.summaries import decisions, summary
from seasoned.safety.scanner import scan

LESSONS_MAX: Final = 3
QUOTE_CHARS_MAX: Final = 200
HEADING_CHARS_MAX: Final = 110
SENTENCE_CHARS_MAX: Final = 320
_COMMAND_CHARS_MAX: Final = 100
_HEADING_WORDS_MIN: Final = 4
_NOT_FOUND = re.compile(
    r"\b(?:not ?found|no such|unknown|does not exist|doesn't exist|404|no (?:match|result|row)\w*|undefined)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?:;|:(?= )| - |,? (?:so|because|since|which|but|while|whereas|therefore|otherwise|though|even if)\b|, ) ?"
)


_SUBORDINATE = re.compile(
    r"(?:since|because|as|if|when|while|although|though|after|before|once|to|for|with|in|on)\b", re.IGNORECASE
)


def distill(question: DistillQuestion) -> DistillAnswer:
    """The lessons of a task, its summary and its decisions. Same messages, same answer."""
    made = calls(question.messages)
    bad = failed(made)
    found = episodes(question.messages, made, bad, overcome(made), gave_up=question.task.status == "failed")
    lessons = _lessons(question, found)
    return DistillAnswer(
        summary=summary(question),
        decisions=decisions(question.messages),
        learnings=tuple(lesson.title for lesson in lessons),
        lessons=lessons,
        skip_reason="" if lessons else _skip_reason(bad),
    )


def _skip_reason(bad: Sequence[Failure]) -> str:
    if not bad:
        return "Nothing failed, nobody corrected anything and nothing was explained that holds beyond this task."
    return "Calls failed, but neither a changed call that worked nor an explanation stands in the messages."


def _lessons(question: DistillQuestion, found: Sequence[Episode]) -> tuple[Lesson, ...]:
    ranked = sorted((one for one in found if one.score >= POINTS_MIN), key=lambda one: (-one.score, one.number))
    people = People(question.messages)
    kept: list[tuple[int, Lesson]] = []
    for episode in ranked:
        lesson = _lesson(question, episode, people)
        if lesson is None or any(same_lesson(lesson, other) for _, other in kept):
            continue
        kept.append((episode.number, lesson))
        if len(kept) == LESSONS_MAX:
            break
    return tuple(lesson for _, lesson in sorted(kept, key=lambda pair: pair[0]))


def _lesson(question: DistillQuestion, episode: Episode, people: People) -> Lesson | None:
    """An episode as an entry; None when nothing is left to say or nothing can be quoted."""
    explained = [_plain(one.text) for one in episode.explains]
    title = _title(episode, explained)
    lines = _lines(episode, explained, title)
    quotes = _quotes(question.messages, episode)
    title, text = people.hide(title), people.hide("\n".join(lines))
    if not title or not lines or not quotes or not is_safe(f"{title}\n{text}") or scan(f"{title}\n{text}"):
        return None
    return Lesson(
        kind=_kind(episode),
        title=title[:TITLE_CHARS_MAX],
        text=text,
        topic=topic_of(episode.call),
        quotes=quotes,
        at=question.task.ended_at,
    )


def _lines(episode: Episode, explained: Sequence[str], title: str) -> list[str]:
    lines = []
    symptom, correct = _symptom(episode), _correct(episode)
    if symptom:
        lines.append(f"- Symptom: {symptom}")
    elif episode.call is not None and not episode.user:
        lines.append(f"- Seen with: {_seen(episode.call)}")
    also = [_plain(episode.also[1].text)] if episode.also is not None else []
    told = dict.fromkeys([*explained, *also])
    kept = [sentence for sentence in told if episode.user or _bare(sentence) != _bare(title)]
    cause = " ".join(map(_ended, kept if kept or lines else told))
    if cause:
        lines.append(f"- {'The user' if episode.user else 'Cause'}: {cause}")
    if correct:
        lines.append(f"- Correct: {correct}")
    return lines


def _plain(text: str) -> str:
    """A sentence as it stands in an entry: on one line, without its opening, ids masked."""
    label = FIX_LABEL.match(text)
    text = without_giving_up(text[label.end() :] if label else text)
    return masked(capital(strip_opener(one_line(text))))[:SENTENCE_CHARS_MAX]


def _bare(text: str) -> str:
    return text.strip(" .!;:…").casefold()


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":", "…")) else f"{text}."


def _title(episode: Episode, explained: Sequence[str]) -> str:
    if explained:
        return _heading(explained[episode.core])
    if episode.failure is None:
        return ""
    name = inline(episode.failure.call.name)
    line = clip(episode.failure.line.replace("<", "").replace(">", ""), HEADING_CHARS_MAX - len(name) - 2)
    return f"{name}: {line}".rstrip(" .!;:")


def _heading(core: str) -> str:
    """A sentence, or the longest run of its clauses that fits into a heading."""
    head = core
    if len(core) > HEADING_CHARS_MAX and _SUBORDINATE.match(core) and ", " in core:
        head = capital(core[core.index(", ") + 2 :])
    core = head
    if len(core) > HEADING_CHARS_MAX:
        cuts = [found.start() for found in _CLAUSE.finditer(core[: HEADING_CHARS_MAX + 1])]
        fitting = [core[:cut] for cut in cuts if len(core[:cut].split()) >= _HEADING_WORDS_MIN]
        head = fitting[-1] if fitting else clip(core, HEADING_CHARS_MAX)
    head = capital(head.rstrip(" .!;:,"))
    return head if head.count("`") % 2 == 0 else head.replace("`", "")


def _symptom(episode: Episode) -> str:
    if episode.failure is not None and episode.failure.line:
        name = inline(masked(episode.failure.call.name))
        line = clip(episode.failure.line, QUOTE_CHARS_MAX)
        last = episode.fix.failure.line if episode.fix is not None else ""
        then = f", then `{clip(last, QUOTE_CHARS_MAX)}`" if last and signature(last) != signature(line) else ""
        return f"`{name}` fails: `{line}`{then}"
    if episode.complaint is not None:
        return clip(masked(capital(one_line(episode.complaint[1]))), QUOTE_CHARS_MAX)
    return ""


def _seen(call: Call) -> str:
    """The call that an explanation follows: the command, or the tool's name."""
    for words in segments(call.command):
        line = masked(inline(" ".join(words)))
        if call.name in line and is_safe(line):
            return f"`{clip(line, _COMMAND_CHARS_MAX)}`"
    return f"`{masked(inline(call.name))}`"


def _correct(episode: Episode) -> str:
    parts = []
    if episode.correct is not None and not episode.user:
        parts.append(clip(masked(one_line(remedy_text(episode.correct[1]))), QUOTE_CHARS_MAX))
    if episode.fix is not None:
        worked = episode.fix.worked
        how = episode.fix.differs if worked.command else f"`{inline(worked.tool)}` with {episode.fix.differs}"
        how = how.replace("with with", "with", 1)
        how = f"{how} the same command works" if how.startswith("after ") else f"{how} works"
        parts.append(capital(how) if not parts else f"({how})")
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
    if episode.also is not None:
        wanted.append((episode.also[0], episode.also[1].raw))
    if episode.failure is not None and episode.failure.raw and is_safe(episode.failure.raw):
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
