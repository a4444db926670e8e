"""What a finished task teaches, read from its messages without a model: errors with their fixes, corrections, and what
the successes of a kind of request have in common.

An entry's title is the tool with the error's template; below it stand the error, its cause, and what is right. Each
lesson quotes the messages that it rests on.
"""

import re
from collections.abc import Sequence, Set
from typing import Final

import msgspec

from seasoned.learning.questions import DistillAnswer, DistillQuestion
from seasoned.lesson import TITLE_CHARS_MAX, Basis, Lesson, Quote
from seasoned.message import NumberedMessage
from seasoned.rules import explained
from seasoned.rules.calls import Call, calls, commands
from seasoned.rules.errors import Failure, failed, is_generic
from seasoned.rules.explained import Told
from seasoned.rules.fixes import Fix, changed, changes_file, fixes, is_look, is_search
from seasoned.rules.phrases import book
from seasoned.rules.places import language_of, topic_of
from seasoned.rules.procedures import procedure
from seasoned.rules.safety import clip, inline, is_safe, masked, template
from seasoned.rules.summaries import decisions, summary
from seasoned.rules.text import Sentence, plain, words
from seasoned.safety.people import names
from seasoned.safety.scanner import scan
from seasoned.similar import fingerprint, is_twin

LESSONS_MAX: Final = 6
QUOTE_CHARS_MAX: Final = 200
HEADING_CHARS_MAX: Final = 110
_AFTER_MAX = 12  # messages after a failure in which its cause may be told
_COMMAND_CHARS_MAX = 160
_TELLING_MIN = 2
_SEEN_MAX = 8  # messages back in which what was found out was seen
_CALLS_SEEN = 3
_CALLS_BEFORE = 8
_JOINED_CHARS_MAX = 1_500
_USED_MAX = 2  # messages on in which what was found out is used
_ANSWER_CHARS = 3_000
_QUOTABLE_CHARS_MIN = 8
_CHECKS: Final = words("checks")
_REFUSAL = re.compile(
    r"(?:(?:no|nope|nah|wait|stop|hm+|not quite|actually|sorry|please)\b[,.!:; -]{1,3})+", re.IGNORECASE
)
_ESCAPED = re.compile(r'[^ -~]+|["\\]+')  # what JSON may write in another way
_PLACEHOLDER = re.compile(r"\s*<(?:id|email|phone|date|n|name)>")


class _Found(msgspec.Struct, kw_only=True):
    """A lesson before it is checked: its message, title, lines, quotes, and the call that it is about."""

    number: int
    title: str
    lines: list[str]
    quotes: list[tuple[int, str]]
    call: Call | None
    score: float
    topic: str = ""  # else that of the call
    basis: Basis = ""


def distill(question: DistillQuestion) -> DistillAnswer:
    """The lessons of a task, its summary and its decisions. Same messages, same answer."""
    made = calls(question.messages)
    bad = failed(made)
    found = [*_errors(question, made, bad), *_corrections(question, made)]
    told = {quote for one in found for quote in one.quotes}
    found += [one for one in _findings(question, made, bad) if one.quotes[0] not in told]
    lessons = _lessons(question, found)
    made_of = procedure(question, made)
    if made_of is not None:
        lessons = (*lessons, made_of)
    return DistillAnswer(
        summary=summary(question),
        decisions=decisions(question.messages),
        learnings=tuple(lesson.title for lesson in lessons),
        lessons=lessons,
        skip_reason="" if lessons else _skip_reason(bad),
    )


def _skip_reason(bad: Sequence[Failure]) -> str:
    if not bad:
        return "Nothing failed and nobody corrected anything."
    return "Calls failed, but neither a changed call that worked nor an explanation stands in the messages."


