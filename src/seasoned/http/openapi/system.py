"""The routes of users, the project, the server itself, and what is left out."""

from seasoned.http.openapi.disks import DISK
from seasoned.http.openapi.sessions import SESSION
from seasoned.http.openapi.skills import SKILL
from seasoned.http.openapi.words import (
    Answer,
    Method,
    Operation,
    Parameter,
    done,
    free,
    in_query,
    json_body,
    listed,
    nullable,
    number,
    page,
    paging,
    record,
    ref,
    success,
    text,
)
from seasoned.http.projects import CONFIGS_BYTES_MAX, CRITERION_BYTES_MAX
from seasoned.http.request import PREFIX
from seasoned.http.usage import DAYS_DEFAULT, DAYS_MAX
from seasoned.message import JsonObject


def _condition(description: str) -> Answer:
    """What `/ready` tells: the envelope of every answer, with the parts that were looked at."""
    shape = record(
        "The envelope.",
        {
            "code": {"type": "integer", "description": "0, or the HTTP status again."},
            "msg": {"type": "string", "description": "`ready` or `not ready`."},
            "data": free("Each part: database, blobs, worker, work that waits, the queue of writes."),
        },
    )
    return Answer(description, shape)


_IDENTIFIER = Parameter(
    "identifier",
    "path",
    "What names the user; encode a slash as %2F.",
    {"type": "string", "minLength": 1},
    required=True,
)
_NO_NAME = "The name is not UTF-8, or longer than 2,000 bytes."
_USERS = (
    Operation(
        id="list_users",
        method="GET",
        path=f"{PREFIX}/user/ls",
        tag="Users",
        summary="List users",
        description="The project's users in the order of their creation.",
        parameters=paging(0, 0, " 0 means all, without a cursor."),
        answers={200: page(ref("User"), "The users.")},
        errors={400: "A limit out of bounds, or a cursor of another server."},
    ),
    Operation(
        id="get_user_resources",
        method="GET",
        path=f"{PREFIX}/user/{{identifier}}/resources",
        tag="Users",
        summary="Count what a user has",
        description="Skills are disks too and count as both.",
        parameters=(_IDENTIFIER,),
        answers={
            200: success(
                record(
                    "What the user has.",
                    {
                        "counts": record(
                            "The counts.",
                            {
                                "sessions_count": number("Sessions."),
                                "disks_count": number("Disks."),
                                "skills_count": number("Skills."),
                            },
                        )
                    },
                ),
                "The counts.",
            )
        },
        errors={400: _NO_NAME, 404: "The project has no such user."},
    ),
    Operation(
        id="delete_user",
        method="DELETE",
        path=f"{PREFIX}/user/{{identifier}}",
        tag="Users",
        summary="Delete a user",
        description="With all that is theirs. It is a success also when there is no such user.",
        parameters=(_IDENTIFIER,),
        answers={200: done("There is no such user any more.")},
        errors={400: _NO_NAME, 404: "The path names nobody."},
    ),
)
_CRITERION = nullable(text(f"At most {CRITERION_BYTES_MAX} bytes of UTF-8.", maxLength=CRITERION_BYTES_MAX))
_CONFIG_CHANGES: JsonObject = {
    **free("The keys to change; null deletes one."),
    "properties": {"task_success_criteria": _CRITERION, "task_failure_criteria": _CRITERION},
    "minProperties": 1,
}
_PROJECT = (
    Operation(
        id="get_project_configs",
        method="GET",
        path=f"{PREFIX}/project/configs",
        tag="Project",
        summary="Get the configs of the project",
        description="The stored keys, and `encryption_enabled`, which is false.",
        answers={200: success(ref("ProjectConfigs"), "The configs.")},
    ),
    Operation(
        id="patch_project_configs",
        method="PATCH",
        path=f"{PREFIX}/project/configs",
        tag="Project",
        summary="Change some configs of the project",
        description="Keys that are given replace those of the same name; null deletes one; all others stay.",
        body=json_body(_CONFIG_CHANGES, description=f"At most {CONFIGS_BYTES_MAX} bytes."),
        answers={200: success(ref("ProjectConfigs"), "All stored configs.")},
        errors={400: "The body cannot be read, has no keys or is too large, or a criterion is no text or too long."},
    ),
    Operation(
        id="get_usage",
        method="GET",
        path=f"{PREFIX}/usage",
        tag="Project",
        summary="Get what model calls cost",
        description="Calls, tokens, price and time by day, space, stage and model, newest day first; today's budgets.",
        parameters=(in_query("days", number("How many days back.", 1, DAYS_MAX, DAYS_DEFAULT)),),
        answers={
            200: success(
                record(
                    "What was used.",
                    {
                        "items": listed(ref("Usage"), "The sums."),
                        "budgets": listed(ref("Budget"), "The limits that are set, with how much of them is used."),
                    },
                ),
                "The sums.",
            )
        },
        errors={400: "The number of days is out of bounds."},
    ),
)


def _word(word: str, description: str) -> Answer:
    return Answer(
        description,
        record(
            "The envelope of a success.",
            {
                "code": {"type": "integer", "const": 0, "description": "0: it succeeded."},
                "msg": text("A word.", const=word),
            },
        ),
    )


