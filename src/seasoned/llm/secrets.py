"""Finding secrets in text and putting `[redacted:kind]` in their place.

The base are the patterns of detect-secrets, used directly: its settings are global to a process and its entropy plugins take
prose for secrets. Our own shapes add what it misses: credentials in URLs, headers, assignments and sentences, tokens with a
vendor's prefix, payment cards. Ids, hashes and digests are left alone.
"""

import re
from collections.abc import Callable, Iterator

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

# Longer runs of text are looked at in windows, so that a hostile line cannot cost more than its length.
WINDOW = 4_000
OVERLAP = 400
VALUE_CHARS_MIN = 6

_DETECTORS: tuple[RegexBasedDetector, ...] = (
    ArtifactoryDetector(),
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    DiscordBotTokenDetector(),
    JwtTokenDetector(),
    MailchimpDetector(),
    NpmDetector(),
    SendGridDetector(),
    SlackDetector(),
    SquareOAuthDetector(),
    StripeDetector(),
    TelegramBotTokenDetector(),
    TwilioKeyDetector(),
)

_KEY = (
    r"(?:[\w-]{0,40}[_-])?(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|private[_-]?key"
    r"|client[_-]?secret|credentials?)"
)
_VALUE = r"[^\s\"'`,;<>(){}\[\]]{6,200}"

# Each names a kind, and a pattern whose group `secret` goes.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private-key",
        re.compile(
            r"(?P<secret>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,3800}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?)"
        ),
    ),
    (
        "credentials",
        re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,80}:(?P<secret>[^\s/@\"'<>]{3,200})@", re.IGNORECASE),
    ),
    ("credentials", re.compile(r"\bhttps?://(?P<secret>[A-Za-z0-9_-]{20,200})@")),
    (
        "token",
        re.compile(
            r"\b(?P<secret>(?:sk|pk|rk)[-_](?:live|test|ant|proj|or|ac)?[-_]?[A-Za-z0-9_-]{16,200}|gh[pousr]_[A-Za-z0-9]{16,255}"
            r"|github_pat_\w{20,255}|glpat-[\w-]{16,100}|xox[abeoprs]-[\w-]{10,200}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,60}|ya29\.[\w-]{20,400}"
            r"|hf_[A-Za-z0-9]{20,100}|npm_[A-Za-z0-9]{20,100}|pypi-[\w-]{20,300}|dop_v1_[a-f0-9]{32,80}|shp(?:at|ss|ca)_[a-f0-9]{20,80}"
            r"|SG\.[\w-]{16,80}\.[\w-]{16,80}|eyJ[\w-]{10,1000}\.eyJ[\w-]{10,2000}(?:\.[\w-]{4,1000})?"
            r"|[A-Za-z][A-Za-z0-9]{1,14}_(?:live|test|prod|sandbox|secret|pat|tok|token|key)_[A-Za-z0-9_-]{12,200})"
        ),
    ),
    (
        "header",
        re.compile(r"\b(?:bearer|basic)[ \t]+(?P<secret>[A-Za-z0-9._~+/=-]{12,2000})", re.IGNORECASE),
    ),
    (
        "assigned",
        re.compile(
            rf"(?<![\w-])[\"']?(?P<key>{_KEY})[\"']?[ \t]{{0,4}}(?:=>|:=|=|:)[ \t]{{0,4}}[\"'`]?(?P<secret>{_VALUE})",
            re.IGNORECASE,
        ),
    ),
    ("assigned", re.compile(rf"--(?P<key>{_KEY})[= ][\"']?(?P<secret>{_VALUE})", re.IGNORECASE)),
    (
        "stated",
        re.compile(
            rf"\b(?P<key>password|passphrase|passcode|pwd|api key|access key|token|secret|login) (?:is|was|=)(?: now)?[ :]{{1,3}}[\"'`]?(?P<secret>{_VALUE})",
            re.IGNORECASE,
        ),
    ),
    # Credentials on a command line or in a note: `+login NAME PASSWORD`, `-u NAME:PASSWORD`, `login NAME / PASSWORD`.
    ("assigned", re.compile(rf"[+-]{{1,2}}login[ \t]+[^\s+-]\S{{0,80}}[ \t]+(?P<secret>{_VALUE})", re.IGNORECASE)),
    ("assigned", re.compile(rf"(?<!\S)(?:-u|--user)[ \t=]*[\w.@-]{{1,80}}:(?P<secret>{_VALUE})")),
    ("stated", re.compile(rf"\blog[ -]?in:?[ \t]+[\w.@-]{{1,60}}[ \t]*/[ \t]*(?P<secret>{_VALUE})", re.IGNORECASE)),
    (
        "credentials",
        re.compile(r"(?<![\w/@])[\w.-]{2,40}:(?P<secret>[^\s/@:\"'<>\[\]]{6,80})@[\w-]{1,60}\.[\w.-]{2,60}"),
    ),
    (
        "card",
        re.compile(
            r"(?<![\w.-])(?P<secret>\d{4}([ -])\d{4}\2\d{4}\2\d{4}(?:\2\d{1,3})?|3[47]\d{2}([ -])\d{6}\3\d{5})(?![\w-])"
        ),
    ),
    (
        "card",
        re.compile(
            r"(?<![\w.-])(?P<secret>(?:4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}))(?![\w.-])"
        ),
    ),
)

