"""The interface between the three stages and the learner: rules or a language model.

Each stage asks one question and gets one structured answer. The built-in rules (`rules`) answer without a model; a
language model answers the same questions through the same types. A question contains everything the learner may know:
it has no tools and reads nothing itself. Answers are claims: the stages check every number, status, path and quote
before anything is committed.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from seasoned.contrast import Difference
from seasoned.learning.accounting import Scope
from seasoned.lesson import Lesson
from seasoned.message import NumberedMessage
from seasoned.task import Task, TaskStatus


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session besides its messages.

    `began` is the time of its first message in microseconds (0: not known). `directory` and `branch` are where the
    agent worked. `instructions` are the agent's standing instructions, which stand in the messages `told_in`. `serves`
    says that the agent serves customers: who speaks is then nobody whose wishes are to be kept.
    """

    began: int = 0
    directory: str = ""
    branch: str = ""
    instructions: str = ""
    told_in: frozenset[int] = frozenset()
    serves: bool = False


class ExtractQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """New messages of a session, with its known tasks and preferences.

    `hints` are the rules' findings in the messages, for a model.

    `tasks` are the session's tasks so far in order, `left_running` the titles of tasks that the user's earlier sessions
    did not finish. `preferences` are the facts known of the user as they stand in their files (third person), `topics`
    the topic of each as far as it is known. `closed` says that the session is over or was flushed: no more messages are
    expected soon.
    """

    messages: tuple[NumberedMessage, ...]
    session: SessionInfo = SessionInfo()
    tasks: tuple[Task, ...] = ()
    left_running: tuple[str, ...] = ()
    preferences: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    user: str = ""
    closed: bool = False
    hints: tuple[str, ...] = ()
    scope: Scope = Scope()