def _lessons(question: DistillQuestion, found: Sequence[_Found]) -> tuple[Lesson, ...]:
    people = names(question.messages) if found else re.compile("(?!)")
    kept: list[tuple[int, Lesson]] = []
    for one in sorted(found, key=lambda one: (-one.score, one.number)):
        lesson = _lesson(question, one, people)
        if lesson is None or any(_says_same(lesson, other) for _, other in kept):
            continue
        kept.append((one.number, lesson))
        if len(kept) == LESSONS_MAX:
            break
    return tuple(lesson for _, lesson in sorted(kept, key=lambda pair: pair[0]))


def _says_same(one: Lesson, other: Lesson) -> bool:
    prints = [fingerprint(f"{lesson.title}\n{lesson.text}") for lesson in (one, other)]
    return one.title == other.title or is_twin(prints[0], prints[1])


def _lesson(question: DistillQuestion, found: _Found, people: re.Pattern[str]) -> Lesson | None:
    """A lesson; None when nothing is left to say, nothing can be quoted or it may not be said."""
    title, text = people.sub("<name>", found.title), people.sub("<name>", "\n".join(found.lines))
    quotes = _quotes(question.messages, found.quotes)
    if not title or not text or not quotes or not is_safe(f"{title}\n{text}") or scan(f"{title}\n{text}"):
        return None
    return Lesson(
        kind="pitfall",
        title=title[:TITLE_CHARS_MAX],
        text=text,
        topic=found.topic or topic_of(found.call),
        quotes=quotes,
        at=question.task.ended_at,
        basis=found.basis,
    )


def _errors(question: DistillQuestion, made: Sequence[Call], bad: Sequence[Failure]) -> list[_Found]:
    """The failures that were overcome or explained."""
    people = {one.number: _acted(said) for one in question.messages if (said := explained.said(one.message, "person"))}
    overcome = {id(fix.failure.call): fix for fix in fixes(made, bad, people, sure=question.task.status == "success")}
    spoken = explained.agent_sentences(question.messages)
    found = []
    for failure in bad:
        fix = overcome.get(id(failure.call))
        least = _TELLING_MIN if fix is None else 1
        if is_generic(failure.line) or len(explained.telling(failure.line)) < least or _is_search(failure):
            continue
        later = (did for number, did in people.items() if failure.number < number <= failure.number + _AFTER_MAX)
        if fix is None and any(later):
            continue
        until = failure.number + _AFTER_MAX if fix is None else fix.worked.answer_number + 1
        numbers = [number for number in spoken if failure.number < number <= until]
        words = explained.telling(f"{failure.line} {fix.differs if fix else ''}")
        causes = explained.causes(spoken, numbers, words, near=int(fix is not None))
        told = [one for one in causes if not explained.retracted(spoken, one)]
        if fix is not None or told:
            found.append(_of_error(failure, fix, told))
    return found


def _findings(question: DistillQuestion, made: Sequence[Call], bad: Sequence[Failure]) -> list[_Found]:
    """What the agent found out about something wrong that no call failed with: what a person complained of, what it
    saw, or what it then did otherwise. What it finds in files that it edits is repaired there and teaches nothing;
    what it says in a task that failed counts only when it acted on it."""
    spoken = explained.agent_sentences(question.messages)
    edits, failed = any(changes_file(call) for call in made), {id(one.call) for one in bad}
    is_failed = question.task.status == "failed"
    found: list[_Found] = []
    wrong: Sentence | None = None
    for numbered in question.messages:
        said = explained.said(numbered.message, "person")
        wrong = explained.complaint(said) if said else wrong
        if numbered.number not in spoken:
            continue
        every = spoken[numbered.number]
        recent = [call for call in made if numbered.number - _SEEN_MAX <= call.number < numbered.number][-_CALLS_SEEN:]
        words = explained.telling(wrong.text) if wrong is not None else frozenset()
        seen = words.union(*(explained.telling(call.answer[:_ANSWER_CHARS]) for call in recent))
        told = explained.causes(spoken, [numbered.number], words, explained.COMPLAINT_MIN) if words else []
        change = _change(every, made, numbered.number, failed)
        if change is not None:
            acted = (str(call.arguments)[:_ANSWER_CHARS] for call in (*recent, change.worked))
            seen = seen.union(*map(explained.telling, acted))
        if not told and (change is not None or not (edits or is_failed)):
            told = explained.findings(every, numbered.number, seen, asked=wrong is not None, used=change is not None)
        if told and not any(explained.retracted(spoken, one) for one in told):
            one = _of_finding(told, wrong, recent[-1] if recent else None, change)
            before = found[-1] if found and wrong is not None and found[-1].lines[0] == one.lines[0] else None
            if before is not None and len("".join([*before.lines, *one.lines])) < _JOINED_CHARS_MAX:
                before.lines += [line for line in one.lines if line not in before.lines]
                before.quotes += one.quotes
            else:
                found.append(one)
    return found


