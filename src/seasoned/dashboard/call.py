"""A request for a page: who asks, what for, and how it is answered."""

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from seasoned.dashboard import rendering
from seasoned.engine import Engine
from seasoned.engine.visits import Visit
from seasoned.errors import Invalid, NotFound
from seasoned.ids import parse_id
from seasoned.store.overview import Pulse
from seasoned.store.rows import PageQuery

FIELDS_MAX: Final = 1_000
TEXT_CHARS_MAX: Final = 4_000
PAGE_ROWS: Final = 50
SEE_OTHER: Final = 303


class Call:
    """A request with the visit that it belongs to; on pages that need no visit that is None."""

    __slots__ = ("engine", "nonce", "project", "pulse", "request", "visit")

    def __init__(self, engine: Engine, request: Request, visit: Visit | None = None, project: str = "") -> None:
        self.engine = engine
        self.request = request
        self.visit = visit
        self.project = project
        self.pulse: Pulse | None = None
        self.nonce = secrets.token_urlsafe(16)

    @property
    def project_id(self) -> str:
        """The project whose pages these are; empty without a visit."""
        return self.visit.project_id if self.visit else ""

    @property
    def can_edit(self) -> bool:
        """Whether pages have buttons that change something."""
        return self.engine.config.pages == "edit"

    @property
    def proof(self) -> str:
        """What the visit's forms contain."""
        return self.engine.visits.proof(self.visit) if self.visit else ""

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def now(self) -> int:
        """Microseconds since 1970."""
        return self.engine.store.clock.now()

    def text(self, name: str) -> str:
        """A query parameter; empty if missing. Raises Invalid if it is too long."""
        value = self.request.query_params.get(name, "")
        if len(value) > TEXT_CHARS_MAX:
            raise Invalid(f"The parameter {name!r} is longer than {TEXT_CHARS_MAX} characters.")
        return value

    def number(self, name: str, default: int = 0, high: int = 10**12) -> int:
        """A whole number of the query, `default` if it is missing or none."""
        return whole(self.text(name), default, high)

    def id(self, name: str = "id") -> str:
        """An id in the path. Raises NotFound when it cannot be one."""
        try:
            return parse_id(self.request.path_params[name], name)
        except Invalid:
            raise NotFound("There is no such page.") from None

    def list_query(self, rows: int = PAGE_ROWS, *, newest_first: bool = True) -> PageQuery:
        """The wanted page of a list."""
        return PageQuery(limit=rows, cursor=self.text("after"), newest_first=newest_first)

    async def form(self) -> "Form":
        """The fields of a form. Raises Invalid."""
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise Invalid("The form was not sent as forms are.")
        try:
            body = (await self.request.body()).decode()
            return Form(parse_qsl(body, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"))
        except ValueError:
            raise Invalid(f"The form cannot be read; it may have {FIELDS_MAX} fields of valid text.") from None

    def show(
        self, template: str, values: Mapping[str, object] | None = None, *, status: int = 200, **more: object
    ) -> Response:
        """A page, or a part of one."""
        html = rendering.render(template, {"call": self, "now": self.now, **(values or {}), **more})
        return HTMLResponse(html, status)

    def go(self, path: str, **query: object) -> Response:
        """Send the browser to another page, after something was changed."""
        return RedirectResponse(here(path, **query), SEE_OTHER)


class Form:
    """The fields of a form."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A field; empty if missing."""
        return next((value for key, value in self._fields if key == name), "")

    def every(self, name: str) -> list[str]:
        """All fields of a name, in order."""
        return [value for key, value in self._fields if key == name]

    def number(self, name: str) -> int:
        """A whole number; 0 if it is missing or none."""
        return whole(self.text(name), 0, 10**12)


def whole(text: str, default: int, high: int) -> int:
    """A whole number from 0 on; `default` if the text is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(high))):
        return default
    return min(int(text), high)


def here(path: str, **query: object) -> str:
    """An address of ours with a query, without what is empty."""
    given: Mapping[str, str] = {key: str(value) for key, value in query.items() if value not in ("", None, 0)}
    return f"{path}?{urlencode(given)}" if given else path