class TaskChange(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is new (`order` None) or changed. Every change names the messages it rests on.

    `messages` are numbers of *new* messages that belong to the task. `title` is in the user's own words. `evidence`
    says in one sentence why the status is what it is. `progress` are short lines about what the agent did.
    """

    order: int | None = None
    title: str = ""
    status: TaskStatus = "running"
    messages: tuple[int, ...] = ()
    progress: tuple[str, ...] = ()
    evidence: str = ""


class PreferenceFound(msgspec.Struct, frozen=True, kw_only=True):
    """A preference or fact that the user stated. `text` is one sentence in the third person ("The user prefers ...").

    `topic` is the kebab-case name of the topic it belongs to (`coding-preferences`). `message` is the number of the
    user's message that states it, `quote` its words there. `replaces` is the text of a known preference that it
    replaces.
    """

    text: str
    topic: str
    message: int
    quote: str
    replaces: str = ""


class ExtractAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Task changes in order of their first message, and preferences."""

    tasks: tuple[TaskChange, ...] = ()
    preferences: tuple[PreferenceFound, ...] = ()


STEPS_MAX = 24


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Another finished task of the space with a similar request, in short: how it ended and what it was about.

    `steps` are the names of its tool calls in order, at most STEPS_MAX.
    """

    title: str
    status: TaskStatus
    summary: str
    steps: tuple[str, ...] = ()


class DistillQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A finished task with its whole evidence: the messages that belong to it, in order.

    `attempts` are other attempts at a similar request, succeeded or failed, for comparison, the most telling first.
    `earlier` are calls that the session made before the task, a line each. `kept` are the preferences that were found
    in the session, `entries` the titles of entries about such work, as they stand when the question is asked. `telling`
    are the messages that tell of failures and of what mended them.
    """

    task: Task
    messages: tuple[NumberedMessage, ...]
    session: SessionInfo = SessionInfo()
    earlier: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    telling: frozenset[int] = frozenset()
    user: str = ""
    hints: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    scope: Scope = Scope()


class DistillAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the task teaches.

    `summary` (1-3 sentences) and `decisions` and `learnings` (short lines) go into the journal whether or not there
    are lessons. `lessons` are of kind procedure, pitfall or fact, each with at least one quote. Without lessons
    `skip_reason` says why.
    """

    summary: str
    decisions: tuple[str, ...] = ()
    learnings: tuple[str, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    skip_reason: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt at a request: its messages, standing instructions left out, and how it ended, in a sentence."""

    outcome: TaskStatus
    messages: tuple[NumberedMessage, ...]
    ended: str
    was_cut_off: bool = False


class ContrastQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A successful and a failed attempt at the same request, side by side.

    `own` is the outcome of the attempt that was just finished: only its messages can be quoted. `difference` is what
    rules found between the calls of the two. `session` is that of the own attempt.
    """

    title: str
    good: Run
    bad: Run
    own: TaskStatus
    difference: Difference
    session: SessionInfo = SessionInfo()
    scope: Scope = Scope()

    @property
    def messages(self) -> tuple[NumberedMessage, ...]:
        """The messages that can be quoted."""
        return self.good.messages if self.own == self.good.outcome else self.bad.messages


class ContrastAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What made the difference; without lessons `skip_reason` says why nothing did for sure."""

    lessons: tuple[Lesson, ...] = ()
    skip_reason: str = ""


class SkillView(msgspec.Struct, frozen=True, kw_only=True):
    """A skill as the writer sees it: `files` maps a path to its text; `instructions` is the body of its SKILL.md.

    `of_user` says that a person created it: its instructions then say what belongs in it, and in which form.
    """

    name: str
    description: str
    instructions: str
    files: dict[str, str]
    of_user: bool = False
    writable: bool = True


class NearEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that shares distinctive words with the lessons; a higher score is closer. An empty `path` stands for the
    skill's own description.
    """

    skill: str
    path: str
    text: str
    score: float


class PendingLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson that waits to be written. `key` names it in the edits, `status` says how its task ended."""

    key: str
    lesson: Lesson
    task_title: str = ""
    status: str = ""


class WriteQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Some lessons of a space, oldest first, and the few skills that matter for them.

    `near` are the closest entries of the space by words; `others` lists the names of further skills. `conflicts` says
    which lessons and entries seem to contradict each other. `refused` says why edits of an earlier answer to the same
    question were rejected.
    """

    lessons: tuple[PendingLesson, ...]
    skills: tuple[SkillView, ...]
    near: tuple[NearEntry, ...] = ()
    others: tuple[str, ...] = ()
    user: str = ""
    conflicts: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    scope: Scope = Scope()


class CreateSkill(msgspec.Struct, frozen=True, kw_only=True, tag="create_skill"):
    """A new skill; its SKILL.md is rendered from name, description and `body` (Markdown instructions)."""

    name: str
    description: str
    body: str
    lessons: tuple[str, ...]


class AddEntry(msgspec.Struct, frozen=True, kw_only=True, tag="add_entry"):
    """A new entry at the end of a file (created, with `title` as its H1, if it does not exist)."""

    skill: str
    path: str
    text: str
    lessons: tuple[str, ...]
    title: str = ""


class ReviseEntry(msgspec.Struct, frozen=True, kw_only=True, tag="revise_entry"):
    """An entry whose text changes: `entry` is the old entry's text as it stands in the file."""

    skill: str
    path: str
    entry: str
    text: str
    lessons: tuple[str, ...]


class Reinforce(msgspec.Struct, frozen=True, kw_only=True, tag="reinforce"):
    """The same thing was learned before: adds evidence, no text."""

    skill: str
    path: str
    entry: str
    lessons: tuple[str, ...]


class WriteFile(msgspec.Struct, frozen=True, kw_only=True, tag="write_file"):
    """A whole file, new or replaced (scripts, references)."""

    skill: str
    path: str
    text: str
    lessons: tuple[str, ...]


class MoveFile(msgspec.Struct, frozen=True, kw_only=True, tag="move_file"):
    """Move a file within its skill. `title` is its new H1; without one, an H1 that repeats the old name follows."""

    skill: str
    path: str
    to: str
    lessons: tuple[str, ...]
    title: str = ""


class RemoveEntry(msgspec.Struct, frozen=True, kw_only=True, tag="remove_entry"):
    """Remove an entry that is no longer true; old versions keep it."""

    skill: str
    path: str
    entry: str
    lessons: tuple[str, ...]


class Decline(msgspec.Struct, frozen=True, kw_only=True, tag="decline"):
    """Lessons that are not worth an entry, with the reason."""

    lessons: tuple[str, ...]
    reason: str


class TransferEntry(msgspec.Struct, frozen=True, kw_only=True, tag="transfer_entry"):
    """An entry that goes to another file, of the same or another skill, with its evidence: to the end of it, or into
    the entry `into`, which says the same. It `stays` in a skill that is archived; of what leaves SKILL.md the heading
    may be left, with the file to read (`points`).
    """

    skill: str
    path: str
    entry: str
    to_skill: str
    to_path: str
    into: str = ""
    stays: bool = False
    points: bool = False
    lessons: tuple[str, ...] = ()


class ArchiveSkill(msgspec.Struct, frozen=True, kw_only=True, tag="archive_skill"):
    """Take a skill out of prompts, exports and the catalogue."""

    skill: str
    lessons: tuple[str, ...] = ()


Edit = CreateSkill | AddEntry | ReviseEntry | Reinforce | WriteFile | MoveFile | RemoveEntry | Decline

# What health proposes too; no model is asked for it.
HealthEdit = TransferEntry | ArchiveSkill


class WriteAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Edits in the order of application."""

    edits: tuple[Edit, ...] = ()


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands out in a task's messages, a line each, the dearest first; and the numbers of the messages that tell
    of failures and of what mended them.
    """

    lines: tuple[str, ...] = ()
    telling: frozenset[int] = frozenset()


class Hints(Protocol):
    """Notices things for a model's prompts, cheaply and without a model. Both methods may take a while."""

    def for_extract(self, question: ExtractQuestion) -> tuple[str, ...]:
        """What stands out in new messages, a line each."""
        ...

    def for_distill(self, messages: Sequence[NumberedMessage]) -> Noticed:
        """What stands out in a task's messages."""
        ...


class Model(Protocol):
    """Answers the questions. Raises ModelFailed if there is no usable answer; the stage then retries."""

    @property
    def name(self) -> str:
        """`rules`, or `provider:model`."""
        ...

    @property
    def mends_refused_edits(self) -> bool:
        """Whether it may answer differently once it is told why its edits were refused."""
        ...

    async def extract(self, question: ExtractQuestion) -> ExtractAnswer:
        """Which tasks and preferences the new messages hold."""
        ...

    async def distill(self, question: DistillQuestion) -> DistillAnswer:
        """What a finished task teaches."""
        ...

    async def contrast(self, question: ContrastQuestion) -> ContrastAnswer:
        """What made the difference between a successful and a failed attempt at the same request."""
        ...

    async def write(self, question: WriteQuestion) -> WriteAnswer:
        """How the lessons change the skills."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