def _change(every: Sequence[Sentence], made: Sequence[Call], number: int, failed: Set[int]) -> Fix | None:
    """The call that did otherwise what the sentences of a message speak of, where a like call had gone before."""
    text = " ".join(one.raw for one in every if not one.asks)
    later = [call for call in made if number <= call.number <= number + _USED_MAX][:_CALLS_SEEN]
    before = [call for call in made if call.number < number][-_CALLS_BEFORE:]
    for call in later:
        if not call.answer_number or id(call) in failed or (is_search(call) and is_look(call)):
            continue
        for earlier in reversed(before):
            if fix := changed(earlier, call, text):
                return fix
    return None


def _of_finding(told: Sequence[Told], wrong: Sentence | None, call: Call | None, change: Fix | None) -> _Found:
    lines = [f"- Symptom: {clip(masked(wrong.text), QUOTE_CHARS_MAX)}"] if wrong is not None else []
    fixed = [f"- Correct: {_works(change)}"] if change is not None else []
    return _Found(
        number=told[0].number,
        title=_said_title(call, told[0].sentence),
        lines=[*lines, f"- Cause: {_cause(told)}", *fixed],
        quotes=[(one.number, one.sentence.raw) for one in told],
        call=call,
        score=told[0].points,
    )


def _cause(told: Sequence[Told]) -> str:
    ordered = sorted(told, key=lambda one: one.sentence.start)
    return " ".join(_ended(masked(explained.plain_words(one.sentence))) for one in ordered)


def _said_title(call: Call | None, sentence: Sentence) -> str:
    """The tool with what was said of it."""
    name = f"{inline(masked(call.name))}: " if call is not None else ""
    said = _REFUSAL.sub("", explained.plain_words(sentence), count=1)
    text = clip(masked(said[:1].upper() + said[1:]), HEADING_CHARS_MAX - len(name))
    return f"{name}{text}".replace("<", "").replace(">", "").rstrip(" .!;:")


def _acted(said: str) -> bool:
    """Whether a person says that they did something about it."""
    return book("distill")["acted"].said(" ".join(plain(said[:1_000]).lower().split()))


def _is_search(failure: Failure) -> bool:
    """Whether something was only looked for in vain with a tool that looks."""
    return is_search(failure.call) and book("distill")["missing"].said(failure.line.lower())


def _of_error(failure: Failure, fix: Fix | None, told: Sequence[Told]) -> _Found:
    name = inline(masked(failure.call.name))
    lines = [f"- Symptom: `{name}` fails: `{failure.line}`"]
    if told:
        lines.append(f"- Cause: {_cause(told)}")
    if fix is not None:
        lines.append(f"- Correct: {_works(fix)}")
    quotes = [(one.number, one.sentence.raw) for one in told]
    if failure.raw and is_safe(failure.raw):
        quotes.append((failure.number, failure.raw))
    if fix is not None:
        quotes.append((fix.worked.number, _quotable(fix.worked)))
    return _Found(
        number=failure.number,
        title=_title(name, failure.line),
        lines=lines,
        quotes=quotes,
        call=failure.call,
        score=2 * (fix is not None) + (told[0].points if told else 0),
        basis="error",
    )


