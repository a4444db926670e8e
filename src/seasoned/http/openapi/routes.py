"""Every route of the API, with what its handler does not say: its parameters, and what it answers besides JSON.

`operations.md` has the words.
"""

from typing import Annotated

from seasoned.engine.search import FOUND_MAX, KINDS, LIMIT_MAX, QUERY_CHARS_MAX
from seasoned.engine.sessions import NewSessionRequest
from seasoned.formats import FORMATS
from seasoned.http import (
    disks,
    forgetting,
    health,
    history,
    imports,
    messages,
    ops,
    pages,
    projects,
    proposals,
    repositories,
    search,
    sessions,
    skills,
    spaces,
    stream,
    usage,
    use,
    users,
)
from seasoned.http.disks import EXPIRE_SECONDS, EXPIRE_SECONDS_MAX, FOUND_DEFAULT
from seasoned.http.fields import about
from seasoned.http.history import LINES_MAX, NUMBER_MAX
from seasoned.http.openapi.operations import (
    Body,
    Parameter,
    Success,
    flag,
    left_out,
    number,
    of_user,
    operation,
    paging,
    text,
    with_json,
)
from seasoned.http.request import PREFIX
from seasoned.http.search import LIMIT_DEFAULT
from seasoned.http.sessions import EVENTS_DEFAULT
from seasoned.http.usage import DAYS_DEFAULT, DAYS_MAX
from seasoned.message import JsonObject
from seasoned.store.rows import PAGE_MAX
from seasoned.strategies import NAMES, STRATEGIES_MAX
from seasoned.task import TASK_STATUSES

_PLACE = text("file_path", "Folder and file name, such as `/notes/a.md`.", format="file-path", required=True)
_LIMIT = number("limit", f"The most files; 0 means {FOUND_DEFAULT}.", 0, PAGE_MAX, FOUND_DEFAULT)
_GLOB = "The pattern: `*` stands for any characters, also slashes, `?` for one."
_SKILL_FILE = text("file_path", "A path of the skill's `file_index`.", minLength=1, required=True)
_VERSION = number("version", "Which version; 0 for the newest.", 0, NUMBER_MAX, 0)
_OF_REPOSITORY = {200: Success(media="application/octet-stream")}


_IN_SESSION = Parameter(
    "Seasoned-Session",
    "header",
    "The id of the session in which the agent that reads works: the read counts as use of the skill there.",
    {"type": "string"},
)


def _if_match(what: str, *, required: bool) -> Parameter:
    schema: JsonObject = {"type": "string", "pattern": r'^(?:(?:W/)?"?[1-9][0-9]{0,8}"?|\*)$', "example": '"3"'}
    return Parameter("If-Match", "header", what, schema, required)


