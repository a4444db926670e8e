"""The routes of disks and the files on them."""

from seasoned.http.disks import EXPIRE_SECONDS, EXPIRE_SECONDS_MAX, FOUND_DEFAULT, META_BYTES_MAX, SYSTEM_KEY
from seasoned.http.openapi.words import (
    Answer,
    Body,
    Operation,
    Parameter,
    done,
    file_field,
    flag,
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
)
from seasoned.http.request import PREFIX
from seasoned.store.rows import PAGE_MAX

TAG = "Disks"
DISK = in_path("disk_id", "The disk's id, or a skill's `disk_id`")
_ALL = f"{PREFIX}/disk"
_ONE = f"{_ALL}/{{disk_id}}"
_FILES = f"{_ONE}/artifact"
_BAD_ID = "The disk id is not a UUID."
_UNKNOWN = "The project has no such disk."
_BAD_PLACE = "The disk id is not a UUID, or `file_path` is missing or no good path."
_NO_FILE = "There is no such disk, or no such file on it."
_META = text(
    f"A JSON object as a string, at most {META_BYTES_MAX} bytes, without the key `{SYSTEM_KEY}`.", format="json-object"
)
_PLACE = in_query("file_path", text("Folder and file name, such as `/notes/a.md`.", format="file-path"), required=True)

_LIST = Operation(
    id="list_disks",
    method="GET",
    path=_ALL,
    tag=TAG,
    summary="List disks",
    description="The project's disks in the order of their creation; those of skills are among them.",
    parameters=(of_user("the disks"), *paging()),
    answers={200: page(ref("Disk"), "The disks.")},
    errors={400: "A limit out of bounds, or a cursor of another server."},
)
_CREATE = Operation(
    id="create_disk",
    method="POST",
    path=_ALL,
    tag=TAG,
    summary="Create a disk",
    description="An empty disk. The body may be left out.",
    body=json_body(
        record(
            "What is known of it.",
            {},
            {"user": nullable(text("Whose disk it is; the user is created with the first mention."))},
        ),
        required=False,
    ),
    answers={201: success(ref("Disk"), "The new disk.")},
    errors={400: "The body cannot be read."},
)
_DELETE = Operation(
    id="delete_disk",
    method="DELETE",
    path=_ONE,
    tag=TAG,
    summary="Delete a disk",
    description="With its files; a skill's disk with the skill.",
    parameters=(DISK,),
    answers={200: done("It is gone.")},
    errors={400: _BAD_ID, 404: _UNKNOWN},
)
_PUT = Operation(
    id="put_artifact",
    method="POST",
    path=_FILES,
    tag=TAG,
    summary="Put a file on a disk",
    description="A file of that folder and name is replaced. Its name is that of the upload.",
    parameters=(DISK,),
    body=Body(
        {
            "multipart/form-data": record(
                "The file.",
                {"file": file_field("The file, with its name.")},
                {
                    "file_path": text(
                        "The folder: what stands before the last slash.", default="/", format="folder-path"
                    ),
                    "meta": _META,
                },
            )
        }
    ),
    answers={201: success(ref("Artifact"), "The file as it is now.")},
    errors={
        400: "There is no file, its name, folder or meta are not as they must be, or it would spoil a skill.",
        404: _UNKNOWN,
        413: "The file or the body is too large, or the disk holds too many files.",
    },
)
_GET = Operation(
    id="get_artifact",
    method="GET",
    path=_FILES,
    tag=TAG,
    summary="Get a file of a disk",
    description="What is known of the file, an address that opens it, and what it says when it is text.",
    parameters=(
        DISK,
        _PLACE,
        in_query("with_public_url", flag("Whether `public_url` is given.", default=True)),
        in_query("with_content", flag("Whether `content` is given for text.", default=True)),
        in_query(
            "expire", number("How many seconds `public_url` opens.", 0, EXPIRE_SECONDS_MAX, default=EXPIRE_SECONDS)
        ),
    ),
    answers={
        200: success(
            record(
                "The file.",
                {"artifact": ref("Artifact")},
                {
                    "public_url": text("Opens the file without a key until it expires.", format="uri"),
                    "content": ref("Content"),
                },
            ),
            "The file.",
        )
    },
    errors={400: _BAD_PLACE, 404: _NO_FILE},
)
_UPDATE = Operation(
    id="update_artifact",
    method="PUT",
    path=_FILES,
    tag=TAG,
    summary="Replace the meta of a file",
    description="All keys of the caller are replaced.",
    parameters=(DISK,),
    body=json_body(
        record(
            "The file and its new meta.",
            {"file_path": text("Folder and file name, such as `/notes/a.md`.", format="file-path"), "meta": _META},
        )
    ),
    answers={200: success(record("The result.", {"artifact": ref("Artifact")}), "The file with its new meta.")},
    errors={400: "The body cannot be read, or `file_path` or `meta` are not as they must be.", 404: _NO_FILE},
)
_REMOVE = Operation(
    id="delete_artifact",
    method="DELETE",
    path=_FILES,
    tag=TAG,
    summary="Delete a file of a disk",
    description="On a skill's disk this is a new version of the skill; its SKILL.md cannot be deleted.",
    parameters=(DISK, _PLACE),
    answers={200: done("It is gone.")},
    errors={400: f"{_BAD_PLACE[:-1]}, or it is a skill's SKILL.md.", 404: _NO_FILE},
)
_DOWNLOAD = Operation(
    id="download_artifact",
    method="GET",
    path=f"{_FILES}/download",
    tag=TAG,
    summary="Download a file of a disk",
    description="The raw bytes, to be saved.",
    parameters=(DISK, _PLACE),
    answers={200: Answer("The file, with its own media type.", media="*/*")},
    errors={400: _BAD_PLACE, 404: _NO_FILE},
)
_LS = Operation(
    id="list_artifacts",
    method="GET",
    path=f"{_FILES}/ls",
    tag=TAG,
    summary="List a folder of a disk",
    description="What is directly in it.",
    parameters=(
        DISK,
        in_query("path", text("The folder; begins and ends with a slash.", default="/", format="folder-path")),
    ),
    answers={
        200: success(
            record(
                "The folder.",
                {
                    "artifacts": listed(ref("Artifact"), "Its files."),
                    "directories": listed(text("A name."), "The names of its folders."),
                },
            ),
            "The folder; empty when there is no such.",
        )
    },
    errors={400: "The disk id is not a UUID, or the path is no folder's.", 404: _UNKNOWN},
)


