"""Settings from the environment (`SEASONED_*`) and the command line. Every setting has a working default."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from seasoned.clock import SECOND
from seasoned.errors import Invalid

PREFIX = "SEASONED_"
LARGEST = 1_000_000_000
MODELS = (
    "SEASONED_MODEL",
    "SEASONED_MODEL_EXTRACT",
    "SEASONED_MODEL_DISTILL",
    "SEASONED_MODEL_WRITE",
    "SEASONED_MODEL_FALLBACK",
)
# What a model's name begins with when it is a program to run, and the agents whose command line is known.
COMMAND = "command:"
AGENTS = ("claude-code", "codex", "gemini", "llm")
_MODEL = re.compile(rf"{COMMAND}\s*\S.*|{'|'.join(AGENTS)}|[^\s:,]+:[^\s,]+")
_AT_LEAST = {
    "sweep_seconds": 0.05,
    "body_seconds": 0.1,
    "write_seconds": 0.1,
    "answers_bytes_max": 1024 * 1024,
    "concurrency": 1,
    "attempts": 1,
    "batch_messages": 1,
    "batch_chars": 1,
    "write_queue": 1,
    "lessons_per_write": 1,
    "model_calls": 1,
    "model_output_tokens": 1,
}


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process. Times are in seconds and sizes in bytes, unless the name says otherwise."""

    home: Path = Path("~/.seasoned")
    """The folder that holds the database, the blobs and the key (`SEASONED_HOME`)."""
    database: str = ""
    """The database: `postgresql://user@host/name`; empty means an SQLite file in the home (`SEASONED_DATABASE`)."""
    blobs: str = ""
    """Where large files are stored: `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`, or a folder;
    empty means a folder in the home (`SEASONED_BLOBS`)."""
    blob_links: Literal["store", "server"] = "store"
    """Which signed URLs open large files: those of the object `store`, if it has any, or those of the `server`."""
    blob_grace_seconds: float = 86_400.0
    """How long a large file must be unreferenced before it is deleted."""
    collect_seconds: float = 60.0
    """How often a server checks up to 500 large files for unreferenced ones; 0 means never."""
    secret: str = ""
    """The secret that hashes keys and signs links, the same on all servers of one database; empty means the secret in
    the home folder (`SEASONED_SECRET`)."""
    public_url: str = ""
    """The base URL for links that the server returns, such as `https://seasoned.example.org`; empty means the request's
    Host header with http (`SEASONED_PUBLIC_URL`)."""
    api_key: str = ""
    """The default project's key; empty means the key in the home folder (`SEASONED_API_KEY`)."""
    model: str = ""
    """The language model: `provider:name`; or a program to run, `claude-code`, `codex`, `gemini`, `llm` or `command:`
    with its arguments; empty means the built-in rules (`SEASONED_MODEL`)."""
    model_extract: str = ""
    """Another model for finding tasks and preferences; empty means `model`."""
    model_distill: str = ""
    """Another model for what tasks teach; empty means `model`."""
    model_write: str = ""
    """Another model for placing lessons in skills; empty means `model`."""
    model_fallback: str = ""
    """Models to try in turn when one is unavailable: `provider:name`, separated by commas."""
    base_url: str = ""
    """The base URL for `openai:` models, for any OpenAI-compatible server; empty means the client's default."""
    model_timeout_seconds: float = 120.0
    """The timeout of a model call; after a timeout the next attempt gets twice as long."""
    model_timeout_seconds_max: float = 1_200.0
    """The longest timeout of a model call after earlier timeouts."""
    model_calls: int = 4
    """How many model calls may run at once."""
    model_output_tokens: int = 16_000
    """The most output tokens of a model call; lower it for servers that refuse this many."""
    price_input_usd: float = 0.0
    """The price of a million input tokens, for models that are not in the price list; 0 means use the list."""
    price_output_usd: float = 0.0
    """The price of a million output tokens, for models that are not in the price list; 0 means use the list."""
    budget_tokens: int = 0
    """How many tokens each project may spend a day (UTC) before learning pauses; 0 means no limit."""
    budget_usd: float = 0.0
    """How many dollars each project may spend a day (UTC) before learning pauses; 0 means no limit."""
    budget_space_tokens: int = 0
    """How many tokens each learning space may spend a day (UTC) before learning pauses; 0 means no limit."""
    budget_space_usd: float = 0.0
    """How many dollars each learning space may spend a day (UTC) before learning pauses; 0 means no limit."""
    quiet_seconds: float = 8.0
    """How long a session must be idle, with its turn over, before it is read."""
    stalled_seconds: float = 300.0
    """How long a session whose turn is not over must be idle before it is read anyway."""
    batch_messages: int = 200
    """The most messages that one extraction reads; that many waiting messages start one at once."""
    batch_chars: int = 200_000
    """The most characters that one extraction reads (a longer message is read alone, shortened)."""
    concurrency: int = 4
    """How many stages run at once in this process."""
    worker: Literal["process", "inline", "none"] = "process"
    """Where a server learns: in a separate `process`, `inline` in its own, or not at all (`none`; PostgreSQL only,
    where `seasoned worker` learns)."""
    drain_seconds: float = 20.0
    """How long a stopping worker waits for running stages (PostgreSQL only)."""
    sweep_seconds: float = 60.0
    """How often a worker sweeps the database for due work."""
    attempts: int = 5
    """How often a stage is tried before its work is parked with the reason."""
    retry_seconds: float = 2.0
    """The wait before the first retry; it doubles with each retry."""
    retry_seconds_max: float = 600.0
    """The longest wait before a retry."""
    flush_wait_seconds: float = 25.0
    """How long a flush waits for extraction before it answers that the work continues."""
    lessons_per_write: int = 20
    """The most lessons that one run of the write stage takes."""
    write_queue: int = 4_096
    """How many writes may be queued before new ones are refused."""
    log: Literal["text", "json"] = "text"
    """The format of the log on standard error: `text` for people, `json` for programs."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """The lowest level that is logged: `info` has a line for each request, stage and model call, `debug` also the
    errors of providers and drivers."""
    pages: Literal["edit", "read", "none"] = "edit"
    """What the pages of the server allow: to `edit`, only to `read`, or nothing at all (`none`)."""
    metrics_token: str = ""
    """The bearer token that `/metrics` requires; empty means that only this machine may read it."""
    body_bytes_max: int = 32 * 1024 * 1024
    """The largest request body, except for a skill's ZIP."""
    skill_zip_bytes_max: int = 52 * 1024 * 1024
    """The largest request body with a skill's ZIP; with the default, every downloaded ZIP can be uploaded again."""
    body_seconds: float = 30.0
    """How long a client may take to send the headers, and then the body."""
    write_seconds: float = 30.0
    """How long a client may leave a response unread before its connection is closed."""
    answers_bytes_max: int = 96 * 1024 * 1024
    """About how much memory all large responses in progress may use together; others wait."""
    message_bytes_max: int = 8 * 1024 * 1024
    """The largest message, as JSON."""
    inline_bytes_max: int = 64 * 1024
    """Content above this size goes to the object store instead of a row."""

    artifact_bytes_max: int = 16 * 1024 * 1024
    """The largest file on a disk."""
    disk_files_max: int = 10_000
    """The most files on a disk."""
    search_seconds: float = 5.0
    """How long a search of a disk's files may take."""

    @property
    def models(self) -> dict[str, list[str]]:
        """The models that are set, by the names of the settings (`SEASONED_MODEL...`)."""
        given = {setting: [getattr(self, setting.removeprefix(PREFIX).lower())] for setting in MODELS}
        given[MODELS[-1]] = self.model_fallback.split(",")
        return {setting: [name.strip() for name in names if name.strip()] for setting, names in given.items()}

    @property
    def home_path(self) -> Path:
        """The home folder with `~` resolved."""
        return self.home.expanduser().absolute()

    def backoff(self, attempts: int) -> int:
        """How long to wait after `attempts` earlier failures, in microseconds: doubling, up to a limit."""
        return int(min(self.retry_seconds * 2 ** min(attempts, 32), self.retry_seconds_max) * SECOND)