OPERATIONS = (
    operation(
        sessions.page,
        "list_sessions",
        of_user("the sessions"),
        with_json("filter_by_configs", "sessions whose configs"),
        *paging(),
    ),
    operation(sessions.create, "create_session", body=Body(NewSessionRequest, required=False)),
    operation(sessions.delete, "delete_session"),
    operation(sessions.flush, "flush_session"),
    operation(sessions.tasks, "list_tasks", *paging()),
    operation(sessions.get_configs, "get_session"),
    operation(sessions.put_configs, "replace_session_configs", body=Body(sessions.NewConfigs, required=False)),
    operation(sessions.patch_configs, "patch_session_configs", body=sessions.ConfigChanges),
    operation(sessions.copy, "copy_session"),
    operation(sessions.observing_status, "get_observing_status"),
    operation(sessions.add_event, "add_event", body=sessions.NewEvent),
    operation(sessions.list_events, "list_events", *paging(EVENTS_DEFAULT)),
    operation(messages.store, "store_message", body=Body(messages.NewMessageRequest, messages.MessageForm)),
    operation(
        pages.page,
        "get_messages",
        *paging(0, 0, " 0 means all messages.", "message-cursor"),
        text("format", "The form of the items.", enum=list(FORMATS), default="openai"),
        flag(
            "with_asset_public_url",
            f"Whether files get an address that opens without a key for {pages.URL_SECONDS // 3600} hours.",
            default=True,
        ),
        flag("with_events", "Whether the session's events of that time are given too.", default=False),
        text(
            "edit_strategies",
            f"How the conversation is made shorter: a JSON array of at most {STRATEGIES_MAX} objects "
            f'`{{"type": ..., "params": {{...}}}}` with the types {", ".join(NAMES)}.',
            format="edit-strategies",
        ),
        text(
            "pin_editing_strategies_at_message",
            "Edit only up to this message (its id), so that a provider's cache of the text stays good.",
        ),
    ),
    operation(messages.patch_meta, "patch_message_meta", body=messages.MetaChanges),
    operation(pages.token_counts, "get_token_counts"),
    operation(spaces.create, "create_learning_space", body=spaces.NewSpace),
    operation(
        spaces.page,
        "list_learning_spaces",
        of_user("the spaces"),
        with_json("filter_by_meta", "spaces whose meta"),
        *paging(),
    ),
    operation(spaces.get, "get_learning_space"),
    operation(spaces.update, "update_learning_space", body=spaces.MetaChanges),
    operation(spaces.delete, "delete_learning_space"),
    operation(spaces.learn, "learn", body=spaces.TeachingSession),
    operation(imports.bring, "import_transcript", body=Body(form=imports.TranscriptForm)),
    operation(spaces.list_sessions, "list_learning_space_sessions"),
    operation(
        spaces.get_session,
        "get_learning_space_session",
        number(
            "wait",
            "How many seconds to wait for the learning to be settled; then it is answered.",
            0,
            stream.WAIT_SECONDS_MAX,
            0,
        ),
    ),
    operation(
        stream.learned,
        "stream_lessons",
        number("after", "Begin behind the lesson of this number.", 0, default=0),
        Parameter(
            "Last-Event-ID",
            "header",
            "The id of the last event that came; beats `after`.",
            {"type": "string", "pattern": "^[0-9]{1,18}$"},
        ),
        answers={200: Success(kinds=(stream.LearnedLesson,), is_bare=True, media="text/event-stream")},
    ),
    operation(spaces.include_skill, "include_skill", body=spaces.IncludedSkill),
    operation(spaces.list_skills, "list_learning_space_skills"),
    operation(spaces.catalogue, "get_learning_space_catalogue"),
    operation(repositories.refs, "git_refs", answers=_OF_REPOSITORY),
    operation(repositories.head, "git_head", answers=_OF_REPOSITORY),
    operation(repositories.objects, "git_objects", answers=_OF_REPOSITORY),
    operation(spaces.exclude_skill, "exclude_skill"),
    operation(skills.upload, "upload_skill", body=Body(form=skills.SkillForm)),
    operation(skills.bring, "import_skill", body=Body(form=skills.ImportForm)),
    operation(
        skills.page,
        "list_skills",
        of_user("the skills"),
        flag("archived", "List the archived skills instead."),
        *paging(),
    ),
    operation(skills.set_archived, "archive_skill", body=skills.ArchiveRequest),
    operation(skills.get, "get_skill", _IN_SESSION),
    operation(skills.delete, "delete_skill"),
    operation(
        skills.file,
        "get_skill_file",
        _SKILL_FILE,
        text(
            "expire",
            f"How many seconds the `url` opens; {skills.EXPIRE_SECONDS} when it is left out or no number.",
            example="900",
        ),
        number("version", "Of which version; 0 for the newest.", 0, NUMBER_MAX, 0),
        _IN_SESSION,
    ),
    operation(skills.download_zip, "download_skill", _IN_SESSION, answers={200: Success(media="application/zip")}),
    operation(history.versions, "list_versions", *paging()),
    operation(history.version, "get_version"),
    operation(
        history.diff,
        "diff_versions",
        number("from", "The older version; 0 is before the first. By default the one before `to`.", 0, NUMBER_MAX),
        number("to", "The newer version; by default the newest.", 0, NUMBER_MAX),
        text("file_path", "Only this file."),
        flag("words", "Mark the words that changed, as `[-old-]{+new+}`, which suits prose."),
    ),
    operation(
        history.blame,
        "blame_file",
        _SKILL_FILE,
        _VERSION,
        number("start", "The first line, counted from 1.", 1, LINES_MAX, 1),
        number("end", "The last line; 0 for the last of the file.", 0, LINES_MAX, 0),
    ),
    operation(
        history.why,
        "explain_line",
        _SKILL_FILE,
        number("line", "The line, counted from 1.", 1, LINES_MAX, 1),
        _VERSION,
    ),
    operation(history.trace, "trace_skill", _VERSION),
    operation(
        history.edit,
        "edit_skill",
        _if_match("The version that the change was made on, or `*` for any.", required=True),
        body=history.EditRequest,
    ),
    operation(
        history.revert,
        "revert_skill",
        _if_match("The version that is to be newest now.", required=False),
        body=history.RevertRequest,
    ),
    operation(use.of_skill, "get_skill_use"),
    operation(use.of_space, "get_learning_space_use"),
    operation(health.get, "get_learning_space_health"),
    operation(health.propose, "propose_health"),
    operation(history.pins, "list_pins"),
    operation(history.pin, "pin_heading", body=history.PinRequest),
    operation(
        history.unpin,
        "unpin_heading",
        text("heading", "The heading's words.", pattern="[A-Za-z0-9]", maxLength=200, required=True),
    ),
    operation(
        proposals.page,
        "list_proposals",
        text("space_id", "Only those of this learning space.", format="uuid"),
        text("status", "Only those with this status.", enum=[*proposals.STATUSES]),
        *paging(),
    ),
    operation(proposals.get, "get_proposal"),
    operation(proposals.approve, "approve_proposal", body=proposals.ApprovalRequest),
    operation(proposals.reject, "reject_proposal", body=proposals.RejectionRequest),
    operation(proposals.undo, "undo_decision"),
    operation(proposals.approve_several, "approve_proposals", body=proposals.ApprovalsRequest),
    operation(proposals.reject_several, "reject_proposals", body=proposals.RejectionsRequest),
    operation(proposals.set_policy, "set_policy", body=proposals.PolicyRequest),
    operation(forgetting.forget, "forget", body=forgetting.ForgetRequest),
    operation(
        search.find,
        "search",
        text("query", "What to search for, in any words.", minLength=1, maxLength=QUERY_CHARS_MAX, required=True),
        text("kinds", f"Which kinds, separated by commas: {', '.join(KINDS)}; by default all.", example="skill,entry"),
        text("space_id", "Only what this learning space learned, or was taught.", format="uuid"),
        text("session_id", "Only lessons, tasks and messages of this session.", format="uuid"),
        of_user("what"),
        text("outcome", "Only lessons, tasks and messages of tasks that ended so.", enum=[*TASK_STATUSES]),
        text("since", "Only what is of this time or later.", format="date-time"),
        number("limit", "How many items.", 1, LIMIT_MAX, LIMIT_DEFAULT),
        number("cursor", "The `next_cursor` of the page before.", 0, FOUND_MAX, 0),
    ),
    operation(disks.page, "list_disks", of_user("the disks"), *paging()),
    operation(disks.create, "create_disk", body=Body(disks.NewDisk, required=False)),
    operation(disks.delete, "delete_disk"),
    operation(disks.upsert, "put_artifact", body=Body(form=disks.ArtifactForm)),
    operation(
        disks.get,
        "get_artifact",
        _PLACE,
        flag("with_public_url", "Whether `public_url` is given.", default=True),
        flag("with_content", "Whether `content` is given for text.", default=True),
        number("expire", "How many seconds `public_url` opens.", 0, EXPIRE_SECONDS_MAX, default=EXPIRE_SECONDS),
        _IN_SESSION,
    ),
    operation(disks.update, "update_artifact", body=disks.NewMeta),
    operation(disks.remove, "delete_artifact", _PLACE),
    operation(disks.download, "download_artifact", _PLACE, _IN_SESSION, answers={200: Success(media="*/*")}),
    operation(
        disks.ls,
        "list_artifacts",
        text("path", "The folder; begins and ends with a slash.", default="/", format="folder-path"),
    ),
    operation(
        disks.grep,
        "grep_artifacts",
        text("query", "The expression (RE2).", format="regular-expression", required=True),
        _LIMIT,
        _IN_SESSION,
    ),
    operation(
        disks.glob, "glob_artifacts", text("query", _GLOB, format="glob-pattern", required=True), _LIMIT, _IN_SESSION
    ),
    operation(users.page, "list_users", *paging(0, 0, " 0 means all, without a cursor.")),
    operation(users.resources, "get_user_resources"),
    operation(users.delete, "delete_user"),
    operation(projects.get_configs, "get_project_configs"),
    operation(
        projects.patch_configs,
        "patch_project_configs",
        body=Body(projects.Changes, note=f"At most {projects.CONFIGS_BYTES_MAX} bytes."),
    ),
    operation(usage.get, "get_usage", number("days", "How many days back.", 1, DAYS_MAX, DAYS_DEFAULT)),
    operation(ops.ping, "ping", answers={200: Success(word="pong")}),
    operation("GET /health", "health", answers={200: Success(word="ok")}, needs_key=False),
    operation(
        "GET /ready",
        "ready",
        answers={
            200: Success(kinds=(ops.Condition,), is_bare=True),
            503: Success(kinds=(ops.Condition,), is_bare=True),
        },
        needs_key=False,
    ),
    operation("GET /metrics", "metrics", answers={200: Success(media="text/plain")}, needs_key=False),
    operation(
        f"GET {PREFIX}/material/{{token}}", "open_public_url", answers={200: Success(media="*/*")}, needs_key=False
    ),
    operation("GET /", "get_root", answers={200: Success(kinds=(ops.Welcome,))}, needs_key=False),
    operation(
        "GET /openapi.json",
        "get_openapi",
        answers={200: Success(kinds=(Annotated[JsonObject, about("An OpenAPI document.")],), is_bare=True)},
        needs_key=False,
    ),
    operation("GET /docs", "get_docs", answers={200: Success(media="text/html")}, needs_key=False),
    left_out("download_asset", "GET /session/{session_id}/asset/download", "Download by storage key"),
    left_out("encrypt_project", "POST /project/encrypt", "Encrypt the project"),
    left_out("decrypt_project", "POST /project/decrypt", "Decrypt the project"),
    left_out("create_sandbox", "POST /sandbox", "Create a sandbox"),
    left_out("list_sandbox_logs", "GET /sandbox/logs", "List the logs of sandboxes"),
    left_out("run_in_sandbox", "POST /sandbox/{sandbox_id}/exec", "Run a command in a sandbox"),
    left_out("delete_sandbox", "DELETE /sandbox/{sandbox_id}", "End a sandbox"),
    left_out(
        "artifact_to_sandbox",
        "POST /disk/{disk_id}/artifact/download_to_sandbox",
        "Copy a file of a disk into a sandbox",
    ),
    left_out(
        "artifact_from_sandbox",
        "POST /disk/{disk_id}/artifact/upload_from_sandbox",
        "Copy a file of a sandbox onto a disk",
    ),
    left_out("skill_to_sandbox", "POST /agent_skills/{skill_id}/download_to_sandbox", "Copy a skill into a sandbox"),
)
