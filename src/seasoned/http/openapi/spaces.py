"""The routes of learning spaces."""

from functools import partial

from seasoned.http import repositories, spaces, stream
from seasoned.http.openapi.operations import (
    Parameter,
    Success,
    number,
    of_user,
    operation,
    paging,
    with_json,
)

_space = partial(operation, tag="Learning spaces")

_REPOSITORY = Success("A file of the repository.", media="application/octet-stream")
_GIT_ERRORS = {
    400: "The space id is not a UUID, or the server lacks the extra `git`.",
    404: "The project has no such space, or the repository no such file.",
}

OPERATIONS = (
    _space(
        spaces.create,
        "create_learning_space",
        "Create a learning space",
        "With two skills that it always begins with, `daily-logs` and `user-general-facts`.",
        {201: "The new space."},
        {400: "The body cannot be read."},
        body=spaces.NewSpace,
    ),
    _space(
        spaces.page,
        "list_learning_spaces",
        "List learning spaces",
        "The project's spaces in the order of their creation.",
        {200: "The spaces."},
        {400: "A limit out of bounds, a filter that is no JSON object, a cursor of another server."},
        parameters=(
            of_user("the spaces"),
            with_json("filter_by_meta", "spaces whose meta"),
            *paging(),
        ),
    ),
    _space(
        spaces.get,
        "get_learning_space",
        "Get a learning space",
        "The space with its meta.",
        {200: "The space."},
    ),
    _space(
        spaces.update,
        "update_learning_space",
        "Change the meta of a learning space",
        "Keys that are given replace those of the same name; null is stored as null; all others stay.",
        {200: "The space with all of its meta."},
        {400: "The space id is not a UUID, or meta is no object."},
        body=spaces.MetaChanges,
    ),
    _space(
        spaces.delete,
        "delete_learning_space",
        "Delete a learning space",
        "Its sessions and skills stay.",
        {200: "It is gone."},
    ),
    _space(
        spaces.learn,
        "learn",
        "Let a session teach a space",
        "What the session's tasks teach goes into the space's skills, also from messages that come later.",
        {201: "The session teaches the space now; its learning is `pending`."},
        {
            400: "The body cannot be read, or an id is not a UUID.",
            404: "The project has no such space or session.",
            409: "The session teaches a space already; the sentence says `already learned`.",
        },
        body=spaces.TeachingSession,
    ),
    _space(
        spaces.list_sessions,
        "list_learning_space_sessions",
        "List the sessions that teach a space",
        "All of them, oldest first, each with how far its learning is.",
        {200: "The sessions."},
    ),
    _space(
        spaces.get_session,
        "get_learning_space_session",
        "Get how far a session's learning is",
        "`completed` means that all its messages are read and all that they teach is settled.",
        {200: "The state of the learning."},
        {
            400: "An id is not a UUID, or `wait` is out of bounds.",
            404: "There is no such space, or the session does not teach it.",
        },
        parameters=(
            number(
                "wait",
                "How many seconds to wait for the learning to be settled; then it is answered.",
                0,
                stream.WAIT_SECONDS_MAX,
                0,
            ),
        ),
    ),
    _space(
        stream.learned,
        "stream_lessons",
        "Follow what a space learns",
        "Server-sent events: one of type `lesson` for each lesson that is settled, with its number as id. The stream "
        f"ends after {int(stream.STREAM_SECONDS_MAX)} seconds, or when the server stops; go on with `Last-Event-ID`.",
        {
            200: Success(
                "The events; `data` of each is a LearnedLesson.",
                (stream.LearnedLesson,),
                is_bare=True,
                media="text/event-stream",
            )
        },
        {400: "The space id is not a UUID, or `after` or `Last-Event-ID` is no number."},
        parameters=(
            number("after", "Begin behind the lesson of this number.", 0, default=0),
            Parameter(
                "Last-Event-ID",
                "header",
                "The id of the last event that came; beats `after`.",
                {"type": "string", "pattern": "^[0-9]{1,18}$"},
            ),
        ),
    ),
    _space(
        repositories.refs,
        "git_refs",
        "Clone a space with git",
        "`git clone http://x:KEY@HOST/api/v1/learning_spaces/ID/git` with the project's key as the password reads this "
        "first: a repository with a commit for each version of each skill. The same versions give the same commits.",
        {200: _REPOSITORY},
        _GIT_ERRORS,
    ),
    _space(
        repositories.head,
        "git_head",
        "Read the branch of a space's repository",
        "For git.",
        {200: _REPOSITORY},
        _GIT_ERRORS,
    ),
    _space(
        repositories.objects,
        "git_objects",
        "Read the objects of a space's repository",
        "For git: the packs with all objects, and the list of them in `info/packs`.",
        {200: _REPOSITORY},
        _GIT_ERRORS,
    ),
    _space(
        spaces.include_skill,
        "include_skill",
        "Put a skill into a space",
        "What the space's sessions teach may be written into the skill from now on.",
        {201: "The skill is in the space."},
        {
            400: "The body cannot be read, or an id is not a UUID.",
            404: "The project has no such space or skill.",
            409: "The space has the skill already, or another of its name.",
        },
        body=spaces.IncludedSkill,
    ),
    _space(
        spaces.list_skills,
        "list_learning_space_skills",
        "List the skills of a space",
        "All of them, each as it is now.",
        {200: "The skills."},
    ),
    _space(
        spaces.exclude_skill,
        "exclude_skill",
        "Take a skill out of a space",
        "The skill stays as it is. It is a success also when the skill was not in the space.",
        {200: "It is not in the space."},
        {400: "An id is not a UUID."},
    ),
)
