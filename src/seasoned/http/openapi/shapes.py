"""What the API answers with, by name."""

from typing import get_args

from seasoned.http.openapi.words import flag, free, listed, moment, nullable, number, record, ref, text, times, uuid
from seasoned.lesson import LessonKind, LessonStatus
from seasoned.message import JsonObject
from seasoned.space import LearningStatus
from seasoned.task import TASK_STATUSES

_USER_ID = nullable(uuid("Whose it is: the id of the user; null when it was created without one."))
_PROJECT_ID = uuid("The project it belongs to.")
_SESSION_ID = uuid("The session it belongs to.")

_SKILL: JsonObject = {
    "id": uuid("The skill's id."),
    "user_id": _USER_ID,
    "name": text("The name, as in SKILL.md."),
    "description": text("What the skill is for, as in SKILL.md."),
    "file_index": listed(ref("SkillFile"), "The skill's files."),
    "meta": nullable(free("What was given as `meta` when it was uploaded.")),
    **times("it"),
}
_DISK_ID = uuid("The disk that holds the skill's files.")

SHAPES: dict[str, JsonObject] = {
    "Error": record(
        "What every refusal and failure looks like.",
        {
            "code": number("The HTTP status again.", 400, 599),
            "msg": text("The sentence again, or a word that clients know.", minLength=1),
            "error": text("A sentence that says what is wrong and what to do.", minLength=1),
        },
    ),
    "Session": record(
        "One run of an agent.",
        {
            "id": uuid("The session's id."),
            "project_id": _PROJECT_ID,
            "user_id": _USER_ID,
            "disable_task_tracking": flag("Whether no tasks are looked for in its messages."),
            "configs": nullable(free("What the caller keeps beside it.")),
            **times("it"),
        },
    ),
    "Asset": record(
        "A file that a part carries.",
        {
            "sha256": text("The SHA-256 of its bytes, in hexadecimal."),
            "mime": text("Its media type."),
            "size_b": number("Its size in bytes."),
            "bucket": text("Empty; kept for clients that expect it."),
            "s3_key": text("Empty; kept for clients that expect it."),
            "etag": text("Empty; kept for clients that expect it."),
        },
    ),
    "Part": record(
        "One piece of a message; what is empty is left out.",
        {
            "type": text(
                "What it is.",
                enum=[
                    "text",
                    "image",
                    "audio",
                    "video",
                    "file",
                    "tool-call",
                    "tool-result",
                    "data",
                    "thinking",
                    "redacted_thinking",
                ],
            )
        },
        {
            "text": text("Prose, thinking, or what a tool answered."),
            "asset": ref("Asset"),
            "filename": text("The file's name."),
            "meta": free("What else the provider's message said of it: a call's name, arguments and id."),
        },
    ),
    "Message": record(
        "A message in Seasoned's own form (format `acontext`).",
        {
            "id": uuid("The message's id."),
            "session_id": _SESSION_ID,
            "parent_id": nullable(uuid("The message before it; null for the first.")),
            "role": text("Who says it.", enum=["user", "assistant"]),
            "meta": free("When stored: the user's meta. When read: what the provider's message said beside its parts."),
            "parts": listed(ref("Part"), "Its pieces, in order."),
            "task_id": nullable(uuid("The task it belongs to, once one is found.")),
            "session_task_process_status": text(
                "Whether it was read for tasks.", enum=["pending", "running", "success", "failed", "disable_tracking"]
            ),
            **times("it"),
        },
    ),
    "PublicUrl": record(
        "An address that opens a file without a key until it ends.",
        {"url": text("The address.", format="uri"), "expire_at": moment("When it ends.")},
    ),
    "Task": record(
        "One thing that the user asked for.",
        {
            "id": uuid("The task's id."),
            "session_id": _SESSION_ID,
            "project_id": _PROJECT_ID,
            "order": number("Its place among the session's tasks, from 1.", 1),
            "data": record(
                "What is known of it.",
                {
                    "task_description": text("The request, in the user's words."),
                    "progresses": listed(text("A step."), "What was done for it, in order."),
                },
            ),
            "status": text("How it stands.", enum=[*TASK_STATUSES]),
            "is_planning": flag("False: planning is no task here."),
            "evidence": text("What shows how it ended; empty when nothing does."),
            "error": nullable(text("Why nothing was learned from it; null when nothing went wrong.")),
            **times("it"),
        },
    ),
    "Event": record(
        "What happened beside the messages.",
        {
            "id": uuid("The event's id."),
            "session_id": _SESSION_ID,
            "project_id": _PROJECT_ID,
            "type": text("Its kind, as the caller named it."),
            "data": free("What the caller told of it."),
            **times("it"),
        },
    ),
    "LearningSpace": record(
        "A learning space.",
        {
            "id": uuid("The space's id."),
            "user_id": _USER_ID,
            "meta": nullable(free("What the caller keeps beside it.")),
            **times("it"),
        },
    ),
    "LearningSpaceSession": record(
        "A session that teaches a space.",
        {
            "id": uuid("The link's id."),
            "learning_space_id": uuid("The space."),
            "session_id": uuid("The session."),
            "status": text("How far the learning is.", enum=[*get_args(LearningStatus)]),
            **times("the link"),
        },
        {"reason": text("Why the learning failed, or what it waits for.")},
    ),
    "LearningSpaceSkill": record(
        "A skill that is in a space.",
        {
            "id": uuid("The link's id."),
            "learning_space_id": uuid("The space."),
            "skill_id": uuid("The skill."),
            "created_at": moment("When the skill came into the space."),
        },
    ),
    "LearnedLesson": record(
        "A lesson that is settled.",
        {
            "number": number("Its place in the order of the space's learning, from 1.", 1),
            "lesson_id": uuid("The lesson's id."),
            "kind": text("What kind of lesson it is.", enum=[*get_args(LessonKind)]),
            "status": text("How it ended.", enum=[*get_args(LessonStatus)]),
            "title": text("What it is about."),
            "reason": text("Why it was not written; empty when it was."),
            "session_id": uuid("The session that taught it."),
            "task_id": nullable(uuid("The task that taught it; null for what the user said outside tasks.")),
            "files": listed(
                record("A place.", {"skill_id": uuid("The skill."), "path": text("The file.")}),
                "Where it stands in skills.",
            ),
            "settled_at": moment("When it was settled."),
        },
    ),
    "SkillFile": record(
        "A file of a skill.", {"path": text("Its path in the skill's folder."), "mime": text("Its media type.")}
    ),
    "Skill": record("An agent skill.", {**_SKILL, "disk_id": _DISK_ID}),
    "UploadedSkill": record(
        "A skill that was just uploaded.",
        {**_SKILL, "disk_id": _DISK_ID},
        {"warnings": listed(text("A sentence."), "Where it is not as the Agent Skills standard wants it.")},
    ),
    "ListedSkill": record("A skill in a list: without its `disk_id`.", _SKILL),
    "Content": record(
        "A file's text.",
        {
            "type": text("What it is.", enum=["json", "csv", "code", "text"]),
            "raw": text("The whole text."),
        },
    ),
    "Disk": record(
        "Files of an agent.",
        {"id": uuid("The disk's id."), "project_id": _PROJECT_ID, "user_id": _USER_ID, **times("it")},
    ),
    "Artifact": record(
        "A file on a disk.",
        {
            "disk_id": uuid("The disk."),
            "path": text("Its folder; begins and ends with a slash.", pattern="^/(.*/)?$"),
            "filename": text("Its name."),
            "meta": {
                **record(
                    "The caller's keys, and what the system knows of the file.",
                    {
                        "__artifact_info__": record(
                            "What the system knows.",
                            {
                                "path": text("Its folder."),
                                "filename": text("Its name."),
                                "mime": text("Its media type, read from its bytes."),
                                "size": number("Its size in bytes."),
                            },
                        )
                    },
                ),
                "additionalProperties": True,
            },
            **times("it"),
        },
    ),
    "User": record(
        "Whoever an agent works for.",
        {
            "id": uuid("The user's id."),
            "project_id": _PROJECT_ID,
            "identifier": text("The free text that names the user."),
            **times("the user"),
        },
    ),
    "ProjectConfigs": {
        **record(
            "A project's configs.",
            {},
            {
                "task_success_criteria": nullable(text("When a task counts as a success.")),
                "task_failure_criteria": nullable(text("When a task counts as failed.")),
            },
        ),
        "additionalProperties": True,
    },
    "Usage": record(
        "The model calls of a day, for a space, a stage and a model.",
        {
            "day": text("The day (UTC).", format="date"),
            "space_id": text("The learning space; empty when the calls were for none."),
            "stage": text("The stage that asked."),
            "model": text("The model, as `provider:name`."),
            "calls": number("How many calls."),
            "failed": number("How many of them gave no usable answer."),
            "unpriced": number("How many of them have no known price."),
            "input_tokens": number("Tokens that were sent."),
            "cached_tokens": number("Those of them that the provider had cached."),
            "output_tokens": number("Tokens that were answered."),
            "price_micros": number("The price in millionths of a dollar."),
            "latency_ms": number("The time the calls took together, in milliseconds."),
        },
    ),
    "Budget": record(
        "A limit for one day (UTC).",
        {
            "of": text("What it limits.", enum=["project", "space"]),
            "space_id": text("The learning space; empty for the project's."),
            "unit": text("What is counted.", enum=["tokens", "usd"]),
            "limit": {"type": "number", "description": "The limit."},
            "used": {"type": "number", "description": "How much of it is used."},
            "paused": flag("Whether learning waits because it is used up."),
        },
    ),
}
