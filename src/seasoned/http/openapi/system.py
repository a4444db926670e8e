"""The routes of users, the project, the server itself, and what is left out."""

from functools import partial
from typing import Annotated

from seasoned.http import ops, projects, usage, users
from seasoned.http.fields import about
from seasoned.http.openapi.operations import CURSORS, Body, Operation, Success, number, operation, paging
from seasoned.http.request import PREFIX
from seasoned.http.usage import DAYS_DEFAULT, DAYS_MAX
from seasoned.message import JsonObject

_user = partial(operation, tag="Users")
_project = partial(operation, tag="Project")
_server = partial(operation, tag="Server")
_open = partial(operation, tag="Server", needs_key=False)
_NO_NAME = "The name is not UTF-8, or longer than 2,000 bytes."


def _left_out(id_: str, route: str, summary: str) -> Operation:
    """A route of the protocol that answers 501."""
    method, path = route.split()
    errors = {501: "This server does not do that; the sentence says what to do instead."}
    about_it = "Part of the protocol, not of this server."
    return operation(f"{method} {PREFIX}{path}", id_, summary, about_it, {}, errors, tag="Left out")


OPERATIONS = (
    _user(
        users.page,
        "list_users",
        "List users",
        "The project's users in the order of their creation.",
        {200: "The users."},
        {400: CURSORS},
        parameters=paging(0, 0, " 0 means all, without a cursor."),
    ),
    _user(
        users.resources,
        "get_user_resources",
        "Count what a user has",
        "Skills are disks too and count as both.",
        {200: "The counts."},
        {400: _NO_NAME, 404: "The project has no such user."},
    ),
    _user(
        users.delete,
        "delete_user",
        "Delete a user",
        "With all that is theirs. It is a success also when there is no such user.",
        {200: "There is no such user any more."},
        {400: _NO_NAME, 404: "The path names nobody."},
    ),
    _project(
        projects.get_configs,
        "get_project_configs",
        "Get the configs of the project",
        "The stored keys, and `encryption_enabled`, which is false.",
        {200: "The configs."},
    ),
    _project(
        projects.patch_configs,
        "patch_project_configs",
        "Change some configs of the project",
        "Keys that are given replace those of the same name; null deletes one; all others stay.",
        {200: "All stored configs."},
        {400: "The body cannot be read, has no keys or is too large, or a criterion is no text or too long."},
        body=Body(projects.Changes, note=f"At most {projects.CONFIGS_BYTES_MAX} bytes."),
    ),
    _project(
        usage.get,
        "get_usage",
        "Get what model calls cost",
        "Calls, tokens, price and time by day, space, stage and model, newest day first; today's budgets.",
        {200: "The sums."},
        {400: "The number of days is out of bounds."},
        parameters=(number("days", "How many days back.", 1, DAYS_MAX, DAYS_DEFAULT),),
    ),
    _server(
        ops.ping,
        "ping",
        "Ask whether the key is good",
        "Does nothing else.",
        {200: Success("The key is good.", word="pong")},
    ),
    _open(
        "GET /health",
        "health",
        "Ask whether the server is up",
        "Needs no key.",
        {200: Success("The server is up.", word="ok")},
    ),
    _open(
        "GET /ready",
        "ready",
        "Ask whether the server can serve",
        "Looks at the database, the blobs and the worker, and tells what waits. Needs no key; what was found serves "
        "for a second.",
        {
            200: Success("Requests can be served.", (ops.Condition,), is_bare=True),
            503: Success("They cannot; `data` says why.", (ops.Condition,), is_bare=True),
        },
    ),
    _open(
        "GET /metrics",
        "metrics",
        "Read the metrics",
        "In Prometheus' text format, for this machine only, or for who has the token of `SEASONED_METRICS_TOKEN`.",
        {200: Success("The metrics.", media="text/plain")},
        {
            401: "The token is missing or not known.",
            403: "Asked from another machine, and there is no token.",
            501: "The library is not installed.",
        },
    ),
    _open(
        f"GET {PREFIX}/material/{{token}}",
        "open_public_url",
        "Open the public address of a file",
        "Where addresses such as `public_url` lead; the token is the permission, so it needs no key.",
        {200: Success("The file, to be saved, with its own media type.", media="*/*")},
        {
            404: "The token is not ours or has expired, or what it names is gone: the file was deleted, other bytes "
            "took its place, or the project has another key.",
            503: "The database cannot be reached.",
        },
    ),
    _open(
        "GET /",
        "get_root",
        "See where to go",
        "Names the other paths that need no key, and where the API is. Needs no key.",
        {200: Success("The paths.", (ops.Welcome,))},
    ),
    _open(
        "GET /openapi.json",
        "get_openapi",
        "Get this description",
        "OpenAPI 3.1. Needs no key.",
        {200: Success("The description.", (Annotated[JsonObject, about("An OpenAPI document.")],), is_bare=True)},
    ),
    _open(
        "GET /docs",
        "get_docs",
        "Read the reference",
        "This description as a page for people. Needs no key.",
        {200: Success("The page.", media="text/html")},
    ),
    _left_out("download_asset", "GET /session/{session_id}/asset/download", "Download by storage key"),
    _left_out("encrypt_project", "POST /project/encrypt", "Encrypt the project"),
    _left_out("decrypt_project", "POST /project/decrypt", "Decrypt the project"),
    _left_out("create_sandbox", "POST /sandbox", "Create a sandbox"),
    _left_out("list_sandbox_logs", "GET /sandbox/logs", "List the logs of sandboxes"),
    _left_out("run_in_sandbox", "POST /sandbox/{sandbox_id}/exec", "Run a command in a sandbox"),
    _left_out("delete_sandbox", "DELETE /sandbox/{sandbox_id}", "End a sandbox"),
    _left_out(
        "artifact_to_sandbox",
        "POST /disk/{disk_id}/artifact/download_to_sandbox",
        "Copy a file of a disk into a sandbox",
    ),
    _left_out(
        "artifact_from_sandbox",
        "POST /disk/{disk_id}/artifact/upload_from_sandbox",
        "Copy a file of a sandbox onto a disk",
    ),
    _left_out("skill_to_sandbox", "POST /agent_skills/{skill_id}/download_to_sandbox", "Copy a skill into a sandbox"),
)
