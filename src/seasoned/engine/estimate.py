"""Estimates the cost of learning from transcripts before anything is spent or stored.

The rules find the tasks without a model, so the extract and distill prompts are the real ones. The write prompts are
not known yet and are assumed to have their maximum length.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

import msgspec

from seasoned import authors
from seasoned.config import Config
from seasoned.importers import Transcript
from seasoned.learning.questions import DistillQuestion, ExtractQuestion
from seasoned.message import NumberedMessage
from seasoned.models import prompts
from seasoned.models.language import instructions
from seasoned.pipeline import context
from seasoned.pipeline.extract import SHOWN_CHARS_MAX
from seasoned.rules import extract_tasks
from seasoned.task import Task
from seasoned.tokens import count_tokens

# The rest of a write prompt at most: the skills shown, and lessons of typical length.
SKILLS_TOKENS = prompts.SKILLS_CHARS_MAX // 4
LESSON_TOKENS = 150
LESSONS_A_TASK = 2


def _stages() -> dict[str, int]:
    return {"extract": 0, "distill": 0, "write": 0}


class Estimate(msgspec.Struct, kw_only=True):
    """Calls and prompt tokens by stage, without output tokens."""

    sessions: int = 0
    known: int = 0
    messages: int = 0
    tasks: int = 0
    calls: dict[str, int] = msgspec.field(default_factory=_stages)
    input_tokens: dict[str, int] = msgspec.field(default_factory=_stages)

    def add(self, stage: str, tokens: int) -> None:
        """One more call."""
        self.calls[stage] += 1
        self.input_tokens[stage] += tokens


def add(estimate: Estimate, config: Config, transcript: Transcript, new_from: int) -> None:
    """Add the cost of a transcript whose first `new_from` messages are already learned."""
    messages = tuple(
        NumberedMessage(number=number, at=timed.at or 0, message=authors.attributed(timed.message))
        for number, timed in enumerate(transcript.messages, start=1)
    )
    new = messages[new_from:]
    if not new:
        estimate.known += 1
        return
    estimate.sessions += 1
    estimate.messages += len(new)
    opening = list(takewhile(lambda one: one.message.role == "user", messages[: context.HEAD_ROWS]))
    session = context.instructions_in(opening)
    for batch in _batches(new, config):
        question = ExtractQuestion(messages=batch, session=session, user=transcript.user or "", closed=True)
        estimate.add("extract", count_tokens(instructions("extract")) + count_tokens(prompts.extract_prompt(question)))
    finished = _finished(new)
    for task, shown in finished:
        question_of_task = DistillQuestion(task=task, messages=shown, session=session, user=transcript.user or "")
        if prompts.is_trivial(question_of_task):
            continue
        estimate.add(
            "distill", count_tokens(instructions("distill")) + count_tokens(prompts.distill_prompt(question_of_task))
        )
    estimate.tasks += len(finished)


def finish(estimate: Estimate, config: Config) -> None:
    """Add the writer, which takes the lessons of all sessions together."""
    lessons = estimate.tasks * LESSONS_A_TASK
    for start in range(0, lessons, config.lessons_per_write):
        count = min(config.lessons_per_write, lessons - start)
        estimate.add("write", count_tokens(instructions("write")) + SKILLS_TOKENS + count * LESSON_TOKENS)


def _batches(messages: Sequence[NumberedMessage], config: Config) -> Iterator[tuple[NumberedMessage, ...]]:
    start = 0
    while start < len(messages):
        end, chars = start, 0
        while end < len(messages) and end - start < config.batch_messages:
            chars += min(sum(map(len, messages[end].message.texts())), SHOWN_CHARS_MAX)
            if chars > config.batch_chars and end > start:
                break
            end += 1
        yield tuple(messages[start:end])
        start = end


def _finished(messages: tuple[NumberedMessage, ...]) -> list[tuple[Task, tuple[NumberedMessage, ...]]]:
    by_number = {stored.number: stored for stored in messages}
    found = []
    for order, change in enumerate(extract_tasks(ExtractQuestion(messages=messages, closed=True)), start=1):
        # A model might find the end of a task where the rules cannot, so it counts as finished.
        numbers = change.messages
        task = Task(order=order, title=change.title, status="success", first=numbers[0], last=numbers[-1])
        found.append((task, tuple(by_number[number] for number in numbers if number in by_number)))
    return found
