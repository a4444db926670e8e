"""Finding secrets in text and putting `[redacted:kind]` in their place.

The base are the patterns of detect-secrets, used directly: its settings are global to a process and its entropy plugins
take prose for secrets. Our own shapes add what it misses: credentials in URLs, headers, assignments and sentences,
tokens with a vendor's prefix, payment cards. Ids, hashes and digests are left alone.

Text may be megabytes of hostile input, so each pattern is linear: its repetitions are bounded, or end the pattern, or
cannot start again inside themselves.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

VALUE_CHARS_MIN: Final = 6
KEY_BLOCK_CHARS_MAX: Final = 40_000
ROUNDS_MAX: Final = 8


class Span(NamedTuple):
    """A secret's place in a text."""

    start: int
    end: int
    kind: str


# Left out: the entropy, keyword and address plugins, which flag prose, and OpenAI, JWT, npm, basic-auth, IBM, Softlayer
# and Cloudant, whose patterns are superlinear or take the rest of the line; our shapes cover what those look for.
_DETECTORS: Final[tuple[type[RegexBasedDetector], ...]] = (
    ArtifactoryDetector,
    AWSKeyDetector,
    AzureStorageKeyDetector,
    DiscordBotTokenDetector,
    GitHubTokenDetector,
    GitLabTokenDetector,
    MailchimpDetector,
    PypiTokenDetector,
    SendGridDetector,
    SlackDetector,
    SquareOAuthDetector,
    StripeDetector,
    TelegramBotTokenDetector,
    TwilioKeyDetector,
)
# Patterns so loose that they match words too: what they find must have digits, small and capital letters.
_LOOSE: Final = (ArtifactoryDetector, DiscordBotTokenDetector, TelegramBotTokenDetector)
_DENYLISTS: Final[tuple[tuple[re.Pattern[str], bool], ...]] = tuple(
    (pattern, detector in _LOOSE) for detector in _DETECTORS for pattern in detector().denylist
)

_MARKER: Final = re.compile(r"\[redacted:[a-z-]{1,20}\]")
_QUOTE: Final = r"\\{0,3}[\"'`]"
# An unquoted value ends at white space, a quote or a bracket, and where the next field of a list or a query begins.
_BARE: Final = r"(?:[^\s\"'`\\<>(){}\[\],;&]|[,;&](?![\s\"'`\\,;&]|[\w.-]{1,40}[=:]|\Z))"
_QUOTED: Final = r"[^\s\"'`\\]"
_VALUE: Final = rf"(?:(?P<quote>{_QUOTE})(?=(?P<quoted>{_QUOTED}{{6,80}}))|(?=(?P<bare>{_BARE}{{6,80}})))"
_MORE: Final = {"quoted": re.compile(_QUOTED + "*"), "bare": re.compile(_BARE + "*")}