def _search(kind: str, summary: str, description: str, query: Parameter, errors: dict[int, str]) -> Operation:
    return Operation(
        id=f"{kind}_artifacts",
        method="GET",
        path=f"{_FILES}/{kind}",
        tag=TAG,
        summary=summary,
        description=description,
        parameters=(
            DISK,
            query,
            in_query("limit", number(f"The most files; 0 means {FOUND_DEFAULT}.", 0, PAGE_MAX, FOUND_DEFAULT)),
        ),
        answers={200: success(listed(ref("Artifact"), "The files."), "The files that were found.")},
        errors={
            400: "The disk id is not a UUID, the limit is out of bounds, or the pattern is missing or cannot be used.",
            404: _UNKNOWN,
            **errors,
        },
    )


_GREP = _search(
    "grep",
    "Search the texts of a disk",
    "The text files in which a regular expression is found, in whatever case.",
    in_query("query", text("The expression (RE2).", format="regular-expression"), required=True),
    {413: "The search took too long; search for less."},
)
_GLOB = _search(
    "glob",
    "Find files of a disk by their path",
    "The files whose folder and name fit a pattern.",
    in_query(
        "query",
        text("The pattern: `*` stands for any characters, also slashes, `?` for one.", format="glob-pattern"),
        required=True,
    ),
    {},
)

OPERATIONS = (_LIST, _CREATE, _DELETE, _PUT, _GET, _UPDATE, _REMOVE, _DOWNLOAD, _LS, _GREP, _GLOB)
