"""Stored model calls, their totals, and budgets."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from seasoned import faults
from seasoned.clock import SECOND
from seasoned.config import Config
from seasoned.errors import OverBudget
from seasoned.learning.accounting import CallRecord, Scope
from seasoned.message import JsonObject
from seasoned.store import Connection, Store, model_calls, projects, spaces
from seasoned.store.model_calls import Spent, UsageRow
from seasoned.store.rows import load_object

DAY_SECONDS = 86_400
ROWS_MAX = 1_000
MICROS = 1_000_000
# Keys of a project's configs and of a space's meta that replace the budgets of the settings.
TOKENS_KEY = "learning_budget_tokens"
USD_KEY = "learning_budget_usd"


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A limit for one day (UTC) and how much of it is used, in tokens or dollars."""

    of: Annotated[Literal["project", "space"], Meta(description="What it limits.")]
    space_id: Annotated[str, Meta(description="The learning space; empty for the project's.")]
    unit: Annotated[Literal["tokens", "usd"], Meta(description="What is counted.")]
    limit: Annotated[float, Meta(description="The limit.")]
    used: Annotated[float, Meta(description="How much of it is used.")]

    @property
    def is_used_up(self) -> bool:
        """Whether no new call may start."""
        return self.used >= self.limit


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Usage, newest day first, and today's budgets."""

    items: list[UsageRow]
    budgets: list[Budget]


class ModelCalls:
    """The store of model calls (`seasoned.learning.accounting.CallLog`)."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config

    async def allow(self, scope: Scope) -> None:
        """Whether a call may be made now. Raises OverBudget when a budget is used up.

        A running call is finished, so running calls can overdraw a budget.
        """
        for budget in await self._store.read(lambda c: self._budgets(c, scope.project_id, scope.space_id)):
            if budget.is_used_up:
                limit = f"{budget.limit:,.0f} tokens" if budget.unit == "tokens" else f"{budget.limit:,.2f} dollars"
                raise OverBudget(
                    f"Learning is paused: the {budget.of}'s budget of {limit} a day is used up."
                    " It resumes tomorrow (UTC), or when the budget is raised."
                )

    async def answer_to(self, question_sha256: str) -> str | None:
        """The stored answer to the same question, if any."""
        return await self._store.read(lambda connection: model_calls.answer_to(connection, question_sha256))

    async def add(self, call: CallRecord) -> None:
        """Store a call; its answer may be used after this returns."""
        faults.point("answer.received")
        values = msgspec.structs.asdict(call)
        scope = values.pop("scope")
        ids = {name: value or None for name, value in msgspec.structs.asdict(scope).items()}
        await self._store.write(
            lambda connection: model_calls.add(connection, {**values, **ids}, self._store.clock.now())
        )
        faults.point("answer.stored")

    async def usage(self, project_id: str, days: int) -> Usage:
        """A project's usage of the last days, by day, space, stage and model, and its budgets."""
        since = self._store.clock.now() - days * DAY_SECONDS * SECOND

        def load(connection: Connection) -> Usage:
            return Usage(
                items=model_calls.usage(connection, project_id, since, ROWS_MAX),
                budgets=list(self._budgets(connection, project_id, "")),
            )

        return await self._store.read(load)

    def _budgets(self, connection: Connection, project_id: str, space_id: str) -> list[Budget]:
        """The budgets of a project, and of a space if given."""
        now = self._store.clock.now()
        since = now - now % (DAY_SECONDS * SECOND)
        config = self._config
        project = projects.by_id(connection, project_id)
        own = load_object(project.configs) if project else {}
        of_project = partial(model_calls.spent, connection, project_id, since)
        found = list(_limits("project", "", own, config.budget_tokens, config.budget_usd, of_project))
        space = spaces.by_id(connection, space_id) if space_id else None
        if space is not None:
            meta = load_object(space.meta)
            of_space = partial(model_calls.spent, connection, project_id, since, space_id)
            found += _limits("space", space_id, meta, config.budget_space_tokens, config.budget_space_usd, of_space)
        return found


def _limits(
    of: Literal["project", "space"],
    space_id: str,
    own: JsonObject,
    tokens: float,
    usd: float,
    count: Callable[[], Spent],
) -> Iterator[Budget]:
    """The budgets from `own` keys, else from the settings. Usage is summed only if there is a budget: that takes longer
    with every call of the day, and runs before each.
    """
    limits: list[tuple[Literal["tokens", "usd"], float]] = [
        ("tokens", _amount(own, TOKENS_KEY, tokens)),
        ("usd", _amount(own, USD_KEY, usd)),
    ]
    if not any(limit for _, limit in limits):
        return
    spent = count()
    for unit, limit in limits:
        if limit:
            used = spent.tokens if unit == "tokens" else spent.price_micros / MICROS
            yield Budget(of=of, space_id=space_id, unit=unit, limit=limit, used=used)


def _amount(own: JsonObject, key: str, otherwise: float) -> float:
    value = own.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else otherwise
