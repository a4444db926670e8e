"""Runs: an agent, any program, on each case with each arm, in folders of their own and in random order.

Each run gets an empty home for the agent with the arm's skill in it, and a folder to work in: a clone of the case's
repository as it was, or the case's files. Neither has a shell. A run is recorded as it ends, so that an evaluation can
go on where it was stopped.
"""

import asyncio
import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from seasoned import archive, importers
from seasoned.errors import Invalid, ModelFailed, ModelUnavailable, NotFound, SeasonedError
from seasoned.evaluation.cases import Case
from seasoned.formats import sessions
from seasoned.importers.places import places
from seasoned.message import Asset, Message, NumberedMessage, Part
from seasoned.models import command
from seasoned.paths import MODEL_FOLDER
from seasoned.pipeline.evidence import Redactor

RUNS_FILE: Final = "runs.jsonl"
WANTED_FILE: Final = "wanted.json"
RECORDS_BYTES_MAX: Final = 64 * 1024 * 1024
# An agent that fails so often in a row, whatever the arm, is not signed in or over its limits.
BROKEN_MAX: Final = 5
GIT_SECONDS: Final = 120
SKILL_FOLDERS: Final = (".claude/skills", ".agents/skills")
PROMPT: Final = "{prompt}"
# The arm without the skill, and the same once more, to see what noise there is.
NONE: Final = "none"
AGAIN: Final = "again"
# Where agents look before they look into their home.
_HOMES: Final = ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "HERMES_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
_GIT: Final = ("git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")


class Arm(msgspec.Struct, frozen=True):
    """One side of a comparison: its name, and the skill's folder and files; none for the arm without it."""

    name: str
    folder: str = ""
    files: Mapping[str, bytes] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent did on a case. `reason` says why it did not pass; `key` names what was run."""

    key: str
    agent: str
    arm: str
    case: str
    repeat: int
    passed: bool
    seconds: float
    reason: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What an evaluation may take: repeats of each case and arm, runs and seconds in all, seconds of a run."""

    repeats: int = 3
    runs_max: int = 1_000
    seconds_max: float = 86_400.0
    run_seconds: float = 600.0
    seed: int = 1