def load(environ: Mapping[str, str] | None = None, **given: object) -> Config:
    """The settings of the environment, overridden by what is given (None means not given).

    Raises Invalid, naming the variable with the invalid value.
    """
    source = os.environ if environ is None else environ
    raw: dict[str, object] = {}
    for field in Config.__struct_fields__:
        value = source.get(PREFIX + field.upper())
        if value not in (None, ""):
            raw[field] = value
    raw.update({key: value for key, value in given.items() if value is not None})
    try:
        config = msgspec.convert(raw, Config, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        said, _, at = str(error).partition(" - at `$.")
        name = at.rstrip("`")
        hint = get_type_hints(Config).get(name)
        allowed = f"; it may be {' or '.join(get_args(hint))}" if get_origin(hint) is Literal else ""
        raise Invalid(f"{PREFIX}{name.upper()} cannot be used: {said[:1].lower()}{said[1:]}{allowed}.") from None
    for field in Config.__struct_fields__:
        amount = getattr(config, field)
        if isinstance(amount, (int, float)) and not 0 <= amount <= LARGEST:
            raise Invalid(f"{PREFIX}{field.upper()} must be a number from 0 to {LARGEST}.")
    for field, least in _AT_LEAST.items():
        if getattr(config, field) < least:
            raise Invalid(f"{PREFIX}{field.upper()} must be at least {least}.")
    _check_models(config)
    if config.public_url and not (is_web_address(config.public_url) and not _has_query(config.public_url)):
        raise Invalid(f"{PREFIX}PUBLIC_URL must be a URL such as https://seasoned.example.org, without a query.")
    return config


def _check_models(config: Config) -> None:
    """Check the names of models and their base URL. Raises Invalid."""
    for setting, names in config.models.items():
        for name in names:
            if not _MODEL.fullmatch(name):
                raise Invalid(f"{setting} must be provider:name, such as openai:gpt-5-mini, not {name[:80]!r}.")
    if config.base_url and not is_web_address(config.base_url):
        raise Invalid(
            "--base-url or SEASONED_BASE_URL must be a URL such as http://127.0.0.1:8000/v1, "
            f"not {config.base_url.split('?', 1)[0][:80]!r}."
        )


def is_web_address(url: str) -> bool:
    """Whether a text is an HTTP URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _has_query(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.query or parts.fragment)


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, (str, Path)):
        return Path(value)
    raise NotImplementedError(kind)
