"""The routes of sessions, their tasks and events."""

from functools import partial

from seasoned.engine.sessions import NewSessionRequest
from seasoned.http import sessions
from seasoned.http.openapi.operations import Body, of_user, operation, paging, with_json
from seasoned.http.sessions import EVENTS_DEFAULT

_session = partial(operation, tag="Sessions")

OPERATIONS = (
    _session(
        sessions.page,
        "list_sessions",
        "List sessions",
        "The project's sessions in the order of their creation.",
        {200: "The sessions."},
        {400: "A limit out of bounds, a filter that is no JSON object, a cursor of another server."},
        parameters=(
            of_user("the sessions"),
            with_json("filter_by_configs", "sessions whose configs"),
            *paging(),
        ),
    ),
    _session(
        sessions.create,
        "create_session",
        "Create a session",
        "A new session, or the one that there is with the id `use_uuid`. The body may be left out.",
        {201: "The new session.", 200: "The session of that id, which there was already."},
        {400: "The body cannot be read, or `use_uuid` is not a UUID.", 409: "Another project has that id."},
        body=Body(NewSessionRequest, required=False),
    ),
    _session(
        sessions.delete,
        "delete_session",
        "Delete a session",
        "With its messages, tasks and events. What skills learned from it stays.",
        {200: "It is gone."},
    ),
    _session(
        sessions.flush,
        "flush_session",
        "Read a session now",
        "Reads the messages that wait and answers when that is done, or after a while that it goes on.",
        {200: "The reading has ended, or goes on; `status` and `errmsg` say which."},
    ),
    _session(
        sessions.tasks,
        "list_tasks",
        "List the tasks of a session",
        "The tasks that were found in its messages, in the order of their creation.",
        {200: "The tasks."},
        {400: "The session id is not a UUID, a limit is out of bounds, or the cursor is not ours."},
        parameters=paging(),
    ),
    _session(
        sessions.get_configs,
        "get_session",
        "Get a session with its configs",
        "The whole session.",
        {200: "The session."},
    ),
    _session(
        sessions.put_configs,
        "replace_session_configs",
        "Replace the configs of a session",
        "Without `configs`, or with null, nothing changes.",
        {200: "The configs are these now."},
        {400: "The body cannot be read, or the configs are too large."},
        body=Body(sessions.NewConfigs, required=False),
    ),
    _session(
        sessions.patch_configs,
        "patch_session_configs",
        "Change some configs of a session",
        "Keys that are given replace those of the same name; null deletes one; all others stay.",
        {200: "The complete configs."},
        {400: "The body cannot be read, or the configs are too large."},
        body=sessions.ConfigChanges,
    ),
    _session(
        sessions.copy,
        "copy_session",
        "Copy a session",
        "A new session with the same user, configs, messages, tasks and events. Its messages are not read for "
        "tasks again by themselves.",
        {200: "The copy is complete."},
        {
            400: "The session id is not a UUID; `msg` is INVALID_SESSION_ID.",
            404: "The project has no such session; `msg` is SESSION_NOT_FOUND.",
            413: "It has too many messages to be copied; `msg` is SESSION_TOO_LARGE.",
        },
    ),
    _session(
        sessions.observing_status,
        "get_observing_status",
        "Count the messages that are read",
        "How many messages of the session were read for tasks, are being read, and wait.",
        {200: "The counts."},
    ),
    _session(
        sessions.add_event,
        "add_event",
        "Add an event to a session",
        "Something that happened beside the messages. Answers 200, not 201, as clients expect.",
        {200: "The event."},
        {400: "The body cannot be read, or type or data are missing, empty or too large."},
        body=sessions.NewEvent,
    ),
    _session(
        sessions.list_events,
        "list_events",
        "List the events of a session",
        "In the order in which they were added.",
        {200: "The events."},
        {400: "The session id is not a UUID, a limit is out of bounds, or the cursor is not ours."},
        parameters=paging(EVENTS_DEFAULT),
    ),
)
