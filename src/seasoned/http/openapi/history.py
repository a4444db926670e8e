"""The routes of versions."""

from functools import partial

from seasoned.http import history
from seasoned.http.openapi.operations import CURSORS, Parameter, flag, number, operation, paging, text
from seasoned.message import JsonObject

_history = partial(operation, tag="History")
_PATH = text("file_path", "A path of the skill's `file_index`.", minLength=1, required=True)
_VERSION = number("version", "Which version; 0 for the newest.", 0, history.NUMBER_MAX, 0)
_NO_FILE = "There is no such skill, version or file."
_NO_LINE = "There is no such skill, version, file or line."
_MOVED = "The skill has a newer version than If-Match names; read that, and make the change on it."


def _if_match(what: str, *, required: bool) -> Parameter:
    schema: JsonObject = {"type": "string", "pattern": r'^(?:(?:W/)?"?[1-9][0-9]{0,8}"?|\*)$', "example": '"3"'}
    return Parameter("If-Match", "header", what, schema, required=required)


OPERATIONS = (
    _history(
        history.versions,
        "list_versions",
        "List the versions of a skill",
        "Who made each, when, why, from which lessons, and what it changed; the first one first.",
        {200: "The versions."},
        {400: CURSORS},
        parameters=paging(),
    ),
    _history(
        history.version,
        "get_version",
        "Get a version of a skill",
        "With its manifest: every file with its SHA-256. `GET /agent_skills/{skill_id}/file` reads them.",
        {200: "The version."},
        {400: "The skill id is not a UUID, or the version is no number.", 404: "There is no such skill or version."},
    ),
    _history(
        history.diff,
        "diff_versions",
        "Compare two versions of a skill",
        "By default what the newest version changed.",
        {200: "The differences."},
        {404: _NO_FILE, 413: "More is different than one answer holds; ask for one file."},
        parameters=(
            number(
                "from",
                "The older version; 0 is before the first. By default the one before `to`.",
                0,
                history.NUMBER_MAX,
            ),
            number("to", "The newer version; by default the newest.", 0, history.NUMBER_MAX),
            text("file_path", "Only this file."),
            flag("words", "Mark the words that changed, as `[-old-]{+new+}`, which suits prose."),
        ),
    ),
    _history(
        history.blame,
        "blame_file",
        "Show where the lines of a file come from",
        "For each line the version that brought it and its lessons, also after it was moved to another place or file.",
        {200: "The lines with their origins."},
        {400: "The skill id is not a UUID, or the file is not text.", 404: _NO_LINE},
        parameters=(
            _PATH,
            _VERSION,
            number("start", "The first line, counted from 1.", 1, history.LINES_MAX, 1),
            number("end", "The last line; 0 for the last of the file.", 0, history.LINES_MAX, 0),
        ),
    ),
    _history(
        history.why,
        "explain_line",
        "Show who taught a line",
        "The line's version, the lessons that brought it, their tasks, and the messages that they quote; and what else "
        "supports its entry.",
        {200: "The whole chain."},
        {400: "The skill id is not a UUID, or the file is not text.", 404: _NO_LINE},
        parameters=(_PATH, number("line", "The line, counted from 1.", 1, history.LINES_MAX, 1), _VERSION),
    ),
    _history(
        history.trace,
        "trace_skill",
        "Export a skill's origins as Agent Trace",
        "One record in the form of Agent Trace 0.1.0: ranges of lines by the conversations that they came of.",
        {200: "The record."},
        {404: "There is no such skill or version."},
        parameters=(_VERSION,),
    ),
    _history(
        history.edit,
        "edit_skill",
        "Edit the files of a skill",
        "A new version on the one that was read: the learner and others never lose a change, and neither do you. The "
        "answer has the new version as its ETag. Nothing happens when nothing is different.",
        {200: "The newest version."},
        {
            400: "The header If-Match is missing, a path or a text cannot be a skill's, or SKILL.md cannot be read.",
            404: "There is no such skill, or no such file to be removed.",
            412: _MOVED,
        },
        parameters=(_if_match("The version that the change was made on, or `*` for any.", required=True),),
        body=history.EditRequest,
    ),
    _history(
        history.revert,
        "revert_skill",
        "Revert a skill to an old version",
        "A new version with exactly the files of an old one, each line with the origin that it had then.",
        {200: "The newest version."},
        {404: "There is no such skill or version, or its bytes are lost.", 412: _MOVED},
        parameters=(_if_match("The version that is to be newest now.", required=False),),
        body=history.RevertRequest,
    ),
    _history(
        history.pins,
        "list_pins",
        "List the pinned headings of a skill",
        "The learner does not change the sections under them.",
        {200: "The headings."},
    ),
    _history(
        history.pin,
        "pin_heading",
        "Pin the sections under a heading",
        "The learner leaves them as they are, in whichever file they stand; it may add entries of its own beside them.",
        {200: "The headings that are pinned now."},
        {400: "The skill id is not a UUID, or the heading has no words.", 413: "Too many headings are pinned."},
        body=history.PinRequest,
    ),
    _history(
        history.unpin,
        "unpin_heading",
        "Unpin the sections under a heading",
        "The learner may change them again.",
        {200: "The headings that are still pinned."},
        {
            400: "The skill id is not a UUID, or the heading has no words.",
            404: "There is no such skill or pinned heading.",
        },
        parameters=(text("heading", "The heading's words.", pattern="[A-Za-z0-9]", maxLength=200, required=True),),
    ),
)
