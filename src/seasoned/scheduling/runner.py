"""One run of a stage, and its error handling: failures end up on the row."""

import logging
from collections.abc import Callable, Coroutine
from typing import Literal

from seasoned import instrumentation
from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.errors import Busy, ModelUnavailable, SeasonedError, StorageFull, Superseded
from seasoned.instrumentation import StageRun
from seasoned.learning.accounting import Stage
from seasoned.learning.questions import Model
from seasoned.pipeline import distill, extract, write
from seasoned.store import Store

log = logging.getLogger(__name__)

# How often a stage that loses its compare-and-swap retries at once.
RUNS_MAX = 10_000

REASON_CHARS_MAX = 1_000
ABSENCES_MAX = 6

Outcome = Literal["worked", "idle", "blocked"]


class StageRunner:
    """Runs stages, once each time it is asked."""

    def __init__(self, store: Store, model: Model, config: Config) -> None:
        self._store = store
        self._model = model
        self._config = config
        # How often in a row the model was unavailable.
        self._absences = 0

    async def one(self, stage: Stage, key: str) -> Outcome:
        """One run of a stage: whether it did something, found nothing to do, or could not write at all."""
        with instrumentation.watch(StageRun(stage=stage, key=key)) as run:
            return await self._watched(stage, key, run)

    async def _watched(self, stage: Stage, key: str, run: StageRun) -> Outcome:
        try:
            run.outcome = await self._work(stage, key)
        except Superseded:
            # Another run did it: check whether anything is left.
            run.outcome = "superseded"
            return "worked"
        except (Busy, StorageFull) as error:
            run.outcome = "waits"
            log.warning("a stage waits for the database", extra=_about(run, error))
            return "blocked"
        except ModelUnavailable as error:
            # Waiting helps, so it does not count as a failure; the wait grows while the model is unavailable.
            run.outcome = "waits"
            log.warning("a stage waits for its model", extra=_about(run, error))
            self._absences += 1
            return await self._note_waiting(stage, key, error)
        except Exception as error:
            run.outcome = "failed"
            log.warning("a stage failed", extra=_about(run, error), exc_info=_defect(error))
            return await self._note_failure(stage, key, _reason(error))
        return "worked" if run.outcome == "worked" else "idle"

    async def _work(self, stage: Stage, key: str) -> Outcome:
        if not await self._stage(stage, key):
            return "idle"
        self._absences = 0
        return "worked"

    def _stage(self, stage: Stage, key: str) -> Coroutine[None, None, bool]:
        runs: dict[Stage, Callable[[], Coroutine[None, None, bool]]] = {
            "extract": lambda: extract.extract(self._store, self._model, self._config, key),
            "distill": lambda: distill.distill(self._store, self._model, key),
            "write": lambda: write.write(self._store, self._model, self._config, key),
        }
        return runs[stage]()

    async def _note_failure(self, stage: Stage, key: str, reason: str) -> Outcome:
        notes = {"extract": extract.note_failure, "distill": distill.note_failure, "write": write.note_failure}
        return await self._noted(stage, notes[stage](self._store, self._config, key, reason))

    async def _note_waiting(self, stage: Stage, key: str, error: ModelUnavailable) -> Outcome:
        notes = {"extract": extract.note_waiting, "distill": distill.note_waiting, "write": write.note_waiting}
        wait = max(self.patience(), int(min(error.retry_after_seconds, self._config.retry_seconds_max) * SECOND))
        return await self._noted(stage, notes[stage](self._store, key, _reason(error), self._store.clock.now() + wait))

    async def _noted(self, stage: Stage, note: Coroutine[None, None, None]) -> Outcome:
        try:
            await note
        except (Busy, StorageFull, Superseded) as error:
            log.warning("why a stage waits could not be noted", extra={"stage": stage, "error": type(error).__name__})
            return "blocked"
        return "idle"

    def patience(self) -> int:
        """How long to wait for something unavailable, in microseconds."""
        return self._config.backoff(min(self._absences, ABSENCES_MAX))


def _about(run: StageRun, error: Exception) -> dict[str, str]:
    """What the log may contain: ids and the kind of error. The reason, which may quote messages, is on the row."""
    run.error = type(error).__name__
    about = {"stage": run.stage, "key": run.key, "error": run.error}
    log.debug("why a stage did not work", extra=about, exc_info=error)
    return about


def _defect(error: Exception) -> Exception | None:
    """An unexpected error: the log gets its origin."""
    return None if isinstance(error, SeasonedError) else error


def _reason(error: Exception) -> str:
    """The reason for the row and clients: our own text only."""
    if isinstance(error, SeasonedError):
        return str(error)[:REASON_CHARS_MAX]
    return f"Internal error in this stage ({type(error).__name__}); see the server's log."
