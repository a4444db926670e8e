"""Questions as prompts: the part besides the stage's instructions.

Everything in a prompt is bounded, regardless of the number of skills; text of people and tools is inside fences. What
changes least comes first, for providers that cache prompt prefixes.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from seasoned.clock import to_datetime
from seasoned.contrast import Call
from seasoned.learning.questions import (
    Attempt,
    ContrastQuestion,
    DistillQuestion,
    ExtractQuestion,
    NearEntry,
    PendingLesson,
    Run,
    SkillView,
    WriteQuestion,
)
from seasoned.lesson import evidence_of
from seasoned.message import Author, Message, NumberedMessage, Passage
from seasoned.safety.fence import elide, fence
from seasoned.skill import SKILL_FILE, Entry, entries
from seasoned.space import FACTS

SAID_CHARS_MAX = 4_000
EXTRACT_TOOL_CHARS_MAX = 700
DISTILL_TOOL_CHARS_MAX = 3_000
PREFERENCES_SHOWN_MAX = 60
PREFERENCE_CHARS_MAX = 240
SKILLS_SHOWN_MAX = 8
SKILLS_CHARS = 6_000
SKILLS_CHARS_A_LESSON = 1_200
SKILLS_CHARS_MAX = 20_000
INSTRUCTIONS_CHARS_MAX = 1_500
ENTRY_SHOWN_CHARS_MAX = 1_200
HEADINGS_SHOWN_MAX = 12
FILES_SHOWN_MAX = 40
SUMMARY_CHARS_MAX = 400
ATTEMPTS_MAX = 3
NAME_CHARS_MAX = 120
# Of a contrast: the instructions, the calls in which the runs differ, and what was said and answered in each.
INSTRUCTIONS_TOLD_CHARS_MAX = 16_000
WRITES_MAX = 20
WRITE_CHARS_MAX = 1_500
CONTRAST_SAID_CHARS_MAX = 800
CONTRAST_TOOL_CHARS_MAX = 300
RUN_CHARS_MAX = 24_000
# Names of tools and roles are the client's own words too.
ROLE_CHARS_MAX = 200


def extract_prompt(question: ExtractQuestion) -> str:
    """The new messages, with the tasks and preferences known so far."""
    known = [f"{task.order}. ({task.status}) {elide(task.title, 200)}" for task in question.tasks]
    parts = [
        _user(question.user),
        _preferences(question.preferences),
        "Tasks so far, by order:\n" + fence("\n".join(known)) if known else "There are no tasks yet.",
        "The new messages:\n" + fence(_transcript(question.messages, SAID_CHARS_MAX, EXTRACT_TOOL_CHARS_MAX)),
        _hints(question.hints),
        "The session ends here for now." if question.closed else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _user(name: str) -> str:
    # A name is caller input: one short line of it, in a fence.
    return f"The user is called: {fence(elide(' '.join(name.split()), NAME_CHARS_MAX))}" if name else ""


def _preferences(known: Sequence[str]) -> str:
    if not known:
        return "Nothing is known of the user yet."
    lines = [f"- {elide(text, PREFERENCE_CHARS_MAX)}" for text in known[-PREFERENCES_SHOWN_MAX:]]
    return "Known of the user:\n" + fence("\n".join(lines))


def _hints(hints: Sequence[str]) -> str:
    return "What simple rules noticed (hints, not facts):\n" + fence("\n".join(hints)) if hints else ""


def distill_prompt(question: DistillQuestion) -> str:
    """A finished task with its messages, and the question that fits how it ended."""
    task = question.task
    asked = (
        "The task succeeded. What had to be found out on the way that the next agent should know beforehand?"
        if task.status == "success"
        else "The task failed. What stopped it, what was tried in vain, and what should be done instead next time?"
    )
    parts = [
        _user(question.user),
        f"Task: {fence(task.title)}\nIt ended as: {task.status}."
        + (" This was only told; nothing in the messages shows it." if task.is_told else "")
        + (f"\nWhy: {fence(task.evidence)}" if task.evidence else ""),
        _attempts(question.attempts),
        "The messages of the task:\n" + fence(_transcript(question.messages, SAID_CHARS_MAX, DISTILL_TOOL_CHARS_MAX)),
        _hints(question.hints),
        asked,
    ]
    return "\n\n".join(part for part in parts if part)


def _attempts(attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return ""
    lines = [
        f"- ({one.status}) {elide(one.title, 200)}: {elide(one.summary, SUMMARY_CHARS_MAX)}"
        for one in attempts[:ATTEMPTS_MAX]
    ]
    return "Other attempts at much the same, for contrast; what made the difference?\n" + fence("\n".join(lines))


def contrast_prompt(question: ContrastQuestion) -> str:
    """A successful and a failed attempt side by side: their writes, where they part, how each ended, their messages."""
    found = question.difference
    quotable = "succeeded" if question.own == "success" else "failed"
    parts = [
        "The agent's standing instructions:\n" + fence(elide(question.instructions, INSTRUCTIONS_TOLD_CHARS_MAX))
        if question.instructions
        else "",
        f"The request: {fence(question.title)}",
        _calls("Writes that only the run that succeeded made", found.only_good),
        _calls("Writes that only the run that failed made", found.only_bad),
        _calls("Where they part, the run that succeeded goes on with", [found.parted_good]),
        _calls("and the one that failed with", [found.parted_bad]),
        _run("SUCCEEDED", question.good),
        _run("FAILED", question.bad),
        f"Quote from the run that {quotable} only. What made the difference?",
    ]
    return "\n\n".join(part for part in parts if part)


def _calls(what: str, found: Sequence[Call | None]) -> str:
    lines = [elide(call.shown, WRITE_CHARS_MAX) for call in found[:WRITES_MAX] if call is not None]
    return f"{what}:\n" + (fence("\n".join(lines)) if lines else "(none)")


def _run(name: str, run: Run) -> str:
    text = elide(_transcript(run.messages, CONTRAST_SAID_CHARS_MAX, CONTRAST_TOOL_CHARS_MAX), RUN_CHARS_MAX)
    return f"The run that {name}:\n{fence(text)}\nHow it ended: {fence(run.ended)}"


def write_prompt(question: WriteQuestion) -> str:
    """The lessons, and the few skills that matter for them."""
    near = nearest(question)
    shown = {skill.name for skill in near}
    others = [*(skill.name for skill in question.skills if skill.name not in shown), *question.others]
    chars = min(SKILLS_CHARS + SKILLS_CHARS_A_LESSON * len(question.lessons), SKILLS_CHARS_MAX)
    lessons = "\n".join(_lesson(f"L{n}", one) for n, one in enumerate(question.lessons, start=1))
    parts = [
        _user(question.user),
        "The skills that are close to the lessons:\n" + fence(_skills(near, question.near, chars)),
        "Further skills, by name: " + ", ".join(_in_line(name) for name in others) if others else "",
        "Lessons to place:\n" + fence(lessons),
        "An earlier answer had edits that were refused; give all edits again, corrected:\n"
        + fence("\n".join(question.refused))
        if question.refused
        else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _in_line(name: str) -> str:
    """An untrusted name, quoted so that it cannot pass for part of the prompt."""
    return elide(" ".join(name.split()), NAME_CHARS_MAX)


def _lesson(key: str, pending: PendingLesson) -> str:
    lesson = pending.lesson
    day = date.isoformat(to_datetime(lesson.at).date())
    about = f" (task: {elide(pending.task_title, 150)})" if pending.task_title else ""
    replaced = f"\nreplaces: {lesson.replaces}" if lesson.replaces else ""
    unsure = " suspected" if evidence_of(lesson.basis) == "suspected" else ""
    return f"{key}{unsure} {lesson.kind} [{lesson.topic}] {day}{about}\n{lesson.title}\n{lesson.text}{replaced}\n"


def nearest(question: WriteQuestion) -> list[SkillView]:
    """The skills to show: the user's facts when a preference is to be placed, then those whose entries and words are
    closest to the lessons, then the user's own.
    """
    scores: dict[str, float] = {}
    for one in question.near:
        scores[one.skill] = scores.get(one.skill, 0.0) + one.score
    wants_facts = any(one.lesson.kind == "preference" for one in question.lessons)

    def rank(skill: SkillView) -> tuple[bool, float, bool, str]:
        return (wants_facts and skill.name == FACTS, scores.get(skill.name, 0.0), skill.of_user, skill.name)

    # Facts of the user are no place for other lessons, and would only cost.
    fitting = [skill for skill in question.skills if wants_facts or skill.name != FACTS]
    return sorted(fitting, key=rank, reverse=True)[:SKILLS_SHOWN_MAX]


def _skills(skills: Sequence[SkillView], near: Sequence[NearEntry], chars_max: int) -> str:
    left, shown = chars_max, list[str]()
    for skill in skills:
        block = _skill(skill, [one for one in near if one.skill == skill.name and one.path], left)
        if shown and len(block) > left:
            break
        shown.append(block)
        left -= len(block)
    return "\n\n".join(shown) or "(none yet)"


def _skill(skill: SkillView, near: Sequence[NearEntry], chars_max: int) -> str:
    """A skill: what it is for, its files, and of their entries all that fit, the closest to the lessons first."""
    made_by = " (made by the user)" if skill.of_user else ""
    lines = [f"=== skill {skill.name}{made_by}: {elide(skill.description, 400)}"]
    if skill.instructions.strip():
        lines.append(f"--- {SKILL_FILE}\n{elide(skill.instructions.strip(), INSTRUCTIONS_CHARS_MAX)}")
    files = {path: entries(text) for path, text in skill.files.items() if path.endswith(".md") and path != SKILL_FILE}
    chosen = _chosen(files, near, chars_max - sum(map(len, lines)))
    for path, found in sorted(files.items(), key=lambda item: -len(chosen.get(item[0], ())))[:FILES_SHOWN_MAX]:
        lines.append(f"--- {path} ({len(found)} entries)")
        lines += _entries(found, chosen.get(path, set()))
    lines += [f"--- {path}" for path in sorted(skill.files) if path not in files and path != SKILL_FILE][
        :FILES_SHOWN_MAX
    ]
    return "\n".join(lines)


def _chosen(files: dict[str, list[Entry]], near: Sequence[NearEntry], chars_max: int) -> dict[str, set[int]]:
    """Which entries of each file are shown whole, by place: the near ones, then others while there is room."""
    places = {(path, entry.text): place for path, found in files.items() for place, entry in enumerate(found)}
    wanted = [(one.path, places[one.path, one.text]) for one in near if (one.path, one.text) in places]
    rest = [(path, place) for path, found in sorted(files.items()) for place in range(len(found))]
    chosen: dict[str, set[int]] = {}
    for path, place in dict.fromkeys([*wanted, *rest]):
        cost = min(len(files[path][place].text), ENTRY_SHOWN_CHARS_MAX)
        if cost <= chars_max:
            chosen.setdefault(path, set()).add(place)
            chars_max -= cost
    return chosen


def _entries(found: Sequence[Entry], whole: set[int]) -> Iterator[str]:
    """Some entries whole, of some more the first line."""
    headings = 0
    for place, entry in enumerate(found):
        if place in whole:
            yield elide(entry.text, ENTRY_SHOWN_CHARS_MAX)
        elif headings < HEADINGS_SHOWN_MAX and whole:
            headings += 1
            yield elide(entry.text.split("\n", 1)[0], 100) + " […]"


def _transcript(messages: Sequence[NumberedMessage], said_max: int, tool_max: int) -> str:
    """Numbered messages as text, each run of one author's words under its number and author.

    The words of people and agents have up to `said_max` characters a passage, those of others up to `tool_max`.
    """
    lines = []
    for stored in messages:
        author: Author | None = None
        for one in _passages(stored.message, said_max, tool_max):
            lines.append(one.text if one.author == author else f"[{stored.number}] {one.author}: {one.text}")
            author = one.author
        if author is None:
            lines.append(f"[{stored.number}] {'agent' if stored.message.role == 'assistant' else 'person'}: ")
    return "\n".join(lines)


def _passages(message: Message, said_max: int, tool_max: int) -> Iterator[Passage]:
    for part in message.parts:
        if part.type == "tool-call":
            yield Passage("agent", f"CALL {elide(part.tool_name, ROLE_CHARS_MAX)} {elide(part.arguments, tool_max)}")
        elif part.type == "tool-result":
            told = f"{part.event.upper()} BY THE PERSON" if part.event else "ERROR" if part.is_error else "RESULT"
            passages = list(message.passages_of(part)) or [Passage("tool", "")]
            for place, one in enumerate(passages):
                yield Passage(one.author, f"{'' if place else f'{told} '}{elide(one.text, tool_max)}")
        elif part.type == "text":
            for one in message.passages_of(part):
                own = one.author in ("person", "agent")
                yield Passage(one.author, elide(one.text, said_max if own else max(tool_max, said_max // 4)))
        elif part.type not in ("thinking", "redacted_thinking"):
            yield Passage(message.author_of(part), f"({part.type}{f' {part.filename}' if part.filename else ''})")
