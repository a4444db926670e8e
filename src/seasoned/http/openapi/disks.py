"""The routes of disks and the files on them."""

from functools import partial

from seasoned.http import disks
from seasoned.http.disks import EXPIRE_SECONDS, EXPIRE_SECONDS_MAX, FOUND_DEFAULT
from seasoned.http.openapi.operations import (
    CURSORS,
    Body,
    Success,
    flag,
    number,
    of_user,
    operation,
    paging,
    text,
)
from seasoned.store.rows import PAGE_MAX

_disk = partial(operation, tag="Disks")
_BAD_PLACE = "The disk id is not a UUID, or `file_path` is missing or no good path."
_NO_FILE = "There is no such disk, or no such file on it."
_PLACE = text("file_path", "Folder and file name, such as `/notes/a.md`.", format="file-path", required=True)
_LIMIT = number("limit", f"The most files; 0 means {FOUND_DEFAULT}.", 0, PAGE_MAX, FOUND_DEFAULT)
_BAD_QUERY = "The disk id is not a UUID, the limit is out of bounds, or the pattern is missing or cannot be used."
_GLOB = "The pattern: `*` stands for any characters, also slashes, `?` for one."

OPERATIONS = (
    _disk(
        disks.page,
        "list_disks",
        "List disks",
        "The project's disks in the order of their creation; those of skills are among them.",
        {200: "The disks."},
        {400: CURSORS},
        parameters=(of_user("the disks"), *paging()),
    ),
    _disk(
        disks.create,
        "create_disk",
        "Create a disk",
        "An empty disk. The body may be left out.",
        {201: "The new disk."},
        {400: "The body cannot be read."},
        body=Body(disks.NewDisk, required=False),
    ),
    _disk(
        disks.delete,
        "delete_disk",
        "Delete a disk",
        "With its files; a skill's disk with the skill.",
        {200: "It is gone."},
    ),
    _disk(
        disks.upsert,
        "put_artifact",
        "Put a file on a disk",
        "A file of that folder and name is replaced. Its name is that of the upload.",
        {201: "The file as it is now."},
        {
            400: "There is no file, its name, folder or meta are not as they must be, or it would spoil a skill.",
            413: "The file or the body is too large, or the disk holds too many files.",
        },
        body=Body(form=disks.ArtifactForm),
    ),
    _disk(
        disks.get,
        "get_artifact",
        "Get a file of a disk",
        "What is known of the file, an address that opens it, and what it says when it is text.",
        {200: "The file."},
        {400: _BAD_PLACE, 404: _NO_FILE},
        parameters=(
            _PLACE,
            flag("with_public_url", "Whether `public_url` is given.", default=True),
            flag("with_content", "Whether `content` is given for text.", default=True),
            number("expire", "How many seconds `public_url` opens.", 0, EXPIRE_SECONDS_MAX, default=EXPIRE_SECONDS),
        ),
    ),
    _disk(
        disks.update,
        "update_artifact",
        "Replace the meta of a file",
        "All keys of the caller are replaced.",
        {200: "The file with its new meta."},
        {400: "The body cannot be read, or `file_path` or `meta` are not as they must be.", 404: _NO_FILE},
        body=disks.NewMeta,
    ),
    _disk(
        disks.remove,
        "delete_artifact",
        "Delete a file of a disk",
        "On a skill's disk this is a new version of the skill; its SKILL.md cannot be deleted.",
        {200: "It is gone."},
        {400: f"{_BAD_PLACE[:-1]}, or it is a skill's SKILL.md.", 404: _NO_FILE},
        parameters=(_PLACE,),
    ),
    _disk(
        disks.download,
        "download_artifact",
        "Download a file of a disk",
        "The raw bytes, to be saved.",
        {200: Success("The file, with its own media type.", media="*/*")},
        {400: _BAD_PLACE, 404: _NO_FILE},
        parameters=(_PLACE,),
    ),
    _disk(
        disks.ls,
        "list_artifacts",
        "List a folder of a disk",
        "What is directly in it.",
        {200: "The folder; empty when there is no such."},
        {400: "The disk id is not a UUID, or the path is no folder's."},
        parameters=(text("path", "The folder; begins and ends with a slash.", default="/", format="folder-path"),),
    ),
    _disk(
        disks.grep,
        "grep_artifacts",
        "Search the texts of a disk",
        "The text files in which a regular expression is found, in whatever case.",
        {200: "The files that were found."},
        {400: _BAD_QUERY, 413: "The search took too long; search for less."},
        parameters=(text("query", "The expression (RE2).", format="regular-expression", required=True), _LIMIT),
    ),
    _disk(
        disks.glob,
        "glob_artifacts",
        "Find files of a disk by their path",
        "The files whose folder and name fit a pattern.",
        {200: "The files that were found."},
        {400: _BAD_QUERY},
        parameters=(text("query", _GLOB, format="glob-pattern", required=True), _LIMIT),
    ),
)