def _quotable(call: Call) -> str:
    """The longest piece of a command that stands in its message as it is, nothing escaped; else the tool."""
    pieces = [piece.strip() for piece in _ESCAPED.split(call.command[:_ANSWER_CHARS])]
    longest = max(pieces, key=len, default="")
    return longest if len(longest) >= _QUOTABLE_CHARS_MIN else call.tool


def _works(fix: Fix) -> str:
    if fix.differs.startswith("after "):
        return f"After {fix.differs.removeprefix('after ')} the same command works"
    if fix.worked.command and fix.differs.startswith("`") and fix.worked.command != fix.failure.call.command:
        return f"{fix.differs} works"
    how = fix.differs if fix.differs.startswith(("with ", "without ")) else f"with {fix.differs.removeprefix('in ')}"
    return f"`{inline(fix.worked.tool)}` {how} works"


def _title(name: str, line: str) -> str:
    """The tool with the error's template."""
    text = _PLACEHOLDER.sub(" …", template(line.removeprefix(f"{name}: ")))
    text = " ".join(text.replace("<", "").replace(">", "").split())
    return f"{name}: {clip(text, HEADING_CHARS_MAX - len(name) - 2)}"[:HEADING_CHARS_MAX].rstrip(" .!;:")


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":", "…")) else f"{text}."


def _corrections(question: DistillQuestion, made: Sequence[Call]) -> list[_Found]:
    """What a person corrected, with what is right."""
    found = []
    before: list[str] = []
    for numbered in question.messages:
        message = numbered.message
        said = explained.said(message, "person")
        if said and before:
            told = explained.correction(said, "\n".join(before)[-2_000:])
            if told:
                earlier = [call for call in made if call.number < numbered.number]
                did = (call for call in reversed(earlier) if not (is_look(call) or {*call.programs} & _CHECKS))
                last = next(did, None) or next(reversed(earlier), None)
                found.append(_of_correction(numbered.number, told, last))
        if said:
            before = []
        agent = explained.said(message, "agent")
        before += [agent[-1_000:]] if agent else []
        before += [call.command or str(call.arguments)[:400] for call in made if call.number == numbered.number]
    return found


def _of_correction(number: int, told: Sequence[Sentence], call: Call | None) -> _Found:
    core = next(one for one in reversed(told) if book("distill")["states"].said(one.low))
    text = " ".join(_ended(masked(explained.plain_words(one))) for one in told)
    lines = [f"- The user: {text}"]
    topic = language_of(call) if call is not None else ""
    shown = _shown(call) if call is not None and not (is_look(call) or {*call.programs} & _CHECKS) else ""
    if shown:
        lines.append(f"- Not: {shown}")
    return _Found(
        number=number,
        title=_said_title(None if topic else call, core),
        lines=lines,
        quotes=[(number, one.raw) for one in told],
        call=call,
        score=4,
        topic=topic,
        basis="correction",
    )


def _shown(call: Call) -> str:
    """The command that was not right; empty for other calls and for a long one."""
    run = [one.text for one in commands(call.command)]
    text = masked(run[-1]) if run else ""
    fit = 0 < len(text) <= _COMMAND_CHARS_MAX and "`" not in text and "<<" not in text and is_safe(text)
    return f"`{text}`" if fit else ""


def _quotes(messages: Sequence[NumberedMessage], wanted: Sequence[tuple[int, str]]) -> tuple[Quote, ...]:
    """The quotes that stand in their messages, letter for letter."""
    by_number = {numbered.number: numbered.message for numbered in messages}
    found = []
    for number, text in wanted:
        exact = text.strip()[:QUOTE_CHARS_MAX].strip()
        message = by_number.get(number)
        if exact and message is not None and any(exact in part for part in message.texts()):
            found.append(Quote(number=number, text=exact))
    return tuple(dict.fromkeys(found))
