"""A project's configs (wire contract, B.2)."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from seasoned.engine.model_calls import TOKENS_KEY, USD_KEY
from seasoned.errors import Invalid
from seasoned.http.fields import Open, about, shown_as
from seasoned.http.request import Answer, ApiRequest, answer, decode
from seasoned.message import Json, JsonObject

CONFIGS_BYTES_MAX = 64 * 1024
CRITERIA = ("task_success_criteria", "task_failure_criteria")
CRITERION_BYTES_MAX = 2_000
BUDGETS = (TOKENS_KEY, USD_KEY)


class ProjectConfigs(Open):
    """A project's configs."""

    task_success_criteria: Annotated[str | UnsetType | None, about("When a task counts as a success.")] = UNSET
    task_failure_criteria: Annotated[str | UnsetType | None, about("When a task counts as failed.")] = UNSET


_Criterion = Annotated[
    str | UnsetType | None,
    about(f"At most {CRITERION_BYTES_MAX} bytes of UTF-8.", maxLength=CRITERION_BYTES_MAX),
]


class ProjectChanges(Open):
    """The keys to change; null deletes one."""

    task_success_criteria: _Criterion = UNSET
    task_failure_criteria: _Criterion = UNSET


Changes = Annotated[JsonObject, shown_as(ProjectChanges), Meta(min_length=1)]
_Configs = Annotated[JsonObject, shown_as(ProjectConfigs)]


async def get_configs(call: ApiRequest) -> Answer[_Configs]:
    """GET /project/configs: the stored keys, and that nothing is encrypted."""
    return answer({**await call.engine.projects.configs(call.project_id), "encryption_enabled": False})


async def patch_configs(call: ApiRequest) -> Answer[_Configs]:
    """PATCH /project/configs: a flat object of keys; null deletes one. The merged configs."""
    raw = await call.raw()
    if len(raw) > CONFIGS_BYTES_MAX:
        raise Invalid(f"The configs may have at most {CONFIGS_BYTES_MAX} bytes of JSON.")
    changes: JsonObject = decode(raw, JsonObject)
    if not changes:
        raise Invalid("The body is empty; send the keys to change.")
    for name in CRITERIA:
        _check_criterion(name, changes.get(name))
    for name in BUDGETS:
        _check_budget(name, changes.get(name))
    return answer(await call.engine.projects.patch_configs(call.project_id, changes))


def _check_criterion(name: str, value: Json) -> None:
    if value is None:
        return
    if not isinstance(value, str) or len(value.encode()) > CRITERION_BYTES_MAX:
        raise Invalid(f"{name} must be a string of at most {CRITERION_BYTES_MAX} bytes.")


def _check_budget(name: str, value: Json) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
        raise Invalid(f"{name} must be a number, 0 or more (0 means no limit), or null for the server's default.")
