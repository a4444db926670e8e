"""API keys and signed links. The home keeps one secret; from it come the hashes of keys and the signatures of links."""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

import msgspec

from seasoned.clock import SECOND
from seasoned.errors import NotFound

KEY_PREFIX = "sk-ac-"
KEY_FILE = "api-key"
HASHING_FILE = "secret"
MARK_BYTES = 16


class Shown(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A project's stored file: in a session's messages, or under a path on a disk (a skill is one too).

    The link works as long as the file is there.
    """

    project_id: str
    sha256: str
    mime: str
    filename: str
    session_id: str = ""
    disk_id: str = ""
    path: str = ""


class Link(msgspec.Struct, frozen=True, array_like=True):
    """What a signed link shows, until when (microseconds), and the mark of the project's key when it was made."""

    shown: Shown
    expires_at: int
    key_mark: str


def new_key() -> str:
    """A fresh API key."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def keep_secret(path: Path, fresh: str) -> str:
    """The secret in a file; without one, `fresh` is stored there. Only the owner may read the file.

    Safe with concurrent processes: the first to link its file wins, and all read the same secret.
    """
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(fresh + "\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()
    return path.read_text().strip()


def replace_secret(path: Path, fresh: str) -> None:
    """Replace the secret in a file atomically."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    keep_secret(temporary, fresh)
    temporary.replace(path)


class Keyring:
    """Hashes keys and signs links with one secret: the one that is given, else the home's."""

    def __init__(self, home: Path, secret: str = "") -> None:
        self._path = home / HASHING_FILE
        self._given = secret

    @property
    def is_lost(self) -> bool:
        """Whether there is no secret, neither configured nor in the home; the first use creates one."""
        return not self._given and not self._path.exists()

    @cached_property
    def _secret(self) -> bytes:
        return (self._given or keep_secret(self._path, secrets.token_hex(32))).encode()

    def hash_key(self, key: str) -> str:
        """The stored form of an API key: a keyed hash, useless without the home's secret."""
        return hmac.new(self._secret, b"key\0" + key.encode(), hashlib.sha256).hexdigest()

    def mark_of(self, key_hmac: str) -> str:
        """The part of a project's key hash in links: rotating the key invalidates them."""
        return hmac.new(self._secret, b"link-key\0" + key_hmac.encode(), hashlib.sha256).hexdigest()[:16]

    def sign(self, link: Link) -> str:
        """A token that opens a link without a key until it expires."""
        return self.seal("link", msgspec.json.encode(link))

    def open(self, token: str, now: int) -> Link:
        """The link of a token. Raises NotFound when the token is not ours or has expired."""
        payload = self.unseal("link", token)
        try:
            link = None if payload is None else msgspec.json.decode(payload, type=Link)
        except msgspec.DecodeError:  # made by an older release
            link = None
        if link is None:
            raise NotFound("Unknown link.")
        if link.expires_at < now:
            raise NotFound("The link has expired; request a new one.")
        return link

    def seal(self, purpose: str, payload: bytes) -> str:
        """A token that holds a payload which anybody can read and nobody else can make, for one purpose."""
        return base64.urlsafe_b64encode(self._mark(purpose, payload) + payload).decode().rstrip("=")

    def unseal(self, purpose: str, token: str) -> bytes | None:
        """The payload of a token; None if we did not make it for this purpose."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        mark, payload = raw[:MARK_BYTES], raw[MARK_BYTES:]
        return payload if hmac.compare_digest(mark, self._mark(purpose, payload)) else None

    def _mark(self, purpose: str, payload: bytes) -> bytes:
        return hmac.new(self._secret, purpose.encode() + b"\0" + payload, hashlib.sha256).digest()[:MARK_BYTES]


def expiry(now: int, seconds: float) -> int:
    """When a link made now expires; at most a year from now."""
    return now + int(min(max(seconds, 1.0), 31_536_000.0) * SECOND)
