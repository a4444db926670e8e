"""The routes of users, the project, the server itself, and what is left out."""

from typing import Annotated

from seasoned.http import ops, projects, usage, users
from seasoned.http.fields import about
from seasoned.http.openapi.disks import DISK
from seasoned.http.openapi.operations import (
    CURSORS,
    Body,
    Success,
    Tagged,
    number,
    paging,
    word_in_path,
)
from seasoned.http.openapi.sessions import SESSION
from seasoned.http.openapi.skills import SKILL
from seasoned.http.request import PREFIX
from seasoned.http.usage import DAYS_DEFAULT, DAYS_MAX
from seasoned.message import JsonObject

_USERS, _PROJECT, _SERVER, _LEFT_OUT = Tagged("Users"), Tagged("Project"), Tagged("Server"), Tagged("Left out")

_IDENTIFIER = word_in_path("identifier", "What names the user; encode a slash as %2F.")
_NO_NAME = "The name is not UTF-8, or longer than 2,000 bytes."
_USERS.add(
    users.page,
    "list_users",
    "List users",
    "The project's users in the order of their creation.",
    {200: "The users."},
    {400: CURSORS},
    parameters=paging(0, 0, " 0 means all, without a cursor."),
)
_USERS.add(
    users.resources,
    "get_user_resources",
    "Count what a user has",
    "Skills are disks too and count as both.",
    {200: "The counts."},
    {400: _NO_NAME, 404: "The project has no such user."},
    parameters=(_IDENTIFIER,),
)
_USERS.add(
    users.delete,
    "delete_user",
    "Delete a user",
    "With all that is theirs. It is a success also when there is no such user.",
    {200: "There is no such user any more."},
    {400: _NO_NAME, 404: "The path names nobody."},
    parameters=(_IDENTIFIER,),
)
_PROJECT.add(
    projects.get_configs,
    "get_project_configs",
    "Get the configs of the project",
    "The stored keys, and `encryption_enabled`, which is false.",
    {200: "The configs."},
)
_PROJECT.add(
    projects.patch_configs,
    "patch_project_configs",
    "Change some configs of the project",
    "Keys that are given replace those of the same name; null deletes one; all others stay.",
    {200: "All stored configs."},
    {400: "The body cannot be read, has no keys or is too large, or a criterion is no text or too long."},
    body=Body(projects.Changes, note=f"At most {projects.CONFIGS_BYTES_MAX} bytes."),
)
_PROJECT.add(
    usage.get,
    "get_usage",
    "Get what model calls cost",
    "Calls, tokens, price and time by day, space, stage and model, newest day first; today's budgets.",
    {200: "The sums."},
    {400: "The number of days is out of bounds."},
    parameters=(number("days", "How many days back.", 1, DAYS_MAX, DAYS_DEFAULT),),
)
_SERVER.add(
    ops.ping,
    "ping",
    "Ask whether the key is good",
    "Does nothing else.",
    {200: Success("The key is good.", word="pong")},
)
_SERVER.add_open(
    "/health",
    "health",
    "Ask whether the server is up",
    "Needs no key.",
    {200: Success("The server is up.", word="ok")},
)
_SERVER.add_open(
    "/ready",
    "ready",
    "Ask whether the server can serve",
    "Looks at the database, the blobs and the worker, and tells what waits. Needs no key; what was found serves for a "
    "second.",
    {
        200: Success("Requests can be served.", (ops.Condition,), is_bare=True),
        503: Success("They cannot; `data` says why.", (ops.Condition,), is_bare=True),
    },
)
_SERVER.add_open(
    "/metrics",
    "metrics",
    "Read the metrics",
    "In Prometheus' text format, for this machine only, or for who has the token of `SEASONED_METRICS_TOKEN`.",
    {200: Success("The metrics.", media="text/plain")},
    {
        401: "The token is missing or not known.",
        403: "Asked from another machine, and there is no token.",
        501: "The library is not installed.",
    },
)
_SERVER.add_open(
    f"{PREFIX}/material/{{token}}",
    "open_public_url",
    "Open the public address of a file",
    "Where addresses such as `public_url` lead; the token is the permission, so it needs no key.",
    {200: Success("The file, to be saved, with its own media type.", media="*/*")},
    {
        404: "The token is not ours or has expired, or what it names is gone: the file was deleted, other bytes took "
        "its place, or the project has another key.",
        503: "The database cannot be reached.",
    },
    parameters=(word_in_path("token", "The signed token."),),
)
_SERVER.add_open(
    "/",
    "get_root",
    "See where to go",
    "Names the other paths that need no key, and where the API is. Needs no key.",
    {200: Success("The paths.", (ops.Welcome,))},
)
_SERVER.add_open(
    "/openapi.json",
    "get_openapi",
    "Get this description",
    "OpenAPI 3.1. Needs no key.",
    {200: Success("The description.", (Annotated[JsonObject, about("An OpenAPI document.")],), is_bare=True)},
)
_SERVER.add_open(
    "/docs",
    "get_docs",
    "Read the reference",
    "This description as a page for people. Needs no key.",
    {200: Success("The page.", media="text/html")},
)

_SANDBOX = word_in_path("sandbox_id", "The sandbox's id.")
_LEFT_OUT.leave_out("download_asset", "GET", "/session/{session_id}/asset/download", "Download by storage key", SESSION)
_LEFT_OUT.leave_out("encrypt_project", "POST", "/project/encrypt", "Encrypt the project")
_LEFT_OUT.leave_out("decrypt_project", "POST", "/project/decrypt", "Decrypt the project")
_LEFT_OUT.leave_out("create_sandbox", "POST", "/sandbox", "Create a sandbox")
_LEFT_OUT.leave_out("list_sandbox_logs", "GET", "/sandbox/logs", "List the logs of sandboxes")
_LEFT_OUT.leave_out("run_in_sandbox", "POST", "/sandbox/{sandbox_id}/exec", "Run a command in a sandbox", _SANDBOX)
_LEFT_OUT.leave_out("delete_sandbox", "DELETE", "/sandbox/{sandbox_id}", "End a sandbox", _SANDBOX)
_LEFT_OUT.leave_out(
    "artifact_to_sandbox",
    "POST",
    "/disk/{disk_id}/artifact/download_to_sandbox",
    "Copy a file of a disk into a sandbox",
    DISK,
)
_LEFT_OUT.leave_out(
    "artifact_from_sandbox",
    "POST",
    "/disk/{disk_id}/artifact/upload_from_sandbox",
    "Copy a file of a sandbox onto a disk",
    DISK,
)
_LEFT_OUT.leave_out(
    "skill_to_sandbox", "POST", "/agent_skills/{skill_id}/download_to_sandbox", "Copy a skill into a sandbox", SKILL
)

OPERATIONS = (*_USERS.operations, *_PROJECT.operations, *_SERVER.operations, *_LEFT_OUT.operations)