class Runs:
    """The runs of a skill's evaluations: a line each, a trajectory beside them, and which the last evaluation wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / RUNS_FILE

    def every(self) -> list[Run]:
        """All runs that were recorded; a line that a crash cut is left out. Raises Invalid for a file too large."""
        if not self._path.exists():
            return []
        if self._path.stat().st_size > RECORDS_BYTES_MAX:
            raise Invalid(f"{self._path} is larger than {RECORDS_BYTES_MAX} bytes; move it away to begin anew.")
        found = dict[str, Run]()
        for line in self._path.read_bytes().splitlines():
            with suppress(msgspec.DecodeError):
                run = msgspec.json.decode(line, type=Run)
                found[run.key] = run
        return list(found.values())

    def begin(self, keys: Collection[str]) -> None:
        """Note the runs that an evaluation wants."""
        self.folder.mkdir(parents=True, exist_ok=True)
        archive.replace_file(self.folder / WANTED_FILE, msgspec.json.encode(sorted(keys)))

    def wanted(self) -> tuple[list[Run], int]:
        """The runs of the last evaluation, as far as it has come, and how many it wants. Raises NotFound."""
        try:
            keys = set(msgspec.json.decode((self.folder / WANTED_FILE).read_bytes(), type=list[str]))
        except (OSError, msgspec.DecodeError) as error:
            raise NotFound("This skill was not evaluated yet; run `seasoned eval run`.") from error
        return [run for run in self.every() if run.key in keys], len(keys)

    def add(self, run: Run, messages: Sequence[NumberedMessage]) -> None:
        """Keep a run and what was said in it, without secrets."""
        target = self.folder / "runs" / f"{run.key}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        redactor = Redactor()
        shown = [redactor.message(one, one.message) for one in messages]
        head = sessions.Head(id=run.key, program=run.agent, outcome="success" if run.passed else "failed")
        archive.replace_file(target, "".join(sessions.written("atif", head, shown, _NoFiles())).encode())
        with self._path.open("ab+") as file:
            # What a crash cut ends here, so that it spoils no other line.
            cut = b"\n" if file.tell() and not self._ends() else b""
            file.write(cut + msgspec.json.encode(run) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _ends(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


class _NoFiles:
    """Trajectories name files only."""

    def url(self, asset: Asset, filename: str) -> str:  # noqa: ARG002 - the protocol's
        return ""

    def data(self, asset: Asset) -> bytes | None:  # noqa: ARG002 - the protocol's
        return None


class Runner:
    """Runs cases. `shared` is the folder to which the files of cases are relative; with `own_home` the agent keeps its
    home, and the skill stands in its working folder instead.
    """

    def __init__(
        self,
        agent: Sequence[str],
        runs: Runs,
        limits: Limits,
        *,
        shared: Path,
        own_home: bool = False,
    ) -> None:
        self._agent = agent
        self._runs = runs
        self._limits = limits
        self._shared = shared
        self._own_home = own_home

    def key(self, case: Case, arm: Arm, repeat: int) -> str:
        """What names a run: the agent, the case, the arm with its files, and the repeat."""
        parts = (self._agent, self._own_home, case, arm.name, sorted(arm.files.items()), repeat)
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]

    async def run(self, cases: Sequence[Case], arms: Sequence[Arm], tell: Callable[[int, int], None]) -> None:
        """Run what was not run yet, each repeat of all cases and arms in random order, within the limits.

        Raises ModelUnavailable when the agent cannot be run; what was run stays recorded.
        """
        known = {run.key for run in self._runs.every()}
        order = self._order(cases, arms)
        self._runs.begin([self.key(*one) for one in order])
        left = [one for one in order if self.key(*one) not in known][: self._limits.runs_max]
        began, broken = time.monotonic(), list[tuple[Run, Sequence[NumberedMessage]]]()
        for number, (case, arm, repeat) in enumerate(left):
            tell(number, len(left))
            if time.monotonic() - began > self._limits.seconds_max:
                break
            run, said, ended_well = await self._one(case, arm, repeat)
            broken.append((run, said))
            if not ended_well and len(broken) < BROKEN_MAX:
                continue
            if not ended_well:
                raise ModelUnavailable(
                    f"The agent failed {BROKEN_MAX} times in a row ({run.reason}); run it by hand to see whether it is "
                    "signed in and within its limits. What was run before is kept."
                )
            self._keep(broken)
        self._keep(broken)
        tell(len(left), len(left))

    def _keep(self, runs: list[tuple[Run, Sequence[NumberedMessage]]]) -> None:
        for run, said in runs:
            self._runs.add(run, said)
        runs.clear()

    def _order(self, cases: Sequence[Case], arms: Sequence[Arm]) -> list[tuple[Case, Arm, int]]:
        chance = random.Random(self._limits.seed)  # noqa: S311 - the same order again
        order = []
        for repeat in range(1, self._limits.repeats + 1):
            every = [(case, arm, repeat) for case in cases for arm in arms]
            chance.shuffle(every)
            order += every
        return order

    async def _one(self, case: Case, arm: Arm, repeat: int) -> tuple[Run, Sequence[NumberedMessage], bool]:
        """A run, what was said in it, and whether the agent ended by itself without an error."""
        with tempfile.TemporaryDirectory(prefix=MODEL_FOLDER, ignore_cleanup_errors=True) as made:
            home, work = Path(made), Path(made) / "work"
            await self._prepare(case, arm, home, work)
            began = time.monotonic()
            answer, reason, ended_well = await self._answer(case, home, work)
            seconds = time.monotonic() - began
            if not reason:
                reason = await self._fault(case, home, work)
            said = await asyncio.to_thread(self._said, case, home, answer)
        run = Run(
            key=self.key(case, arm, repeat),
            agent=" ".join(self._agent),
            arm=arm.name,
            case=str(case.id),
            repeat=repeat,
            passed=not reason,
            seconds=round(seconds, 3),
            reason=reason,
        )
        return run, said, ended_well

    async def _answer(self, case: Case, home: Path, work: Path) -> tuple[str, str, bool]:
        """What the agent answers, why it did not (empty if it did), and whether it ended by itself without an error."""
        words = [word.replace(PROMPT, case.prompt) for word in self._agent]
        given = "" if any(PROMPT in word for word in self._agent) else case.prompt
        try:
            async with asyncio.timeout(self._limits.run_seconds):
                ended = await command.ended(words, given, folder=work, settings=self._settings(home))
        except TimeoutError:
            return "", f"the agent did not end in {self._limits.run_seconds:g} seconds", True
        except ModelUnavailable:
            raise
        except ModelFailed as error:
            return "", str(error), True
        return ended.text, f"the agent ended with status {ended.status}" if ended.status else "", not ended.status

    def _settings(self, home: Path) -> dict[str, str | None]:
        if self._own_home:
            return {}
        return {**dict.fromkeys(_HOMES), "HOME": str(home), "USERPROFILE": str(home)}

    async def _fault(self, case: Case, home: Path, work: Path) -> str:
        """Why a case's check did not succeed; empty if it did."""
        try:
            async with asyncio.timeout(self._limits.run_seconds):
                ended = await command.ended(case.check, "", folder=work, settings=self._settings(home))
        except TimeoutError:
            return f"the check did not end in {self._limits.run_seconds:g} seconds"
        except ModelUnavailable as error:
            raise Invalid(f"The check of case {case.id} cannot be run: {error}") from error
        except ModelFailed as error:
            return str(error)
        return f"the check ended with status {ended.status}" if ended.status else ""

    async def _prepare(self, case: Case, arm: Arm, home: Path, work: Path) -> None:
        if case.start is not None:
            await _clone(case, work)
        else:
            await asyncio.to_thread(_copy, case, self._shared, work)
        await asyncio.to_thread(self._place, arm, work if self._own_home else home, work)

    @staticmethod
    def _place(arm: Arm, root: Path, work: Path) -> None:
        for folder in SKILL_FOLDERS:
            # The repository may hold the skill, which would then be in every arm; or links to where it really is.
            for path in (Path(folder).parent, Path(folder), Path(folder, arm.folder)):
                if (work / path).is_symlink():
                    (work / path).unlink()
            shutil.rmtree(work / folder / arm.folder, ignore_errors=True)
            if arm.files:
                archive.export_folder(root / folder, arm.folder, arm.files)

    def _said(self, case: Case, home: Path, answer: str) -> Sequence[NumberedMessage]:
        """The agent's own transcript where it left one in its home, else the prompt and the answer."""
        inside = [] if self._own_home else [one.path for one in places(home) if one.path.is_relative_to(home)]
        for path in importers.search(inside).files if inside else ():
            with suppress(SeasonedError):
                found = next(importers.read(path), None)
                if found is not None:
                    return [NumberedMessage(at, one.at, one.message) for at, one in enumerate(found.messages, start=1)]
        said = Message(role="user", parts=(Part("text", text=case.prompt),))
        answered = Message(role="assistant", parts=(Part("text", text=answer),))
        return [NumberedMessage(1, 0, said), NumberedMessage(2, 0, answered)]


