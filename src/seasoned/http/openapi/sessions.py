"""The routes of sessions, their tasks and events."""

from seasoned.http.openapi.words import (
    Operation,
    done,
    flag,
    free,
    in_path,
    json_body,
    moment,
    nullable,
    number,
    of_user,
    page,
    paging,
    record,
    ref,
    success,
    text,
    uuid,
    with_json,
)
from seasoned.http.request import PREFIX
from seasoned.http.sessions import CONFIGS_BYTES_MAX, EVENT_BYTES_MAX, EVENT_TYPE_CHARS_MAX, EVENTS_DEFAULT

TAG = "Sessions"
SESSION = in_path("session_id", "The session's id")
BAD_ID = "The session id is not a UUID."
UNKNOWN = "The project has no such session."
_ONE = f"{PREFIX}/session/{{session_id}}"
_CONFIGS = free(f"Any keys; at most {CONFIGS_BYTES_MAX} bytes of JSON.")

_LIST = Operation(
    id="list_sessions",
    method="GET",
    path=f"{PREFIX}/session",
    tag=TAG,
    summary="List sessions",
    description="The project's sessions in the order of their creation.",
    parameters=(
        of_user("the sessions"),
        with_json("filter_by_configs", "sessions whose configs"),
        *paging(),
    ),
    answers={200: page(ref("Session"), "The sessions.")},
    errors={400: "A limit out of bounds, a filter that is no JSON object, a cursor of another server."},
)
_CREATE = Operation(
    id="create_session",
    method="POST",
    path=f"{PREFIX}/session",
    tag=TAG,
    summary="Create a session",
    description="A new session, or the one that there is with the id `use_uuid`. The body may be left out.",
    body=json_body(
        record(
            "What is known of the session.",
            {},
            {
                "user": nullable(text("Whose session it is; the user is created with the first mention.")),
                "disable_task_tracking": flag("Whether no tasks shall be looked for in its messages.", default=False),
                "configs": nullable(free("Any keys that the caller wants to keep beside it.")),
                "use_uuid": {
                    "description": "The id it shall have; empty counts as left out.",
                    "anyOf": [uuid("An id."), text("Empty.", maxLength=0), {"type": "null"}],
                },
            },
        ),
        required=False,
    ),
    answers={
        201: success(ref("Session"), "The new session."),
        200: success(ref("Session"), "The session of that id, which there was already."),
    },
    errors={400: "The body cannot be read, or `use_uuid` is not a UUID.", 409: "Another project has that id."},
)
_DELETE = Operation(
    id="delete_session",
    method="DELETE",
    path=_ONE,
    tag=TAG,
    summary="Delete a session",
    description="With its messages, tasks and events. What skills learned from it stays.",
    parameters=(SESSION,),
    answers={200: done("It is gone.")},
    errors={400: BAD_ID, 404: UNKNOWN},
)
_FLUSH = Operation(
    id="flush_session",
    method="POST",
    path=f"{_ONE}/flush",
    tag=TAG,
    summary="Read a session now",
    description="Reads the messages that wait and answers when that is done, or after a while that it goes on.",
    parameters=(SESSION,),
    answers={
        200: success(
            record(
                "How the reading went.",
                {
                    "status": number("200: read, or nothing waited. 500: not read; `errmsg` says why.", 200, 500),
                    "errmsg": text("Why it was not read, or what goes on; empty when all is well."),
                },
            ),
            "The reading has ended, or goes on; `status` and `errmsg` say which.",
        )
    },
    errors={400: BAD_ID, 404: UNKNOWN},
)
_TASKS = Operation(
    id="list_tasks",
    method="GET",
    path=f"{_ONE}/task",
    tag=TAG,
    summary="List the tasks of a session",
    description="The tasks that were found in its messages, in the order of their creation.",
    parameters=(SESSION, *paging()),
    answers={200: page(ref("Task"), "The tasks.")},
    errors={400: "The session id is not a UUID, a limit is out of bounds, or the cursor is not ours.", 404: UNKNOWN},
)
_GET_CONFIGS = Operation(
    id="get_session",
    method="GET",
    path=f"{_ONE}/configs",
    tag=TAG,
    summary="Get a session with its configs",
    description="The whole session.",
    parameters=(SESSION,),
    answers={200: success(ref("Session"), "The session.")},
    errors={400: BAD_ID, 404: UNKNOWN},
)
_PUT_CONFIGS = Operation(
    id="replace_session_configs",
    method="PUT",
    path=f"{_ONE}/configs",
    tag=TAG,
    summary="Replace the configs of a session",
    description="Without `configs`, or with null, nothing changes.",
    parameters=(SESSION,),
    body=json_body(record("The new configs.", {}, {"configs": nullable(_CONFIGS)}), required=False),
    answers={200: done("The configs are these now.")},
    errors={400: "The body cannot be read, or the configs are too large.", 404: UNKNOWN},
)
_PATCH_CONFIGS = Operation(
    id="patch_session_configs",
    method="PATCH",
    path=f"{_ONE}/configs",
    tag=TAG,
    summary="Change some configs of a session",
    description="Keys that are given replace those of the same name; null deletes one; all others stay.",
    parameters=(SESSION,),
    body=json_body(record("The changes.", {"configs": _CONFIGS})),
    answers={200: success(record("The result.", {"configs": free("All configs.")}), "The complete configs.")},
    errors={400: "The body cannot be read, or the configs are too large.", 404: UNKNOWN},
)
_COPY = Operation(
    id="copy_session",
    method="POST",
    path=f"{_ONE}/copy",
    tag=TAG,
    summary="Copy a session",
    description="A new session with the same user, configs, messages, tasks and events. Its messages are not read for "
    "tasks again by themselves.",
    parameters=(SESSION,),
    answers={
        200: success(
            record("Both ids.", {"old_session_id": uuid("The original."), "new_session_id": uuid("The copy.")}),
            "The copy is complete.",
        )
    },
    errors={
        400: "The session id is not a UUID; `msg` is INVALID_SESSION_ID.",
        404: "The project has no such session; `msg` is SESSION_NOT_FOUND.",
        413: "It has too many messages to be copied; `msg` is SESSION_TOO_LARGE.",
    },
)
_OBSERVING = Operation(
    id="get_observing_status",
    method="GET",
    path=f"{_ONE}/observing_status",
    tag=TAG,
    summary="Count the messages that are read",
    description="How many messages of the session were read for tasks, are being read, and wait.",
    parameters=(SESSION,),
    answers={
        200: success(
            record(
                "The counts.",
                {
                    "observed": number("Read."),
                    "in_process": number("Being read."),
                    "pending": number("Waiting."),
                    "updated_at": moment("Now."),
                },
            ),
            "The counts.",
        )
    },
    errors={400: BAD_ID, 404: UNKNOWN},
)
_ADD_EVENT = Operation(
    id="add_event",
    method="POST",
    path=f"{_ONE}/events",
    tag=TAG,
    summary="Add an event to a session",
    description="Something that happened beside the messages. Answers 200, not 201, as clients expect.",
    parameters=(SESSION,),
    body=json_body(
        record(
            "The event.",
            {
                "type": text("Any kind; not blank.", minLength=1, maxLength=EVENT_TYPE_CHARS_MAX, pattern=r"\S"),
                "data": {
                    **free(f"At least one key; at most {EVENT_BYTES_MAX} bytes of JSON."),
                    "minProperties": 1,
                },
            },
        )
    ),
    answers={200: success(ref("Event"), "The event.")},
    errors={400: "The body cannot be read, or type or data are missing, empty or too large.", 404: UNKNOWN},
)
_EVENTS = Operation(
    id="list_events",
    method="GET",
    path=f"{_ONE}/events",
    tag=TAG,
    summary="List the events of a session",
    description="In the order in which they were added.",
    parameters=(SESSION, *paging(EVENTS_DEFAULT)),
    answers={200: page(ref("Event"), "The events.")},
    errors={400: "The session id is not a UUID, a limit is out of bounds, or the cursor is not ours.", 404: UNKNOWN},
)

OPERATIONS = (
    _LIST,
    _CREATE,
    _DELETE,
    _FLUSH,
    _TASKS,
    _GET_CONFIGS,
    _PUT_CONFIGS,
    _PATCH_CONFIGS,
    _COPY,
    _OBSERVING,
    _ADD_EVENT,
    _EVENTS,
)
