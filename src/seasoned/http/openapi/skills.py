"""The routes of skills."""

from functools import partial

from seasoned.http import skills
from seasoned.http.history import NUMBER_MAX
from seasoned.http.openapi.operations import CURSORS, Body, Success, number, of_user, operation, paging, text

_skill = partial(operation, tag="Skills")

OPERATIONS = (
    _skill(
        skills.upload,
        "upload_skill",
        "Upload a skill",
        "A ZIP of a skill's folder; its SKILL.md says the name and the description. Hidden files and folders, and "
        "other files that tools obey merely because they are there (a `HEAD`, as of a Git repository, `desktop.ini`, "
        "`.lnk`), are left out, and `warnings` name them.",
        {201: "The new skill."},
        {
            400: "There is no file, it is no ZIP, it holds no good SKILL.md, a path leads out or is not the same on "
            "every system, the skill's name can be no folder's, or meta is no object.",
            413: "The body is too large, or the ZIP holds too many files or bytes.",
        },
        body=Body(form=skills.SkillUpload),
    ),
    _skill(
        skills.bring,
        "import_skill",
        "Import a skill",
        "Like an upload, but a ZIP that was downloaded or exported from here becomes a new version of its skill: "
        "merged with what the learner and others changed since. Of lines that both sides changed, those that `prefer` "
        "names are taken; without it nothing is written.",
        {200: "What became of it."},
        {
            400: "There is no file, it is no ZIP, it holds no good SKILL.md, a path leads out or is not the same on "
            "every system, or `prefer` is another word.",
            409: "Others have changed the same lines meanwhile; the sentence says where.",
            413: "The body is too large, or the ZIP holds too many files or bytes.",
        },
        body=Body(form=skills.SkillImport),
    ),
    _skill(
        skills.page,
        "list_skills",
        "List skills",
        "The project's skills in the order of their creation.",
        {200: "The skills."},
        {400: CURSORS},
        parameters=(of_user("the skills"), *paging()),
    ),
    _skill(
        skills.get,
        "get_skill",
        "Get a skill",
        "The skill as it is now; `updated_at` changes with every change of a file, and so does the ETag, the number "
        "of its newest version.",
        {200: "The skill."},
    ),
    _skill(
        skills.delete,
        "delete_skill",
        "Delete a skill",
        "With its files; it leaves the learning spaces that it was in.",
        {200: "It is gone."},
    ),
    _skill(
        skills.file,
        "get_skill_file",
        "Get a file of a skill",
        "Text comes as `content`; anything else as a `url` that opens without a key until it expires.",
        {200: "The file."},
        {
            400: "The skill id is not a UUID, or `file_path` is missing.",
            404: "There is no such skill, version or file.",
        },
        parameters=(
            text("file_path", "A path of the skill's `file_index`.", minLength=1, required=True),
            text(
                "expire",
                f"How many seconds the `url` opens; {skills.EXPIRE_SECONDS} when it is left out or no number.",
                example="900",
            ),
            number("version", "Of which version; 0 for the newest.", 0, NUMBER_MAX, 0),
        ),
    ),
    _skill(
        skills.download_zip,
        "download_skill",
        "Download a skill as a ZIP",
        "All files of the skill. What is left out because tools would obey it, or renamed, is told in the "
        "ZIP's comment; files whose bytes the server has lost are named in `MISSING-FILES.txt`.",
        {200: Success("The archive.", media="application/zip")},
        {413: "The skill holds too many files or bytes for one archive."},
    ),
)