def unusable(case: Case, shared: Path) -> str:
    """Why a case cannot be run here; empty if it can."""
    if not case.check:
        return "it has no command that checks it"
    if case.start is not None and not (Path(case.start.directory) / ".git").exists():
        return f"its folder {case.start.directory} is no git repository here"
    missing = [name for name in case.files if not _inside(shared, name).exists()]
    return f"its file {missing[0]} is not there" if missing else ""


def _inside(shared: Path, name: str) -> Path:
    path = (shared / name).resolve()
    if not path.is_relative_to(shared.resolve()):
        raise Invalid(f"The file {name[:80]!r} of a case is outside of the folder {shared}; move it there.")
    return path


def _copy(case: Case, shared: Path, work: Path) -> None:
    work.mkdir()
    for name in case.files:
        source = _inside(shared, name)
        if source.is_dir():
            shutil.copytree(source, work / source.name)
        else:
            shutil.copy2(source, work / source.name)


async def _clone(case: Case, work: Path) -> None:
    """A clone of the case's repository as its branch was when the session began. Raises NotFound."""
    start = case.start
    if start is None:
        return
    await _git(work.parent, "clone", "--quiet", "--shared", "--no-checkout", "--", start.directory, str(work))
    branches = [f"refs/remotes/origin/{start.branch}", "HEAD"] if start.branch else ["HEAD"]
    for branch in branches:
        with suppress(NotFound):
            since = (f"--before={start.at}",) if start.at else ()
            found = (await _git(work, "rev-list", "-1", *since, branch, "--")).strip()
            if found:
                await _git(work, "checkout", "--quiet", "--detach", found)
                return
    raise NotFound(f"The repository {start.directory} has no commit from before case {case.id}; take the case out.")


async def _git(folder: Path, *words: str) -> str:
    async with asyncio.timeout(GIT_SECONDS):
        ended = await command.ended([*_GIT, *words], "", folder=folder)
    if ended.status:
        raise NotFound(f"`git {words[0]}` failed in {folder}.")
    return ended.text