_SERVER = (
    Operation(
        id="ping",
        method="GET",
        path=f"{PREFIX}/ping",
        tag="Server",
        summary="Ask whether the key is good",
        description="Does nothing else.",
        answers={200: _word("pong", "The key is good.")},
    ),
    Operation(
        id="health",
        method="GET",
        path="/health",
        tag="Server",
        summary="Ask whether the server is up",
        description="Needs no key.",
        answers={200: _word("ok", "The server is up.")},
        needs_key=False,
    ),
    Operation(
        id="ready",
        method="GET",
        path="/ready",
        tag="Server",
        summary="Ask whether the server can serve",
        description="Looks at the database, the blobs and the worker, and tells what waits. Needs no key; what was "
        "found serves for a second.",
        answers={200: _condition("Requests can be served."), 503: _condition("They cannot; `data` says why.")},
        needs_key=False,
    ),
    Operation(
        id="metrics",
        method="GET",
        path="/metrics",
        tag="Server",
        summary="Read the metrics",
        description="In Prometheus' text format, for this machine only, or for who has the token of "
        "`SEASONED_METRICS_TOKEN`.",
        answers={200: Answer("The metrics.", media="text/plain")},
        errors={
            401: "The token is missing or not known.",
            403: "Asked from another machine, and there is no token.",
            501: "The library is not installed.",
        },
        needs_key=False,
    ),
    Operation(
        id="open_public_url",
        method="GET",
        path=f"{PREFIX}/material/{{token}}",
        tag="Server",
        summary="Open the public address of a file",
        description="Where addresses such as `public_url` lead; the token is the permission, so it needs no key.",
        parameters=(
            Parameter("token", "path", "The signed token.", {"type": "string", "minLength": 1}, required=True),
        ),
        answers={200: Answer("The file, to be saved, with its own media type.", media="*/*")},
        errors={
            404: "The token is not ours or has expired, or what it names is gone: the file was deleted, other bytes "
            "took its place, or the project has another key.",
            503: "The database cannot be reached.",
        },
        needs_key=False,
    ),
    Operation(
        id="get_root",
        method="GET",
        path="/",
        tag="Server",
        summary="See where to go",
        description="Names the other paths that need no key, and where the API is. Needs no key.",
        answers={
            200: success(
                record(
                    "The server.",
                    {
                        "name": text("`Seasoned`."),
                        "version": text("The release."),
                        "docs": text("The reference for people."),
                        "openapi": text("The description for machines."),
                        "api": text("What paths of the API begin with."),
                        "health": text("Whether the server is up."),
                        "ready": text("Whether it takes requests."),
                    },
                ),
                "The paths.",
            )
        },
        needs_key=False,
    ),
    Operation(
        id="get_openapi",
        method="GET",
        path="/openapi.json",
        tag="Server",
        summary="Get this description",
        description="OpenAPI 3.1. Needs no key.",
        answers={200: Answer("The description.", free("An OpenAPI document."))},
        needs_key=False,
    ),
    Operation(
        id="get_docs",
        method="GET",
        path="/docs",
        tag="Server",
        summary="Read the reference",
        description="This description as a page for people. Needs no key.",
        answers={200: Answer("The page.", media="text/html")},
        needs_key=False,
    ),
)


def _left_out(id_: str, method: Method, path: str, summary: str, *parameters: Parameter) -> Operation:
    return Operation(
        id=id_,
        method=method,
        path=PREFIX + path,
        tag="Left out",
        summary=summary,
        description="Part of the protocol, not of this server.",
        parameters=parameters,
        answers={},
        errors={501: "This server does not do that; the sentence says what to do instead."},
    )


_SANDBOX = Parameter("sandbox_id", "path", "The sandbox's id.", {"type": "string", "minLength": 1}, required=True)
_LEFT_OUT = (
    _left_out("download_asset", "GET", "/session/{session_id}/asset/download", "Download by storage key", SESSION),
    _left_out("encrypt_project", "POST", "/project/encrypt", "Encrypt the project"),
    _left_out("decrypt_project", "POST", "/project/decrypt", "Decrypt the project"),
    _left_out("create_sandbox", "POST", "/sandbox", "Create a sandbox"),
    _left_out("list_sandbox_logs", "GET", "/sandbox/logs", "List the logs of sandboxes"),
    _left_out("run_in_sandbox", "POST", "/sandbox/{sandbox_id}/exec", "Run a command in a sandbox", _SANDBOX),
    _left_out("delete_sandbox", "DELETE", "/sandbox/{sandbox_id}", "End a sandbox", _SANDBOX),
    _left_out(
        "artifact_to_sandbox",
        "POST",
        "/disk/{disk_id}/artifact/download_to_sandbox",
        "Copy a file of a disk into a sandbox",
        DISK,
    ),
    _left_out(
        "artifact_from_sandbox",
        "POST",
        "/disk/{disk_id}/artifact/upload_from_sandbox",
        "Copy a file of a sandbox onto a disk",
        DISK,
    ),
    _left_out(
        "skill_to_sandbox", "POST", "/agent_skills/{skill_id}/download_to_sandbox", "Copy a skill into a sandbox", SKILL
    ),
)

OPERATIONS = (*_USERS, *_PROJECT, *_SERVER, *_LEFT_OUT)
