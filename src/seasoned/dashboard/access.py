"""Signing in with a project's key, and what keeps other sites from acting for who is signed in."""

from typing import Final

from starlette.responses import Response

from seasoned.dashboard.call import Call, Form
from seasoned.engine.visits import VISIT_SECONDS, Visit
from seasoned.errors import Forbidden, Invalid, Unauthorized

KEY_CHARS_MAX: Final = 500
# What browsers say of requests that another site caused.
FOREIGN: Final = frozenset({"cross-site", "same-site"})


async def visit_of(call: Call) -> tuple[Visit, str] | None:
    """The visit of a request and its project's name; None when nobody is signed in."""
    token = call.request.cookies.get(call.engine.visits.cookie, "")
    if not token:
        return None
    try:
        return await call.engine.visits.find(token)
    except Unauthorized:
        return None


def check_origin(call: Call) -> None:
    """Raises Forbidden for what another site sent."""
    if call.request.headers.get("sec-fetch-site", "") in FOREIGN:
        raise Forbidden("Another site sent this; go to the page and try there.")
    origin = call.request.headers.get("origin", "")
    if origin and origin != "null" and origin.partition("://")[2] != call.request.headers.get("host", ""):
        public = call.engine.config.public_url.rstrip("/")
        if not public or not (public == origin or public.startswith(f"{origin}/")):
            raise Forbidden("Another site sent this; go to the page and try there.")


def check_form(call: Call, form: Form) -> None:
    """Raises Forbidden for a form that is not of this visit, or that would change what may only be read."""
    if form.text("proof") != call.proof:
        raise Forbidden("The form is of an earlier visit; go back, load the page again, and send it once more.")
    if not call.can_edit:
        raise Forbidden("These pages can only be read: the server was started with SEASONED_PAGES=read.")


async def sign_in_page(call: Call) -> Response:
    """GET /sign-in."""
    return call.show("sign_in.html", to=_inside(call.text("to")), wrong="")


async def sign_in(call: Call) -> Response:
    """POST /sign-in: the key once, a signed cookie from then on."""
    form = await call.form()
    key, to = form.text("key").strip(), _inside(form.text("to"))
    try:
        project_id = await call.engine.projects.authenticate(f"Bearer {key[:KEY_CHARS_MAX]}")
    except Unauthorized:
        wrong = "No project has this key. It begins with sk-ac-."
        return call.show("sign_in.html", status=401, to=to, wrong=wrong)
    return _kept(call, call.go(to), await call.engine.visits.begin(project_id))


async def enter(call: Call) -> Response:
    """GET /enter: begins the visit of an invitation, which `seasoned ui` makes."""
    return _kept(call, call.go("/"), await call.engine.visits.accept(call.text("token")))


async def sign_out(call: Call) -> Response:
    """POST /sign-out."""
    response = call.go("/sign-in")
    response.delete_cookie(call.engine.visits.cookie, httponly=True, samesite="lax")
    return response


def _kept(call: Call, response: Response, token: str) -> Response:
    base = call.engine.config.public_url or str(call.request.base_url)
    response.set_cookie(
        call.engine.visits.cookie,
        token,
        max_age=int(VISIT_SECONDS),
        httponly=True,
        samesite="lax",
        secure=base.startswith("https:"),
    )
    return response


def _inside(path: str) -> str:
    """A path of ours to go on to; anything else would lead to other sites."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else "/"


def wanted_ids(form: Form, most: int) -> list[str]:
    """The chosen rows of a list. Raises Invalid."""
    found = form.every("id")
    if not 0 < len(found) <= most:
        raise Invalid(f"Choose 1 to {most} first.")
    return found
