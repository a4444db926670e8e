"""Files that are sent to be saved, and the addresses that lead to them without a key."""

from urllib.parse import quote

from starlette.responses import Response

from seasoned.engine.keys import Shown
from seasoned.http.request import PREFIX, Call


def download(data: bytes, mime: str, filename: str) -> Response:
    """A file to be saved, never shown: its bytes are somebody else's."""
    return Response(data, media_type=mime, headers=saved_as(filename))


def saved_as(filename: str) -> dict[str, str]:
    """The headers of a file that is to be saved."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename)}"
    return {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}


async def public_url(call: Call, shown: Shown, seconds: float, *, step_seconds: int = 0) -> tuple[str, int]:
    """An address that opens a stored file for some seconds, and when it ends (microseconds); see `Links`."""
    links = call.engine.links
    signed = await links.of_store(shown.sha256, seconds, step_seconds=step_seconds)
    if signed is not None:
        return signed
    token, expires_at = await links.make(shown, seconds, step_seconds=step_seconds)
    base = call.engine.config.public_url or str(call.request.base_url)
    return f"{base.rstrip('/')}{PREFIX}/material/{token}", expires_at
