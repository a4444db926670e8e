"""Transcripts that come in as files (an extension of the wire contract)."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
from starlette.datastructures import UploadFile

from seasoned import importers
from seasoned.engine.learning import Imported
from seasoned.errors import BadTranscript, Invalid
from seasoned.http.fields import about, count, uuid
from seasoned.http.forms import form_of
from seasoned.http.request import Answer, ApiRequest, answer
from seasoned.ids import parse_id

SUFFIX_CHARS_MAX = 40


class TranscriptForm(msgspec.Struct, frozen=True):
    """A file of sessions."""

    file: Annotated[str, about("The file, in any format that `seasoned learn` reads.", format="binary")]


class ImportedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of the file."""

    session_id: Annotated[str, uuid("The session's id.")]
    source: Annotated[str, about("What the file calls it.")]
    messages: Annotated[int, count("How many messages it has.")]
    added: Annotated[int, count("How many of them were not there yet.")]

    @classmethod
    def of(cls, one: Imported) -> "ImportedSession":
        """A session as the wire shows it."""
        return cls(session_id=one.session_id, source=one.source, messages=one.messages, added=one.added)


async def bring(call: ApiRequest) -> Answer[list[ImportedSession]]:
    """POST /learning_spaces/{space_id}/import: the sessions of a file teach the space, each once."""
    space_id = parse_id(call.request.path_params["space_id"], "The learning space's id")
    await call.engine.spaces.get(call.project_id, space_id)
    async with form_of(call) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid("The file is missing; send the transcript as the multipart field `file`.")
        name, data = Path(file.filename or "").name or "transcript.jsonl", await file.read()
    with tempfile.TemporaryDirectory() as folder:
        # Some formats are known by their names.
        path = Path(folder) / name[-SUFFIX_CHARS_MAX:].lstrip(".")
        await asyncio.to_thread(path.write_bytes, data)
        try:
            mark = await asyncio.to_thread(importers.fingerprint, path)
            found = await call.engine.learning.known(space_id, mark)
            if found is None:
                found = await _take(call, space_id, path)
                await call.engine.learning.note(space_id, mark, [one.session_id for one in found])
        except BadTranscript as error:
            raise BadTranscript(str(error).replace(str(path), name)) from None
    return answer([ImportedSession.of(one) for one in found])


async def _take(call: ApiRequest, space_id: str, path: Path) -> list[Imported]:
    read, taken = importers.read(path), dict[str, Imported]()
    while (transcript := await asyncio.to_thread(next, read, None)) is not None:
        one = await call.engine.learning.take(call.project_id, space_id, transcript)
        if one is not None:
            taken[one.session_id] = one
    return list(taken.values())
