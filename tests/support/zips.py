"""ZIP files of skills: good ones and hostile ones."""

import io
import zipfile
from collections.abc import Mapping

from acontext import AcontextClient, FileUpload
from acontext.types.skill import Skill


def skill_md(
    name: str, description: str = "Says how things are done. Use it in tests.", body: str = "# Notes\n"
) -> str:
    """A SKILL.md with the given head."""
    return f"---\nname: {name}\ndescription: {description}\n---\n\n{body}"


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    """A ZIP with these files, compressed, names as given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def upload(client: AcontextClient, files: Mapping[str, str | bytes], user: str | None = None) -> Skill:
    """Upload files as a skill with the SDK."""
    file = FileUpload(filename="skill.zip", content=zip_of(files), content_type="application/zip")
    return client.skills.create(file=file, user=user)