_STRONG: Final = (
    r"password|passwd|passwort|kennwort|contraseña|passphrase|passcode|pwd|(?<![a-z])pw(?![a-z])|mot de passe|senha|wachtwoord|lösenord|hasło|пароль"
    r"|密码|密碼|パスワード|비밀번호"
)
_WEAK: Final = (
    r"secret|token|(?:api|access|auth|private|signing|encryption|account|secret|licen[cs]e)[_ -]?key|credentials?"
    r"|(?<![a-z])creds?|(?<![a-z])pass"
)
# What may follow a secret's name without making it the name of something else.
_OF_KEY: Final = r"(?:[_-](?:base|prod|production|dev|staging|live|test|value|main|primary|secondary|old|new|root|admin|db|v?\d{1,2}))?"
# The word inside a marker is no name of a secret.
_KEY: Final = rf"(?<!\[redacted:)(?P<key>{_STRONG}|{_WEAK})"
_IS_STRONG: Final = re.compile(_STRONG, re.IGNORECASE)
_HARMLESS_KEY: Final = re.compile(
    r"(?:next|page|prev|continuation|cursor|sync|resume|pad|eos|bos|unk|mask|sep|cls|stop|special|max|min|num|public"
    r"|cancellation)(?:[_-]?page)?[_-]?\Z",
    re.IGNORECASE,
)
_ASSIGNMENTS: Final = (
    re.compile(
        # The last alternative: a quoted name with its quoted value as two arguments.
        rf"{_KEY}{_OF_KEY}(?:(?:{_QUOTE})?\]?[ \t]{{0,8}}(?:=>|:=|={{1,3}}|!==?|::?|：)[ \t]{{0,8}}(?:[@fbr](?=[\"'`]))?"
        rf"|{_QUOTE}[ \t]{{0,3}},[ \t]{{0,3}}(?={_QUOTE})){_VALUE}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<!\S)--?[a-z_-]{{0,40}}?{_KEY}[ \t]{{1,4}}{_VALUE}", re.IGNORECASE),
    re.compile(
        rf"{_KEY} (?:for|of|to|on|at|von|für|zu) (?:[\w.@/-]{{1,40}} ){{0,3}}[\w.@/-]{{1,40}}:[ \t]{{1,3}}{_VALUE}",
        re.IGNORECASE,
    ),
    # A name and its value as two attributes, or as a tag, of XML.
    re.compile(
        rf"\b(?:name|key|id)={_QUOTE}[\w.:-]{{0,60}}?{_KEY}{_OF_KEY}{_QUOTE}\s{{1,10}}value=(?={_QUOTE}){_VALUE}",
        re.IGNORECASE,
    ),
    re.compile(rf"<[\w:.-]{{0,40}}?{_KEY}{_OF_KEY}>{_VALUE}", re.IGNORECASE),
    # A name and its value as two fields, as containers' environments are written.
    re.compile(
        rf"\bname(?:{_QUOTE})?:[ \t]{{0,4}}(?:{_QUOTE})?[\w.-]{{0,60}}?{_KEY}(?:{_QUOTE})?,?\s{{1,40}}"
        rf"(?:{_QUOTE})?value(?:{_QUOTE})?:[ \t]{{0,4}}{_VALUE}",
        re.IGNORECASE,
    ),
)
_SENTENCES: Final = (
    re.compile(
        rf"\b(?<!\[redacted:)(?P<key>{_STRONG}|(?:api|access|secret) key|(?:signing |root |access |client |refresh |bot )?(?:token|secret)|[a-z]{{2,20}} key|pin code|login)"
        rf"(?: (?:for|of|to|on|at) (?:[\w.@/-]{{1,40}} ){{1,4}}?|[ ,]{{1,2}})"
        rf"(?:is|was|are|=|to|reads|remains|ist|lautet|es|est|é)(?: (?:now|still|set to|just|currently))?[ :]{{1,3}}{_VALUE}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?:\b|(?<=[^\x00-\x7f]))(?<!\[redacted:)(?P<key>{_STRONG})[ \n]{_VALUE}", re.IGNORECASE),
    re.compile(
        rf"\b(?<!\[redacted:)(?P<key>log[ -]?in|credentials|creds|sign[ -]?in)(?: (?:is|are|with|as))?:?[ \t]{{1,3}}"
        rf"[\w.@-]{{1,60}}[ \t]{{0,3}}/[ \t]{{0,3}}{_VALUE}",
        re.IGNORECASE,
    ),
)
_COMMANDS: Final = (
    re.compile(rf"\+login[ \t]{{1,4}}[^\s+-][^\s]{{0,80}}[ \t]{{1,4}}{_VALUE}", re.IGNORECASE),
    re.compile(rf"(?<!\S)(?:-u|--user)[ \t=]{{0,3}}[\"']?[\w.@-]{{1,80}}:{_VALUE}"),
    re.compile(
        r"\b(?:mysql\w{0,10}|mariadb\w{0,10}|sshpass|redis-cli|(?:docker|podman|helm registry|az|oc|skopeo|npm) login)"
        rf"\b[^\n|]{{0,200}}?[ \t]-[pa][ \t]{{0,2}}{_VALUE}"
    ),
    re.compile(
        rf"\b(?:openssl [^\n|]{{0,120}}?[ \t]-(?:k|pass(?:in|out)?[ \t]pass:)|(?:un)?zip\b[^\n|]{{0,80}}?[ \t]-P|ldap\w{{3,8}}\b[^\n|]{{0,160}}?[ \t]-w|7za? [^\n|]{{0,80}}?[ \t]-p)[ \t]{{0,2}}{_VALUE}"
    ),
    re.compile(
        rf"\bhtpasswd[ \t]{{1,3}}-\w{{0,6}}b\w{{0,6}}[ \t]{{1,3}}\S{{1,120}}[ \t]{{1,3}}\S{{1,60}}[ \t]{{1,3}}{_VALUE}"
    ),
    re.compile(rf"\bauth[ \t]{{0,2}}=[ \t]{{0,2}}\([\"'][^\"'\n]{{1,80}}[\"'],[ \t]{{0,2}}{_VALUE}"),
    re.compile(rf"(?<!\S)-U[ \t]{{0,2}}[\w.\\-]{{1,60}}%{_VALUE}"),
)
_IN_URL: Final = re.compile(r"://[^\s/:@\"'<>\\]{0,80}:(?P<secret>[^\s/\"'<>\\]{3,200})@(?=[\w\[.$-])")
_URL_TOKEN: Final = re.compile(r"\bhttps?://(?P<secret>[\w-]{20,200})@")
_BEFORE_HOST: Final = re.compile(
    r"(?<![\w./@:-])[\w.-]{2,40}:(?P<secret>[^\s/@:\"'<>\[\]\\]{6,80})@[\w-]{1,60}\.[\w.-]{2,60}"
)
_HEADER: Final = re.compile(
    r"\b(?:bearer|basic|authorization\\?[\"']?[ \t]{0,2}:[ \t]{0,2}\\?[\"']?token)[ \t]{1,4}"
    r"(?P<secret>[A-Za-z0-9._~+/=-]{12,})",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(
    r"[?&](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature)=(?P<secret>[\w%+/=.-]{12,})",
    re.IGNORECASE,
)
_PREFIXED: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?P<secret>(?:[spr]k[-_](?:live|test|ant|proj|or|svcacct|admin)?[-_]?|gh[pousr]_|github_pat_"
    r"|gl[a-z]{2,6}-|GR1348941|xox[a-z]-|xapp-|ya29\.|AIza|hf_|api_org_|npm_|pypi-|do[opr]_v1_|shp(?:at|ss|ca|pa)_|SG\.|GOCSPX-|dckr_[a-z]{2,4}_"
    r"|lin_(?:api|oauth)_|figd_|dapi|sntry[su]_|PMAK-|dp\.(?:pt|st|ct|sa|scim|audit)\.|hv[sbr]\.|rubygems_|NR(?:AK|II|JS|RA)-|gl(?:sa|c)_|gsk_|xai-|r8_"
    r"|AGE-SECRET-KEY-1|whsec_|sq0[a-z]{3}-|EAA[A-Z]|AT(?:ATT|CTT|BB|TA)3?|ntn_|secret_|pscale_(?:pw|tkn|oauth)_|sb[ps]_|pplx-|FLW(?:SEC|PUB)K[-_]"
    r"|pul-|CCIPAT_|bk(?:ua|ct)_|tskey-|tfp_|xkeysib-|sm_aat_|sgp_|dt0c01\.|EZ[AT]K|LTAI|HRKU-|oy2|pnu_|rdme_|sl\.|sk\.eyJ|pcsk_|lsv2_|sha256~"
    r"|pat-[a-z]{2}\d-|sq[upa]_|CLOJARS_|ico-|shippo_(?:live|test)_|duffel_(?:live|test)_|fio-u-|key-(?=[0-9a-f]{32})|AQVN|1//0|PRIVATE-)"
    r"(?P<rest>[\w.~/-]{16,}={0,2}\w{0,12}))"
)
# Tokens with a mark in their middle.
_MARKED: Final = re.compile(
    r"(?<![\w.])(?P<secret>[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}|pat[A-Za-z0-9]{14}\.[0-9a-f]{40,}|SSWS (?P<sent>[\w-]{24,}))"
)
# A random word of some length is a secret where a word before it says so; without that it may be any id.
_NEAR_WORD: Final = re.compile(
    r"(?<![A-Za-z])(?:key|token|secret|password|credentials?|bearer|apikey|keypair)s?(?![A-Za-z_])(?P<between>[^\n]{0,40}?)(?<![\w/.:=@#-])(?P<secret>[A-Za-z0-9_+/-]{24,200}={0,2})(?![\w.@/-])",
    re.IGNORECASE,
)
_GIVEN_OUT: Final = re.compile(
    r"(?<![\w/.:=@#-])(?P<secret>[A-Za-z0-9_+-]{24,200}={0,2}) (?:as|is|was|for) (?:the |a |its |your |my )?(?:\w{2,16} ){0,2}(?:key|token|secret|password)\b",
    re.IGNORECASE,
)
_NOT_SECRET: Final = re.compile(
    r"\b(?:public|primary|foreign|sort|cache|partition|fingerprint|sha\d{0,3}|digest|checksum|hash|commit|file|path|name|id)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"\b(?:(?:recovery|backup|verification|security|2fa|mfa|otp|one[- ]time|activation)[ -](?:code|password|pin|key)s?|pin[ -]code|licen[cs]e key|(?-i:PIN)|ssn|social security number)"
    r"(?: (?:for|of) (?:[\w-]{1,20} ){1,3}?| )?(?:is|was|ist|:|=)?[ \t]{0,3}[\"'`]?(?P<secret>(?=[A-Za-z-]{0,20}\d)(?=[\w-]{4})[A-Za-z0-9]{2,12}(?:-[A-Za-z0-9]{2,8}){0,6})(?![\w-])",
    re.IGNORECASE,
)
_COOKIE: Final = re.compile(
    r"\b(?:session(?:id|_id|_token|-token)?|jsessionid|phpsessid|connect\.sid|sid|remember_token|auth|csrftoken|xsrf-token)=(?P<secret>[\w%+/.:-]{16,})",
    re.IGNORECASE,
)
_PASS_FILE: Final = re.compile(
    r"(?<!\S)[\w.*-]{1,100}:(?:\d{2,5}|\*):[\w.*-]{1,60}:[\w.*-]{1,60}:(?P<secret>[^\s:\"'`]{4,80})(?!\S)"
)
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_VENDOR: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?P<secret>[A-Za-z][A-Za-z0-9]{1,14}_(?P<stage>live|test|prod|sandbox|secret|pat|tok|token|key)_"
    r"(?P<rest>[A-Za-z0-9_-]{12,}))"
)
_AWS: Final = re.compile(r"(?<![A-Za-z0-9])(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?![A-Za-z0-9])")
_JWT: Final = re.compile(r"(?<![\w.-])(?P<secret>eyJ[\w-]{10,}(?:\.[\w-]{4,}){1,4})")
_WEBHOOK: Final = re.compile(r"discord(?:app)?\.com/api/webhooks/\d{10,25}/(?P<secret>[\w-]{20,})")
# The look-ahead lets a card be found although the digits before it began a match that is none.
_CARD: Final = re.compile(
    r"(?<![\w.-])(?=(?P<secret>\d{4}([ -])\d{4}\2\d{4}\2\d{4}(?:\2\d{1,3})?|3[47]\d{2}([ -])\d{6}\3\d{5}"
    r"|(?:4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}))(?![\w-]|\.\d))"
)
_PEM: Final = re.compile(
    r"-----(?P<which>BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\bPrivate-Lines: ?\d{1,4}"
)
_PEM_BODY: Final = re.compile(r"[A-Za-z0-9+/=]{16}")
_PEM_LINE: Final = re.compile(r"(?:\s|\\[nrt]){0,8}(?:[A-Za-z0-9+/]{16,100}|[A-Za-z0-9+/]{1,100}={1,2})(?![\w.,=+/-])")

