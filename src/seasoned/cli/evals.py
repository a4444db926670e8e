"""`seasoned eval`: cases from past sessions, an agent that runs them with and without a skill, and verdicts."""

import shlex
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from seasoned import archive
from seasoned.cli.console import (
    Home,
    Json,
    Project,
    Space,
    load_config,
    note,
    print_json,
    print_table,
    say,
    with_records,
)
from seasoned.cli.progress import progress
from seasoned.cli.spaces import only_space, skill_named
from seasoned.clock import to_rfc3339
from seasoned.engine.records import Records
from seasoned.errors import Invalid
from seasoned.evaluation import cases
from seasoned.evaluation.cases import Case, Made
from seasoned.evaluation.runner import AGAIN, NONE, Arm, Limits, Runner, Runs, unusable
from seasoned.evaluation.verdicts import Comparison, Report, report, version_arm

SHOWN_MAX = 20
CASES_PATH = Path("evals") / "evals.json"

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Make cases of past sessions, and see whether a skill helps."
)

Skill = Annotated[str, typer.Argument(help="The skill's name or id.")]


@app.command("make")
def make(
    skill: Skill,
    version: Annotated[int, typer.Option("--version", help="The version to try; the newest if left out.", min=0)] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the cases.", show_default="in the home")
    ] = None,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Make cases of the sessions that are later than all that a version of a skill rests on.

    Each case is what a person asked for, where the agent began, and the test, lint or build command that succeeded
    last. Secrets are redacted. Look at the file, and change it as you like.
    """
    config = load_config(home)

    async def work(held: Records, own: str) -> tuple[Made, Path]:
        found = (await skill_named(held, own, space, skill)).row
        learns = await only_space(held, own, space)
        made = await cases.make(held, own, learns.id, found, version or found.head)
        target = output or _folder(config.home_path, found.id) / CASES_PATH
        if made.suite.evals:
            _write(target, msgspec.json.format(msgspec.json.encode(made.suite)) + b"\n")
        return made, target

    made, target = with_records(config, work, project)
    if json:
        print_json(
            {"path": str(target) if made.suite.evals else None, "cases": made.suite.evals, "refused": made.refused}
        )
        return
    for one in made.refused[:SHOWN_MAX]:
        note(f"no case: session {one.session}: {one.reason}")
    if len(made.refused) > SHOWN_MAX:
        note(f"... and {len(made.refused) - SHOWN_MAX} more; --json lists all.")
    if not made.suite.evals:
        say(f"No session after {to_rfc3339(made.after)[:16]} gives a case; try an older version with --version.")
        return
    checked = sum(bool(case.check) for case in made.suite.evals)
    say(f"Wrote {len(made.suite.evals)} cases to {target}, {checked} of them with a command that checks them.")


@app.command("run")
def run(
    skill: Skill,
    agent: Annotated[
        str,
        typer.Option(
            "--agent",
            help="The agent's command, such as 'claude -p'; {prompt} in it is the prompt, else standard input.",
        ),
    ],
    version: Annotated[int, typer.Option("--version", help="The version to try; the newest if left out.", min=0)] = 0,
    old: Annotated[int, typer.Option("--old", help="Compare it with this version too.", min=0)] = 0,
    noise: Annotated[
        bool, typer.Option("--noise", help="Run the cases without the skill twice, to see how noisy the agent is.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--cases", help="The cases.", show_default="what `eval make` wrote")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust-checks", help="Run the commands that check the cases; look at them before.")
    ] = False,
    own_home: Annotated[
        bool, typer.Option("--own-home", help="Let the agent use your home, if it cannot sign in without it.")
    ] = False,
    repeats: Annotated[int, typer.Option("--repeats", help="Runs of each case and arm.", min=3, max=20)] = 3,
    runs_max: Annotated[int, typer.Option("--runs-max", help="Stop after so many runs.", min=1, max=10_000)] = 1_000,
    seconds_max: Annotated[float, typer.Option("--seconds-max", help="Begin no run after so long.", min=1)] = 86_400.0,
    run_seconds: Annotated[float, typer.Option("--run-seconds", help="End a run after so long.", min=1)] = 600.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the random order.")] = 1,
    space: Space = "",
    project: Project = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Run an agent on the cases without the skill and with it, and say whether it helps.

    The agent has no shell around it and an empty home with the skill in .claude/skills and .agents/skills. A run is
    kept as it ends: the same command goes on where it was stopped.
    """
    config = load_config(home)
    limits = Limits(repeats=repeats, runs_max=runs_max, seconds_max=seconds_max, run_seconds=run_seconds, seed=seed)

    async def work(held: Records, own: str) -> Report:
        found = (await skill_named(held, own, space, skill)).row
        folder = _folder(config.home_path, found.id)
        path = file or folder / CASES_PATH
        root = path.parent.parent if path.parent.name == "evals" else path.parent
        wanted = _usable(path, root, trust=trust)
        arms = [Arm(NONE, found.name), *([Arm(AGAIN, found.name)] if noise else [])]
        for number in sorted({version or found.head, *([old] if old else [])}):
            files = await held.history.content(own, found.id, number)
            arms.append(Arm(version_arm(number), found.name, files))
        runs = Runs(folder)
        with progress(quiet=json) as bar:
            line = bar.add_task("Running")
            runner = Runner(_words(agent), runs, limits, shared=root, own_home=own_home)
            await runner.run(wanted, arms, lambda done, total: bar.update(line, completed=done, total=total))
        return report(*runs.wanted())

    _tell(with_records(config, work, project), json=json)


