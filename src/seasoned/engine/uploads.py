"""Files attached to messages, described by their bytes."""

import hashlib
import re
import time

import msgspec

from seasoned.formats import Upload
from seasoned.message import Asset
from seasoned.store.files import mime_of

FILENAME_CHARS_MAX = 255
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}$")


class File(msgspec.Struct, frozen=True):
    """An uploaded file with its bytes."""

    upload: Upload
    data: bytes


def describe(project_id: str, filename: str, data: bytes) -> File:
    """An uploaded file as a message's part references it. Nothing is stored yet."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].encode(errors="replace").decode()[-FILENAME_CHARS_MAX:]
    sha256 = hashlib.sha256(data).hexdigest()
    extension = _EXTENSION.search(name)
    day = time.strftime("%Y/%m/%d", time.gmtime())
    key = f"assets/{project_id}/{day}/{sha256}{extension.group().lower() if extension else ''}"
    asset = Asset(sha256=sha256, mime=mime_of(name, data), size_b=len(data), s3_key=key)
    return File(Upload(asset, name), data)
