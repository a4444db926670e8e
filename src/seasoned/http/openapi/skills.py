"""The routes of skills."""

from seasoned.http.openapi.words import (
    Answer,
    Body,
    Operation,
    done,
    file_field,
    in_path,
    in_query,
    of_user,
    page,
    paging,
    record,
    ref,
    success,
    text,
)
from seasoned.http.request import PREFIX
from seasoned.http.skills import EXPIRE_SECONDS

TAG = "Skills"
SKILL = in_path("skill_id", "The skill's id")
_ALL = f"{PREFIX}/agent_skills"
_ONE = f"{_ALL}/{{skill_id}}"
_BAD_ID = "The skill id is not a UUID."
_UNKNOWN = "The project has no such skill."

_UPLOAD = Operation(
    id="upload_skill",
    method="POST",
    path=_ALL,
    tag=TAG,
    summary="Upload a skill",
    description="A ZIP of a skill's folder; its SKILL.md says the name and the description. Hidden files and folders, "
    "and other files that tools obey merely because they are there (a `HEAD`, as of a Git repository, `desktop.ini`, "
    "`.lnk`), are left out, and `warnings` name them.",
    body=Body(
        {
            "multipart/form-data": record(
                "The skill.",
                {"file": file_field("The ZIP; the file's name ends in `.zip`.")},
                {
                    "user": text("Whose skill it is; the user is created with the first mention."),
                    "meta": text("A JSON object as a string: what the caller keeps beside it.", format="json-object"),
                },
            )
        }
    ),
    answers={201: success(ref("UploadedSkill"), "The new skill.")},
    errors={
        400: "There is no file, it is no ZIP, it holds no good SKILL.md, a path leads out or is not the same on every "
        "system, the skill's name can be no folder's, or meta is no object.",
        413: "The body is too large, or the ZIP holds too many files or bytes.",
    },
)
_LIST = Operation(
    id="list_skills",
    method="GET",
    path=_ALL,
    tag=TAG,
    summary="List skills",
    description="The project's skills in the order of their creation.",
    parameters=(of_user("the skills"), *paging()),
    answers={200: page(ref("ListedSkill"), "The skills.")},
    errors={400: "A limit out of bounds, or a cursor of another server."},
)
_GET = Operation(
    id="get_skill",
    method="GET",
    path=_ONE,
    tag=TAG,
    summary="Get a skill",
    description="The skill as it is now; `updated_at` changes with every change of a file.",
    parameters=(SKILL,),
    answers={200: success(ref("Skill"), "The skill.")},
    errors={400: _BAD_ID, 404: _UNKNOWN},
)
_DELETE = Operation(
    id="delete_skill",
    method="DELETE",
    path=_ONE,
    tag=TAG,
    summary="Delete a skill",
    description="With its files; it leaves the learning spaces that it was in.",
    parameters=(SKILL,),
    answers={200: done("It is gone.")},
    errors={400: _BAD_ID, 404: _UNKNOWN},
)
_PATH_AND_MIME = {"path": text("The path that was asked for."), "mime": text("The file's media type.")}
_FILE = Operation(
    id="get_skill_file",
    method="GET",
    path=f"{_ONE}/file",
    tag=TAG,
    summary="Get a file of a skill",
    description="Text comes as `content`; anything else as a `url` that opens without a key until it expires.",
    parameters=(
        SKILL,
        in_query("file_path", text("A path of the skill's `file_index`.", minLength=1), required=True),
        in_query(
            "expire",
            text(
                f"How many seconds the `url` opens; {EXPIRE_SECONDS} when it is left out or no number.", example="900"
            ),
        ),
    ),
    answers={
        200: success(
            {
                "oneOf": [
                    record("A text.", {**_PATH_AND_MIME, "content": ref("Content")}),
                    record("Another file.", {**_PATH_AND_MIME, "url": text("Where its bytes are.", format="uri")}),
                ]
            },
            "The file.",
        )
    },
    errors={400: "The skill id is not a UUID, or `file_path` is missing.", 404: "There is no such skill or file."},
)
_ZIP = Operation(
    id="download_skill",
    method="GET",
    path=f"{_ONE}/download_zip",
    tag=TAG,
    summary="Download a skill as a ZIP",
    description="All files of the skill. What is left out because tools would obey it, or renamed, is told in the "
    "ZIP's comment; files whose bytes the server has lost are named in `MISSING-FILES.txt`.",
    parameters=(SKILL,),
    answers={200: Answer("The archive.", media="application/zip")},
    errors={400: _BAD_ID, 404: _UNKNOWN, 413: "The skill holds too many files or bytes for one archive."},
)

OPERATIONS = (_UPLOAD, _LIST, _GET, _DELETE, _FILE, _ZIP)