@app.command("show")
def show(skill: Skill, space: Space = "", project: Project = "", home: Home = None, json: Json = False) -> None:
    """Show what the last evaluation of a skill says, as far as it has come."""
    config = load_config(home)

    async def work(held: Records, own: str) -> Report:
        found = (await skill_named(held, own, space, skill)).row
        return report(*Runs(_folder(config.home_path, found.id)).wanted())

    _tell(with_records(config, work, project), json=json)


def _folder(home: Path, skill_id: str) -> Path:
    return home / "evals" / skill_id


def _write(target: Path, data: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        archive.replace_file(target, data)
    except OSError as error:
        raise Invalid(f"{target} cannot be written ({error.strerror}); give another path.") from error


def _words(agent: str) -> list[str]:
    try:
        words = shlex.split(agent)
    except ValueError:
        words = []
    if not words:
        raise Invalid("The agent's command is empty or its quotes do not match; give one such as --agent 'claude -p'.")
    return words


def _usable(path: Path, root: Path, *, trust: bool) -> list[Case]:
    """The cases that can be run here; the others are told. Raises Invalid when there are none, or none is trusted."""
    every = cases.read(path).evals
    reasons = {str(case.id): unusable(case, root) for case in every}
    for case, reason in reasons.items():
        if reason:
            note(f"left out: case {case}: {reason}")
    found = [case for case in every if not reasons[str(case.id)]]
    if not found:
        raise Invalid(f"No case in {path} can be run here; make some with `seasoned eval make`, or write your own.")
    if not trust:
        shown = "; ".join(dict.fromkeys(shlex.join(case.check) for case in found[:SHOWN_MAX]))
        raise Invalid(
            f"The cases are checked by commands from sessions: {shown}. If they are fine, add --trust-checks."
        )
    return found


def _tell(found: Report, *, json: bool) -> None:
    if json:
        print_json(found)
        return
    rows = [(one.arm, one.runs, one.passed, f"{one.passed / one.runs:.0%}", f"{one.seconds:.1f}") for one in found.arms]
    print_table(("ARM", "RUNS", "PASSED", "SHARE", "SECONDS"), rows, "Nothing was run yet.")
    done = sum(one.runs for one in found.arms)
    if done < found.wanted:
        say(f"{done} of {found.wanted} runs are done; run the same command again to go on.")
    for one in found.comparisons:
        say(_sentence(one))


def _sentence(one: Comparison) -> str:
    said = one.verdict
    cases_ = f"{said.wins} cases better, {said.losses} worse, {said.ties} alike"
    if one.second == AGAIN:
        noisy = said.word in ("helps", "harms")
        return f"Noise: {cases_}" + ("; something but the skill differs, so trust no verdict here." if noisy else ".")
    against = "no skill" if one.first == NONE else one.first
    sure = f", p = {min(said.p_helps, said.p_harms):.2g}"
    needed = f"; about {said.pairs_needed} more cases are needed" if said.pairs_needed else ""
    return f"{one.second} against {against}: {said.word} ({cases_}{sure}){needed}."
