"""Questions as prompts: the part besides the stage's instructions.

Everything in a prompt is bounded, regardless of the number of skills; text of people and tools is inside fences. What
changes least comes first, for providers that cache prompt prefixes.
"""

import re
from collections.abc import Iterator, Sequence

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
    SessionInfo,
    SkillView,
    WriteQuestion,
)
from seasoned.lesson import evidence_of
from seasoned.models.transcript import TO_DISTILL, TO_EXTRACT, shown
from seasoned.safety.fence import elide, fence
from seasoned.skill import SKILL_FILE, Entry, entries
from seasoned.space import FACTS

PREFERENCES_SHOWN_MAX = 60
PREFERENCE_CHARS_MAX = 240
SKILLS_SHOWN_MAX = 8
SKILLS_CHARS = 6_000
SKILLS_CHARS_A_LESSON = 1_200
SKILLS_CHARS_MAX = 20_000
# Of a skill, so much is shown besides the entries that are close.
OTHER_ENTRIES_CHARS = 1_500
INSTRUCTIONS_CHARS_MAX = 1_500
ENTRY_SHOWN_CHARS_MAX = 1_200
HEADINGS_SHOWN_MAX = 12
FILES_SHOWN_MAX = 40
SUMMARY_CHARS_MAX = 400
ATTEMPTS_MAX = 3
NAME_CHARS_MAX = 120
# Of a contrast: the calls in which the runs differ, and what was said and answered in each.
WRITES_MAX = 20
WRITE_CHARS_MAX = 1_500
RUN_CHARS_MAX = 24_000
PLACE_CHARS_MAX = 200
KEPT_MAX = 12
TRIVIAL_MESSAGES_MAX = 3
TRIVIAL_ASKED_CHARS_MAX = 300
TRIVIAL_CHARS_MAX = 800
_CASE = re.compile(r"@|\b(?=\w*\d)(?=\w*[A-Z_])\w{6,}\b|\d{6,}")
_ASKS = re.compile(r"\?|\A\s*(?:what|which|who|whose|where|when|why|how|is|are|was|were|does|do|did)\b", re.IGNORECASE)
QUOTE_CHARS_MAX = 120


def standing(session: SessionInfo) -> str:
    """What every prompt about a session begins with, so that providers can cache it: the agent's instructions."""
    return "The agent's standing instructions:\n" + fence(session.instructions) if session.instructions else ""


