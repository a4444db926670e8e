"""`seasoned watch`: learn from sessions as they end."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from seasoned.cli.console import BaseUrl, Home, Project, load_config, note, reported, say
from seasoned.cli.learn import Run
from seasoned.config import Config
from seasoned.engine import Engine, models
from seasoned.engine.projects import DEFAULT_PROJECT
from seasoned.errors import Invalid, how_to_install
from seasoned.importers import finding
from seasoned.importers.places import places

LOOK_MS = 1_000
PENDING_MAX = 100_000


def watch(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders to follow. Without any: where agents keep their sessions.")
    ] = None,
    space: Annotated[
        str, typer.Option("--space", help="The name or id of the learning space to teach. A new name creates a space.")
    ] = "default",
    quiet_seconds: Annotated[
        float, typer.Option("--quiet-seconds", help="Read a file when it has not changed for so long.", min=0.1)
    ] = 60.0,
    base_url: BaseUrl = None,
    project: Project = "",
    home: Home = None,
) -> None:
    """Follow the folders of agents, and learn from each session once it is quiet. Stop with Ctrl-C.

    What changed before is learned with `seasoned learn`.
    """
    with reported():
        config = load_config(home, base_url=base_url, tells=True)
        folders = paths or [place.path for place in places()]
        missing = next((path for path in folders if not path.exists()), None)
        if missing is not None or not folders:
            raise Invalid(f"{missing or 'A folder of sessions'} does not exist; give the folders to follow.")
        asyncio.run(_Watch(config, space, project, quiet_seconds).run(folders))


class _Watch:
    """The files that changed and are not quiet yet, and the engine that learns from them."""

    def __init__(self, config: Config, space: str, project: str, quiet_seconds: float) -> None:
        self._config = config
        self._space = space
        self._project = project or DEFAULT_PROJECT
        self._quiet_seconds = quiet_seconds
        self._pending: dict[Path, float] = {}

    async def run(self, folders: list[Path]) -> None:
        """Follow folders until stopped. Raises Invalid without the library for it."""
        try:
            from watchfiles import awatch  # noqa: PLC0415 - an extra
        except ImportError:
            raise Invalid(f"`seasoned watch` needs a library; {how_to_install('watch')}.") from None
        await models.check(self._config)
        engine = Engine.open(self._config)
        try:
            await engine.start()
            project_id = await engine.projects.id_of(self._project)
            space = await engine.learning.space_named(project_id, self._space)
            changes = awatch(*folders, rust_timeout=LOOK_MS, yield_on_timeout=True, raise_interrupt=True)
            following = False
            async for changed in changes:
                # Only now do the folders count as watched: the first turn ends a second after it has begun.
                following = following or _say_following(folders)
                now = time.monotonic()
                if len(self._pending) < PENDING_MAX:
                    self._pending |= {path: now for _, name in changed if finding.is_candidate(path := Path(name))}
                for path in list(self._quiet(now)):
                    await self._take(engine, project_id, space.id, path)
        finally:
            await engine.close()

    def _quiet(self, now: float) -> Iterator[Path]:
        for path, changed in self._pending.items():
            if now - changed >= self._quiet_seconds:
                yield path

    async def _take(self, engine: Engine, project_id: str, space_id: str, path: Path) -> None:
        del self._pending[path]
        run = Run(self._config, self._space, "auto", self._project, quiet=True, review=False)
        await asyncio.to_thread(_find, run, path)
        for imported in await run.take_all(engine, project_id, space_id):
            if imported.added:
                say(f"{imported.source}: {imported.added} new messages")


def _say_following(folders: list[Path]) -> bool:
    say(f"Following {', '.join(map(str, folders))}")
    return True


def _find(run: Run, path: Path) -> None:
    """Have a file read, unless it is gone again or no transcript."""
    if path.is_file():
        try:
            run.find([path], "", 0)
        except Invalid as error:
            note(f"note: not read: {error}")
