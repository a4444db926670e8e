"""File downloads, and signed URLs to them."""

from urllib.parse import quote

from starlette.responses import Response

from seasoned.engine.keys import Shown
from seasoned.http.request import PREFIX, ApiRequest


def download(data: bytes, mime: str, filename: str) -> Response:
    """A download, never displayed in the browser, since its content is untrusted."""
    return Response(data, media_type=mime, headers=saved_as(filename))


def saved_as(filename: str) -> dict[str, str]:
    """The headers of a download."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename)}"
    return {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}


async def public_url(call: ApiRequest, shown: Shown, seconds: float, *, step_seconds: int = 0) -> tuple[str, int]:
    """A URL that opens a stored file for some seconds, and its expiry (microseconds); see `Links`."""
    links = call.engine.links
    signed = await links.of_store(shown.sha256, seconds, step_seconds=step_seconds)
    if signed is not None:
        return signed
    token, expires_at = await links.make(shown, seconds, step_seconds=step_seconds)
    base = call.engine.config.public_url or str(call.request.base_url)
    return f"{base.rstrip('/')}{PREFIX}/material/{token}", expires_at
