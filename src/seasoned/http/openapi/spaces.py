"""The routes of learning spaces."""

from seasoned.http.openapi.words import (
    Answer,
    Operation,
    Parameter,
    done,
    free,
    in_path,
    in_query,
    json_body,
    listed,
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
from seasoned.http.stream import STREAM_SECONDS_MAX, WAIT_SECONDS_MAX

TAG = "Learning spaces"
_ALL = f"{PREFIX}/learning_spaces"
_ONE = f"{_ALL}/{{space_id}}"
_SPACE = in_path("space_id", "The space's id")
_BAD_ID = "The space id is not a UUID."
_UNKNOWN = "The project has no such learning space."

_CREATE = Operation(
    id="create_learning_space",
    method="POST",
    path=_ALL,
    tag=TAG,
    summary="Create a learning space",
    description="With two skills that it always begins with, `daily-logs` and `user-general-facts`.",
    body=json_body(
        record(
            "What is known of the space; may be empty.",
            {},
            {
                "user": nullable(text("Whose space it is; the user is created with the first mention.")),
                "meta": nullable(free("Any keys that the caller wants to keep beside it.")),
            },
        )
    ),
    answers={201: success(ref("LearningSpace"), "The new space.")},
    errors={400: "The body cannot be read."},
)
_LIST = Operation(
    id="list_learning_spaces",
    method="GET",
    path=_ALL,
    tag=TAG,
    summary="List learning spaces",
    description="The project's spaces in the order of their creation.",
    parameters=(
        of_user("the spaces"),
        with_json("filter_by_meta", "spaces whose meta"),
        *paging(),
    ),
    answers={200: page(ref("LearningSpace"), "The spaces.")},
    errors={400: "A limit out of bounds, a filter that is no JSON object, a cursor of another server."},
)
_GET = Operation(
    id="get_learning_space",
    method="GET",
    path=_ONE,
    tag=TAG,
    summary="Get a learning space",
    description="The space with its meta.",
    parameters=(_SPACE,),
    answers={200: success(ref("LearningSpace"), "The space.")},
    errors={400: _BAD_ID, 404: _UNKNOWN},
)
_UPDATE = Operation(
    id="update_learning_space",
    method="PATCH",
    path=_ONE,
    tag=TAG,
    summary="Change the meta of a learning space",
    description="Keys that are given replace those of the same name; null is stored as null; all others stay.",
    parameters=(_SPACE,),
    body=json_body(record("The changes.", {"meta": free("The keys to change.")})),
    answers={200: success(ref("LearningSpace"), "The space with all of its meta.")},
    errors={400: "The space id is not a UUID, or meta is no object.", 404: _UNKNOWN},
)
_DELETE = Operation(
    id="delete_learning_space",
    method="DELETE",
    path=_ONE,
    tag=TAG,
    summary="Delete a learning space",
    description="Its sessions and skills stay.",
    parameters=(_SPACE,),
    answers={200: done("It is gone.")},
    errors={400: _BAD_ID, 404: _UNKNOWN},
)
_LEARN = Operation(
    id="learn",
    method="POST",
    path=f"{_ONE}/learn",
    tag=TAG,
    summary="Let a session teach a space",
    description="What the session's tasks teach goes into the space's skills, also from messages that come later.",
    parameters=(_SPACE,),
    body=json_body(record("The session.", {"session_id": uuid("Its id.")})),
    answers={
        201: success(ref("LearningSpaceSession"), "The session teaches the space now; its learning is `pending`.")
    },
    errors={
        400: "The body cannot be read, or an id is not a UUID.",
        404: "The project has no such space or session.",
        409: "The session teaches a space already; the sentence says `already learned`.",
    },
)
_SESSIONS = Operation(
    id="list_learning_space_sessions",
    method="GET",
    path=f"{_ONE}/sessions",
    tag=TAG,
    summary="List the sessions that teach a space",
    description="All of them, oldest first, each with how far its learning is.",
    parameters=(_SPACE,),
    answers={200: success(listed(ref("LearningSpaceSession"), "The sessions."), "The sessions.")},
    errors={400: _BAD_ID, 404: _UNKNOWN},
)
_SESSION = Operation(
    id="get_learning_space_session",
    method="GET",
    path=f"{_ONE}/sessions/{{session_id}}",
    tag=TAG,
    summary="Get how far a session's learning is",
    description="`completed` means that all its messages are read and all that they teach is settled.",
    parameters=(
        _SPACE,
        in_path("session_id", "The session's id"),
        in_query(
            "wait",
            number(
                "How many seconds to wait for the learning to be settled; then it is answered.", 0, WAIT_SECONDS_MAX, 0
            ),
        ),
    ),
    answers={200: success(ref("LearningSpaceSession"), "The state of the learning.")},
    errors={
        400: "An id is not a UUID, or `wait` is out of bounds.",
        404: "There is no such space, or the session does not teach it.",
    },
)
_STREAM = Operation(
    id="stream_lessons",
    method="GET",
    path=f"{_ONE}/stream",
    tag=TAG,
    summary="Follow what a space learns",
    description="Server-sent events: one of type `lesson` for each lesson that is settled, with its number as id. The "
    f"stream ends after {int(STREAM_SECONDS_MAX)} seconds, or when the server stops; go on with `Last-Event-ID`.",
    parameters=(
        _SPACE,
        in_query("after", number("Begin behind the lesson of this number.", 0, default=0)),
        Parameter(
            "Last-Event-ID",
            "header",
            "The id of the last event that came; beats `after`.",
            {"type": "string", "pattern": "^[0-9]{1,18}$"},
        ),
    ),
    answers={
        200: Answer("The events; `data` of each is a LearnedLesson.", ref("LearnedLesson"), media="text/event-stream")
    },
    errors={400: "The space id is not a UUID, or `after` or `Last-Event-ID` is no number.", 404: _UNKNOWN},
)
_INCLUDE = Operation(
    id="include_skill",
    method="POST",
    path=f"{_ONE}/skills",
    tag=TAG,
    summary="Put a skill into a space",
    description="What the space's sessions teach may be written into the skill from now on.",
    parameters=(_SPACE,),
    body=json_body(record("The skill.", {"skill_id": uuid("Its id.")})),
    answers={201: success(ref("LearningSpaceSkill"), "The skill is in the space.")},
    errors={
        400: "The body cannot be read, or an id is not a UUID.",
        404: "The project has no such space or skill.",
        409: "The space has the skill already, or another of its name.",
    },
)
_SKILLS = Operation(
    id="list_learning_space_skills",
    method="GET",
    path=f"{_ONE}/skills",
    tag=TAG,
    summary="List the skills of a space",
    description="All of them, each as it is now.",
    parameters=(_SPACE,),
    answers={200: success(listed(ref("Skill"), "The skills."), "The skills.")},
    errors={400: _BAD_ID, 404: _UNKNOWN},
)
_EXCLUDE = Operation(
    id="exclude_skill",
    method="DELETE",
    path=f"{_ONE}/skills/{{skill_id}}",
    tag=TAG,
    summary="Take a skill out of a space",
    description="The skill stays as it is. It is a success also when the skill was not in the space.",
    parameters=(_SPACE, in_path("skill_id", "The skill's id")),
    answers={200: done("It is not in the space.")},
    errors={400: "An id is not a UUID.", 404: _UNKNOWN},
)

OPERATIONS = (
    _CREATE,
    _LIST,
    _GET,
    _UPDATE,
    _DELETE,
    _LEARN,
    _SESSIONS,
    _SESSION,
    _STREAM,
    _INCLUDE,
    _SKILLS,
    _EXCLUDE,
)