_PLACEHOLDER = re.compile(
    r"(?:[*.x_-]+|\$.*|%.*|<.*|\{.*|\[redacted.*|(?:your|my|the|some|an?|no|new|old|wrong|same|not|required|invalid|missing|expired"
    r"|none|null|true|false|string|redacted|changeme|example|placeholder|undefined|empty|hidden|secret|password|token|value)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*[.!?]?")
_CODE = re.compile(
    r"[A-Za-z_][\w.]*[(\[].*|[a-z_]+(?:\.[a-z_]+)+|(?:os|process|self|config|settings|args|env)\..*", re.DOTALL
)


def redact(text: str) -> str:
    """The text with every secret replaced by `[redacted:kind]`. Redacting again changes nothing."""
    spans = _merge(_find(text))
    if not spans:
        return text
    pieces, position = [], 0
    for start, end, kind in spans:
        pieces += [text[position:start], f"[redacted:{kind}]"]
        position = end
    return "".join([*pieces, text[position:]])


def contains_secret(text: str) -> bool:
    """Whether redacting would change the text."""
    return next(_find(text), None) is not None


def _find(text: str) -> Iterator[tuple[int, int, str]]:
    for offset in range(0, max(len(text), 1), WINDOW - OVERLAP):
        window = text[offset : offset + WINDOW]
        for kind, pattern in _SHAPES:
            for match in pattern.finditer(window):
                if _is_secret(kind, match):
                    start, end = match.span("secret")
                    yield offset + start, offset + end, kind
        for detector in _DETECTORS:
            for pattern in detector.denylist:
                for match in pattern.finditer(window):
                    if "[redacted:" not in match.group():
                        yield offset + match.start(), offset + match.end(), "token"


def _is_secret(kind: str, match: re.Match[str]) -> bool:
    value = match["secret"]
    checks: dict[str, Callable[[str], bool]] = {
        "card": _is_card,
        "header": lambda text: _is_assigned(text) and any(c.isdigit() for c in text),
        "assigned": _is_assigned,
        "stated": _is_assigned,
        "credentials": lambda text: not _PLACEHOLDER.fullmatch(text),
    }
    return checks[kind](value) if kind in checks else "[redacted" not in value


def _is_card(value: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1), and an issuer's first digit."""
    digits = [int(c) for c in value if c.isdigit()]
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits))]  # noqa: PLR2004
    return digits[0] in (2, 3, 4, 5, 6) and sum(doubled) % 10 == 0 and len(set(digits)) > 2  # noqa: PLR2004


def _is_assigned(value: str) -> bool:
    """Whether what is assigned to a secret's name looks like one, not like a word, a variable or a placeholder."""
    bare = value.rstrip(".,:;!?")
    if len(bare) < VALUE_CHARS_MIN or _PLACEHOLDER.fullmatch(bare) or _WORD.fullmatch(bare) or _CODE.fullmatch(bare):
        return False
    kinds = [any(map(test, bare)) for test in (str.isdigit, str.isupper, str.islower)]
    return sum(kinds) >= 2 or any(not c.isalnum() for c in bare.strip("-_."))  # noqa: PLR2004


def _merge(found: Iterator[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    merged: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(found, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
        else:
            merged.append((start, end, kind))
    return merged