_TEMPLATE: Final = re.compile(
    r"[*.xX_•#-]+|\$\{?\w+\}?|\$[({].*|%\w+%|%[sdr(].*|<.*|\{.*|.*(?:\{\{|\$\{|#\{|<%|\[redacted).*|\w+://.*"
    r"|(?:\.{0,2}|~)/.*|(?:your|example|changeme|placeholder|redacted|dummy)(?:[\W_].*)?",
    re.IGNORECASE,
)
_PIECE: Final = re.compile(r"[^\W\d_]+\d{0,4}|\d*[a-z]{0,3}")
_SPLIT: Final = re.compile(r"[_\-.:/=,;+'’]+")
_NUMBERED: Final = re.compile(r"[^\W\d_]{2,}\d{1,4}")
_ALGORITHM: Final = re.compile(
    r"(?:sha|md|base|utf|argon|pbkdf|scram|oauth|bcrypt|aes|rsa|version|step|page|line)\d", re.IGNORECASE
)
_EXPRESSION: Final = re.compile(
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|(?:self|this|os|process|config|settings|args|env|ctx|request|response)\..*"
)
_SIGN: Final = re.compile(r"[^\w\s.,:;'’/=()\[\]<>{}|?!*…–—→-]|[!*]\w")
_NAMES: Final = re.compile(
    r"(?:access|account|admin|api|app|auth|base|client|config|credential|credentials|db|default|dummy|env|"
    r"example|file|foo|from|get|hash|here|key|local|my|name|new|none|null|old|pass|passphrase|password|pwd|"
    r"placeholder|prod|root|secret|secrets|service|set|test|token|user|username|value|var|your)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with every secret replaced by `[redacted:kind]`. Redacting again changes nothing."""
    # A secret that is gone may uncover another one beside it, so the search goes on until nothing is found.
    for _ in range(ROUNDS_MAX):
        spans = _merge(_find(text))
        if not spans:
            break
        pieces, position = [], 0
        for start, end, kind in spans:
            pieces += [text[position:start], f"[redacted:{kind}]"]
            position = end
        text = "".join([*pieces, text[position:]])
    return text


def contains_secret(text: str) -> bool:
    """Whether redacting would change the text."""
    return next(_find(text), None) is not None


def _find(text: str) -> Iterator[Span]:
    """Every secret, in no order; spans may overlap each other, but never a marker that stands in the text already."""
    if "[redacted:" not in text:
        yield from _candidates(text)
        return
    for span in _candidates(text):
        # A marker that the span touches begins at most its own length before it.
        if not any(
            found.end() > span.start
            for found in _MARKER.finditer(text, max(0, span.start - 32), span.end + 32)
            if found.start() < span.end
        ):
            yield span


def _candidates(text: str) -> Iterator[Span]:
    yield from _private_keys(text)
    yield from _matches(text, "credentials", _IN_URL, lambda match: _is_url_password(match["secret"]))
    yield from _matches(text, "credentials", _URL_TOKEN, lambda match: _is_random(match["secret"]))
    yield from _matches(text, "credentials", _BEFORE_HOST, lambda match: _is_random(match["secret"], mixed=True))
    yield from _matches(text, "token", _PREFIXED, lambda match: _is_random(match["rest"]))
    yield from _matches(text, "token", _VENDOR, _is_vendor_token)
    yield from _matches(text, "token", _MARKED, lambda _: True)
    yield from _matches(text, "token", _NEAR_WORD, _is_meant)
    yield from _matches(text, "token", _GIVEN_OUT, lambda match: _has_three_kinds(match["secret"]))
    yield from _matches(text, "token", _COOKIE, lambda match: _is_random(match["secret"]))
    yield from _matches(text, "stated", _CODE, lambda _: True)
    yield from _matches(text, "credentials", _PASS_FILE, lambda match: _is_random(match["secret"]))
    for pattern in (_AWS, _JWT, _WEBHOOK):
        yield from _matches(text, "token", pattern, lambda _: True)
    yield from _matches(text, "token", _SIGNED, lambda match: _is_random(match["secret"]))
    yield from _matches(text, "header", _HEADER, lambda match: _is_random(match["secret"]))
    yield from _matches(text, "card", _CARD, lambda match: _is_card(match["secret"]))
    for listed, loose in _DENYLISTS:
        for match in listed.finditer(text):
            if not _is_drawn(match.group()) and (not loose or _has_three_kinds(match.group())):
                yield _trimmed(text, match.start(), match.end())
    yield from _values(text, "assigned", _ASSIGNMENTS, _is_assigned)
    yield from _values(text, "assigned", _COMMANDS, lambda _, value: _is_random(value))
    yield from _values(text, "stated", _SENTENCES, _is_stated)


def _matches(text: str, kind: str, pattern: re.Pattern[str], accept: Callable[[re.Match[str]], bool]) -> Iterator[Span]:
    for match in pattern.finditer(text):
        if accept(match):
            yield Span(*match.span("secret"), kind)


def _values(
    text: str, kind: str, patterns: Iterable[re.Pattern[str]], accept: Callable[[re.Match[str], str], bool]
) -> Iterator[Span]:
    """What is given to a secret's name. A match ends where the value begins, since a value may hold the next name."""
    for pattern in patterns:
        covered = 0
        for match in pattern.finditer(text):
            group = "bare" if match["quoted"] is None else "quoted"
            start, end = match.span(group)
            if start < covered or not accept(match, match[group]):
                continue
            more = _MORE[group].match(text, end)
            covered = more.end() if more else end
            if group == "bare":
                covered = start + len(text[start:covered].rstrip(".,:;!?"))
            yield Span(start, covered, kind)


def _is_assigned(match: re.Match[str], value: str) -> bool:
    start, after = match.start("key"), _after(match)
    if _HARMLESS_KEY.search(match.string[max(0, start - 24) : start]):
        return False
    if match["quote"]:
        if after in (" ", "\t") and _is_plain(value):
            return False
    else:
        if after in ("(", "[", "{") or _is_expression(value):
            return False
        value = value.rstrip(".,:;!?")
    return _fits_key(match["key"], value)


def _is_stated(match: re.Match[str], value: str) -> bool:
    """In a sentence any word may follow, so that an unquoted value must look like no word at all."""
    if match["quote"] and _after(match) in ("'", '"', "`", "\\"):
        return _fits_key(match["key"], value)
    value = value.rstrip(".,:;!?")
    if len(value) < VALUE_CHARS_MIN or _after(match) in ("(", "[", "{") or _is_expression(value):
        return False
    numbered = _NUMBERED.fullmatch(value) is not None and not _ALGORITHM.match(value)
    return _is_random(value) or (numbered and _IS_STRONG.fullmatch(match["key"]) is not None)


def _is_expression(value: str) -> bool:
    """Whether it is a piece of code that names a value: `settings.api_key`."""
    return _EXPRESSION.fullmatch(value) is not None and _is_plain(value)


def _after(match: re.Match[str]) -> str:
    """The character behind a match's value; empty at the end."""
    end = match.end("bare" if match["quoted"] is None else "quoted")
    return match.string[end : end + 1]


def _fits_key(key: str, value: str) -> bool:
    """Whether a value is a secret given the name that it has: a password may be any non-word, a token looks random."""
    if len(value) < VALUE_CHARS_MIN or _TEMPLATE.fullmatch(value):
        return False
    if _IS_STRONG.fullmatch(key):
        return not _is_name(value) and not value.isalpha()
    return _is_random(value, mixed=not any(map(str.isdigit, value)))


def _is_meant(match: re.Match[str]) -> bool:
    """Whether a random word is the key or token that a word before it speaks of."""
    return (
        _has_three_kinds(match["secret"])
        and not _is_plain(match["secret"])
        and not _NOT_SECRET.search(match.string[max(0, match.start() - 24) : match.start("secret")])
    )


def _is_drawn(value: str) -> bool:
    """Whether it is the picture of a secret: `ghp_xxxxxxxx`."""
    longest = max(re.split(r"[^A-Za-z0-9*.]", value), key=len)
    return len(set(longest)) <= 2  # noqa: PLR2004 - one character, perhaps two in turn


def _is_plain(value: str) -> bool:
    """Whether it is made of words and small numbers, as names, versions and prose are."""
    return all(_PIECE.fullmatch(piece) for piece in _SPLIT.split(value))


def _is_random(value: str, *, mixed: bool = False) -> bool:
    """Whether no reading as words explains it: letters and digits mingled, or signs that words do not have.

    With `mixed` it must also have all but one of digits, capitals, small letters and signs.
    """
    if _TEMPLATE.fullmatch(value) or _UUID.fullmatch(value) or _is_drawn(value):
        return False
    signs = _SIGN.search(value) is not None
    kinds = signs + sum(any(map(test, value)) for test in (str.isdigit, str.isupper, str.islower))
    return (signs or not _is_plain(value)) and kinds >= (3 if mixed else 2)


def _is_name(value: str) -> bool:
    """Whether it names a secret rather than being one: `db_password`, `my-token`."""
    pieces = _SPLIT.split(value)
    return all(map(str.isalpha, pieces)) and any(map(_NAMES.fullmatch, pieces))


def _has_three_kinds(value: str) -> bool:
    return all(any(map(test, value)) for test in (str.isdigit, str.isupper, str.islower))


def _is_vendor_token(match: re.Match[str]) -> bool:
    # Only `live` is said of nothing but keys; image tags and the names of tests carry the other words too.
    return _is_random(match["rest"]) and (match["stage"] == "live" or _has_three_kinds(match["rest"]))


def _is_url_password(value: str) -> bool:
    return not _TEMPLATE.fullmatch(value) and not _NAMES.fullmatch(value)


def _is_card(value: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1), and an issuer's first digit."""
    digits = [int(c) for c in value if c.isdigit()]
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits))]  # noqa: PLR2004
    return digits[0] in (2, 3, 4, 5, 6) and sum(doubled) % 10 == 0


def _private_keys(text: str) -> Iterator[Span]:
    """Key blocks with their frame. A block without an end reaches as far as its lines look like one."""
    if "PRIVATE KEY" not in text and "Private-Lines" not in text:
        return
    fences = list(_PEM.finditer(text))
    for fence, after in zip(fences, [*fences, None][1:], strict=True):
        if fence["which"] == "END":
            continue
        end = after.end() if after and fence["which"] and after["which"] == "END" else 0
        if not 0 < end - fence.start() <= KEY_BLOCK_CHARS_MAX:
            end = fence.end()
            while (line := _PEM_LINE.match(text, end)) and end - fence.start() < KEY_BLOCK_CHARS_MAX:
                end = line.end()
        if end > fence.end() and _PEM_BODY.search(text, fence.end(), end):
            yield Span(fence.start(), end, "private-key")


def _trimmed(text: str, start: int, end: int) -> Span:
    """A match of a pattern that includes what stands around the secret, without that."""
    around = " \t\r\n\v\f=:\"'"
    while start < end and text[start] in around:
        start += 1
    while end > start and text[end - 1] in around.replace("=", ""):
        end -= 1
    return Span(start, end, "token")


def _merge(found: Iterator[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged
