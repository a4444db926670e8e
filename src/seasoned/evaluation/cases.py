"""Cases: what a person asked an agent for in a past session, where the agent began, and how to tell that it is done.

They are written in the form of the standard's `evals/evals.json`; `check`, `start` and `session` are ours, and other
programs ignore them. A case is held out: its session began after all that the skill's version rests on, and the
skill does not quote it.
"""

import asyncio
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from seasoned import authors
from seasoned.clock import to_rfc3339
from seasoned.engine.records import Records
from seasoned.errors import Invalid
from seasoned.lesson import folded
from seasoned.message import Json, NumberedMessage
from seasoned.rules.calls import calls, commands, programs
from seasoned.rules.errors import failed
from seasoned.rules.text import words
from seasoned.safety.scanner import scan
from seasoned.safety.secrets import redact
from seasoned.skill import PEOPLE
from seasoned.store import Connection, history, lessons, tasks
from seasoned.store.rows import PAGE_MAX, PageQuery, load_object
from seasoned.store.sessions import SessionRow
from seasoned.store.skills import SkillRow
from seasoned.store.tasks import TaskRow
from seasoned.task import FINISHED

SESSIONS_MAX: Final = 5_000
MESSAGES_MAX: Final = 1_000
CASES_MAX: Final = 200
PROMPT_CHARS_MAX: Final = 12_000
RUBRIC_CHARS_MAX: Final = 1_000
FILE_BYTES_MAX: Final = 16 * 1024 * 1024
# So many words in a row are a quotation, not a coincidence.
QUOTED_WORDS: Final = 8
QUOTED_WORDS_MIN: Final = 3
_WORD: Final = re.compile(r"\w+")
_SHELL: Final = frozenset("$`<>*?(){}~\\\n;&|")


class Start(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the agent began: a directory, its branch, and when."""

    directory: str
    branch: str = ""
    at: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case. It is passed when the command `check` succeeds in the agent's folder; without one, a judge compares the
    agent's answer with the expected output and the assertions.
    """

    id: int | str
    prompt: str
    expected_output: str = ""
    files: list[str] = []
    assertions: list[str] = []
    check: list[str] = []
    start: Start | None = None
    session: str = ""


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """The cases of a skill, as `evals/evals.json` holds them."""

    skill_name: str
    evals: list[Case]


class Refused(msgspec.Struct, frozen=True):
    """A session that gives no case, and why."""

    session: str
    reason: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a space's sessions; `after` is the newest evidence of the skill in microseconds."""

    suite: Suite
    refused: list[Refused]
    after: int


async def make(held: Records, project_id: str, space_id: str, skill: SkillRow, number: int) -> Made:
    """The cases on which version `number` of a skill can be tried. Raises NotFound."""
    content = await held.history.content(project_id, skill.id, number)
    text = "".join(_plain(data.decode(errors="replace")) for data in content.values())
    after = await held.store.read(lambda connection: _evidence_ends(connection, skill.id, number))
    cases, refused, cursor, seen = list[Case](), list[Refused](), "", 0
    while len(cases) < CASES_MAX and seen < SESSIONS_MAX:
        query = PageQuery(limit=PAGE_MAX, cursor=cursor)
        rows, following = await held.sessions.page(project_id, query, space=space_id)
        for row in rows:
            made = await _case_of(held, row, after, text, len(cases) + 1)
            if isinstance(made, Case) and len(cases) < CASES_MAX:
                cases.append(made)
            elif isinstance(made, str):
                refused.append(Refused(row.id, made))
        seen += len(rows)
        if following is None:
            break
        cursor = following
    return Made(suite=Suite(skill_name=skill.name, evals=cases), refused=refused, after=after)


def _evidence_ends(connection: Connection, skill_id: str, number: int) -> int:
    """The time of the newest thing that a version rests on: its lessons, and what people wrote."""
    versions = [row for row in history.every(connection, skill_id) if row.number <= number]
    taught = [lesson for row in versions for lesson in row.lesson_ids()]
    is_head = not any(row.number > number for row in history.every(connection, skill_id))
    ids = sorted({*taught, *(lessons.supporting(connection, skill_id) if is_head else ())})
    times = [
        row.at
        for start in range(0, len(ids), PAGE_MAX)
        for row in lessons.by_ids(connection, ids[start : start + PAGE_MAX])
    ]
    return max([*times, *(row.created_at for row in versions if row.author in PEOPLE)], default=0)


async def _case_of(held: Records, row: SessionRow, after: int, text: str, number: int) -> Case | str:
    """The case of a session, or why it gives none. Only its first task is one: later ones need what was said before."""
    found = await held.store.read(lambda connection: tasks.of_session(connection, row.id))
    if not found or found[0].status not in FINISHED:
        return "its first task is not finished"
    task = found[0]
    if task.last_number > MESSAGES_MAX:
        return f"its first task has more than {MESSAGES_MAX} messages"
    messages = await held.sessions.numbered(row.id, 0, task.last_number)
    if not messages or messages[0].at <= after:
        return "it is not later than what the skill rests on"
    return await asyncio.to_thread(_of_messages, row, task, messages, text, number)


def _of_messages(
    row: SessionRow, task: TaskRow, messages: Sequence[NumberedMessage], text: str, number: int
) -> Case | str:
    told = [msgspec.structs.replace(one, message=authors.attributed(one.message)) for one in messages]
    begun = next((at for at, one in enumerate(told) if one.message.role == "assistant"), len(told))
    prompt = redact("\n\n".join(said for one in told[:begun] if (said := one.message.words_of("person").strip())))
    if not prompt:
        return "no person asked for anything in it"
    if len(prompt) > PROMPT_CHARS_MAX:
        return f"its prompt is longer than {PROMPT_CHARS_MAX} characters"
    if _is_quoted(prompt, text):
        return "the skill quotes it, so it would not be held out"
    start = _start(row, messages[0].at)
    check = _check(told) if start and task.status == "success" else []
    verdict = [said for one in told[begun:] if (said := one.message.words_of("person").strip())]
    rubric = f"The person said at the end: {verdict[-1]}" if verdict else task.evidence
    if not (check or rubric):
        return "nothing says how it ended"
    return Case(
        id=number,
        prompt=prompt,
        expected_output=redact(rubric)[:RUBRIC_CHARS_MAX],
        assertions=[f"`{shlex.join(check)}` succeeds."] if check else [],
        check=check,
        start=start,
        session=row.id,
    )


def _is_quoted(prompt: str, text: str) -> bool:
    """Whether a text has eight words in a row of a prompt, or all of a shorter one with at least three."""
    said = _plain(prompt).split()
    if len(said) < QUOTED_WORDS:
        return len(said) >= QUOTED_WORDS_MIN and f" {' '.join(said)} " in text
    runs = (" ".join(said[at : at + QUOTED_WORDS]) for at in range(len(said) - QUOTED_WORDS + 1))
    return any(f" {run} " in text for run in runs)


def _plain(text: str) -> str:
    """The words of a text, as quotations are compared: white space, case and punctuation do not count."""
    return f" {' '.join(_WORD.findall(folded(text)))} "


def _start(row: SessionRow, at: int) -> Start | None:
    configs = load_object(row.configs)
    directory, branch = (_text(configs, *keys) for keys in (("directory", "cwd"), ("branch", "git_branch")))
    return Start(directory=directory, branch=branch, at=to_rfc3339(at)) if directory else None


def _text(configs: dict[str, Json], *keys: str) -> str:
    return next((value for key in keys if isinstance(value := configs.get(key), str)), "")


def _check(messages: Sequence[NumberedMessage]) -> list[str]:
    """The words of the last test, lint or build command, if it succeeded; empty where only a shell could run it."""
    testers = words("testers")
    made = [call for call in calls(messages) if testers.intersection(call.programs) and call.answer_number]
    if not made or made[-1].event is not None or failed(made[-1:]):
        return []
    for one in commands(made[-1].command):
        if not testers.intersection(programs(one.text)):
            continue
        plain = " ".join(word for word in one.words if word not in ("2>&1", ">/dev/null", "2>/dev/null"))
        if not _SHELL.intersection(plain) and not scan(plain) and redact(plain) == plain:
            return shlex.split(plain)
    return []


def read(path: Path) -> Suite:
    """The cases of a file. Raises Invalid when it cannot be read."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Invalid(f"{path} is larger than {FILE_BYTES_MAX} bytes; split it.")
        suite = msgspec.json.decode(path.read_bytes(), type=Suite)
    except OSError as error:
        raise Invalid(f"{path} cannot be read ({error.strerror}); run `seasoned eval make` first.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(f"{path} is not in the form of evals.json; compare it with docs/evaluation.md.") from error
    if len({str(case.id) for case in suite.evals}) < len(suite.evals):
        raise Invalid(f"Two cases in {path} have one id; give each its own.")
    return suite