def extract_prompt(question: ExtractQuestion) -> str:
    """The new messages, with the tasks and preferences known so far."""
    known = [f"{task.order}. ({task.status}) {_cut(task.title, 200)}" for task in question.tasks]
    left = [f"- {_cut(title, 160)}" for title in question.left_running]
    transcript = shown(question.messages, TO_EXTRACT, question.session.told_in)
    parts = [
        standing(question.session),
        _about(question.session, question.user),
        "" if question.session.serves else _preferences(question.preferences, question.topics),
        "Left running by the user's earlier sessions:\n" + fence("\n".join(left)) if left else "",
        "Tasks so far, by order:\n" + fence("\n".join(known)) if known else "There are no tasks yet.",
        "The new messages:\n" + fence(transcript),
        _hints(question.hints),
        "The session ends here for now." if question.closed else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _about(session: SessionInfo, user: str) -> str:
    """When and where the session was, and whose it is; names and places are caller input."""
    began = to_datetime(session.began).strftime("%A %Y-%m-%d, %H:%M UTC") if session.began else ""
    told = {"began": began, "directory": session.directory, "branch": session.branch, "user": user}
    lines = [f"{name}: {elide(' '.join(what.split()), PLACE_CHARS_MAX)}" for name, what in told.items() if what.strip()]
    serves = "The agent serves customers: they are no users of whom anything is kept." if session.serves else ""
    about = "The session:\n" + fence("\n".join(lines)) if lines else ""
    return "\n".join(part for part in (about, serves) if part)


def _cut(text: str, chars_max: int) -> str:
    """A title in one line, cut at its end."""
    line = " ".join(text.split())
    return line if len(line) <= chars_max else f"{line[: chars_max - 1].rstrip()}…"


def _preferences(known: Sequence[str], topics: Sequence[str]) -> str:
    if not known:
        return "Nothing is known of the user yet."
    topics = topics if len(topics) == len(known) else [""] * len(known)
    lines = [
        f"- {elide(text, PREFERENCE_CHARS_MAX)}{f' [{topic}]' if topic else ''}"
        for text, topic in zip(known[-PREFERENCES_SHOWN_MAX:], topics[-PREFERENCES_SHOWN_MAX:], strict=True)
    ]
    return "Known of the user, each with its topic:\n" + fence("\n".join(lines))


def _hints(hints: Sequence[str]) -> str:
    return "What simple rules noticed (hints, not facts):\n" + fence("\n".join(hints)) if hints else ""


def is_trivial(question: DistillQuestion) -> bool:
    """Whether a task is a short question that was answered at once, without tools, and accepted."""
    messages = [stored.message for stored in question.messages]
    if question.task.status != "success" or not 1 < len(messages) <= TRIVIAL_MESSAGES_MAX:
        return False
    asked = [message.words_of("person") for message in messages if message.is_from_person]
    answers = [message for message in messages if message.role == "assistant"]
    plain = all(part.type in ("text", "thinking") for message in messages for part in message.parts)
    if not (plain and asked and len(answers) == 1 and len(asked) + 1 == len(messages)):
        return False
    is_short = max(map(len, asked)) <= TRIVIAL_ASKED_CHARS_MAX and len(answers[0].prose()) <= TRIVIAL_CHARS_MAX
    return is_short and _ASKS.search(asked[0]) is not None


def distill_prompt(question: DistillQuestion) -> str:
    """A finished task with its messages, and the question that fits how it ended."""
    task, session = question.task, question.session
    asked = (
        "The task succeeded. What had to be found out on the way that the next agent should know beforehand?"
        if task.status == "success"
        else "The task failed. What stopped it, what was tried in vain, and what should be done instead next time?"
    )
    transcript = shown(question.messages, TO_DISTILL, session.told_in, question.telling)
    parts = [
        standing(session),
        _about(session, "" if session.serves else question.user),
        _listed("Kept already as the user's preferences:", question.kept),
        _listed("Entries that stand already, by title:", question.entries),
        _listed("Calls made earlier in the session:", question.earlier),
        f"Task: {fence(task.title)}\nIt ended as: {task.status}."
        + (" This was only told; nothing in the messages shows it." if task.is_told else "")
        + (f"\nWhy: {fence(task.evidence)}" if task.evidence else ""),
        _attempts(question.attempts),
        "The messages of the task:\n" + fence(transcript),
        _hints(question.hints),
        asked,
    ]
    return "\n\n".join(part for part in parts if part)


def _listed(about: str, lines: Sequence[str]) -> str:
    shown_lines = [f"- {_cut(line, PREFERENCE_CHARS_MAX)}" for line in lines[-KEPT_MAX:]]
    return f"{about}\n" + fence("\n".join(shown_lines)) if shown_lines else ""


def _attempts(attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return ""
    lines = [
        f"- ({one.status}) {_cut(one.title, 200)}: {_cut(one.summary, SUMMARY_CHARS_MAX)}"
        for one in attempts[:ATTEMPTS_MAX]
    ]
    return "Other attempts at much the same, for contrast; what made the difference?\n" + fence("\n".join(lines))


def contrast_prompt(question: ContrastQuestion) -> str:
    """A successful and a failed attempt side by side: their writes, where they part, how each ended, their messages."""
    found = question.difference
    quotable = "succeeded" if question.own == "success" else "failed"
    parts = [
        standing(question.session),
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
    text = elide(shown(run.messages, TO_DISTILL), RUN_CHARS_MAX)
    return f"The run that {name}:\n{fence(text)}\nHow it ended: {fence(run.ended)}"


def write_prompt(question: WriteQuestion) -> str:
    """The lessons, and the few skills that matter for them."""
    near = nearest(question)
    shown = {skill.name for skill in near}
    others = [*(skill.name for skill in question.skills if skill.name not in shown), *question.others]
    chars = min(SKILLS_CHARS + SKILLS_CHARS_A_LESSON * len(question.lessons), SKILLS_CHARS_MAX)
    lessons = "\n".join(_lesson(f"L{n}", one) for n, one in enumerate(question.lessons, start=1))
    parts = [
        _about(SessionInfo(), question.user),
        "The skills that are close to the lessons:\n" + fence(_skills(near, question.near, chars)),
        "Further skills, by name: " + ", ".join(_in_line(name) for name in others) if others else "",
        "Lessons to place:\n" + fence(lessons),
        _listed(
            "What seems to contradict each other; say when each holds, or correct what is wrong:", question.conflicts
        ),
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
    day = to_datetime(lesson.at).strftime("%Y-%m-%d")
    ended = f", {pending.status}" if pending.status else ""
    about = f" (task: {_cut(pending.task_title, 120)}{ended})" if pending.task_title else ""
    # A preference repeats its quote; one with an id or address says whose case it was.
    kept = (quote.text for quote in lesson.quotes if quote.verified and not _CASE.search(quote.text))
    said = list(kept) if lesson.kind != "preference" else []
    quoted = f"\nshown by: {_cut(said[0], QUOTE_CHARS_MAX)}" if said else ""
    replaced = f"\nreplaces: {lesson.replaces}" if lesson.replaces else ""
    unsure = " suspected" if evidence_of(lesson.basis) == "suspected" else ""
    head = f"{key}{unsure} {lesson.kind} [{lesson.topic}] {day}{about}"
    return f"{head}\n{lesson.title}\n{lesson.text}{quoted}{replaced}\n"


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
    others_left = OTHER_ENTRIES_CHARS
    for path, place in dict.fromkeys([*wanted, *rest]):
        cost = min(len(files[path][place].text), ENTRY_SHOWN_CHARS_MAX)
        if (path, place) not in wanted:
            others_left -= cost
        if cost <= chars_max and others_left >= 0:
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
