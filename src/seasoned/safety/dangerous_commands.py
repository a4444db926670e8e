"""Shapes of commands, markup and characters that must not become part of a skill by themselves.

Each is a cheap pattern that finds where to look, and perhaps a second one that must occur near it. Both are bounded, and
a shape is looked for only in a text that holds one of its hints, so that ordinary text costs next to nothing.
"""

import re
from typing import Final

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Something to hold back. `near` must occur within `before` and `after` characters of `anchor`, on its line.

    `hints` are small letters of which a text has to hold some; without any the text is always looked at.
    `unless_warned` spares notes that say not to do it. With `long_word` the text must hold as many signs in a row.
    """

    reason: str
    anchor: re.Pattern[str]
    hints: tuple[str, ...] = ()
    near: re.Pattern[str] | None = None
    before: int = 0
    after: int = 0
    unless_warned: bool = False
    long_word: int = 0


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


PIPES: Final = "it pipes something from the network into a shell"
ENCODED: Final = "it runs an encoded script"
SENDS: Final = "it sends data to an address"
UNPROTECTED: Final = "it switches off a protection"
DESTROYS: Final = "it would destroy data"
RIGHTS: Final = "it gives rights to everybody"
COMMENT: Final = "it has a hidden comment"
BLOB: Final = "it holds a long encoded blob"
UNSEEN: Final = "it has characters that are not seen"
FRAME: Final = "it speaks to an agent"

_FETCH: Final = r"(?:curl|wget|fetch|iwr|irm|invoke-webrequest|https?|lwp-download|aria2c)"
# Somewhere to fetch from; without one, as in a warning against the habit, nothing can be run.
_FROM: Final = r"(?:https?:/|ftp://|\b[\w-]{1,60}\.[a-z]{2,12}[/\s]|\$\{?\w|\b\d{1,3}(?:\.\d{1,3}){3})"
_KEPT_FILES: Final = r"(?:\.(?:ssh|aws|kube|gnupg|netrc|docker|env|npmrc|pypirc|git-credentials|config/gcloud)\b|/etc/(?:passwd|shadow)|id_rsa|id_ed25519)"

SHAPES: Final = (
    Shape(
        reason=ENCODED,
        hints=("base64", "base32", "openssl enc", "xxd", "fromcharcode", "-enc"),
        anchor=_pattern(
            r"\|\s{0,4}(?:sudo\s{1,4})?(?:/(?:usr/)?bin/)?(?:(?:ba|z|da|k|fi)?sh|python3?|perl|node|ruby|php)\b|\b(?:powershell|pwsh)(?:\.exe)?\s[^\n]{0,80}?-e(?:nc(?:odedcommand)?)?\s{1,4}[A-Za-z0-9+/=]{16}|\b(?:eval|exec)\s{0,2}[(\"'$]{1,3}[^\n]{0,60}?(?:b64decode|base64 -d|base64 --decode|fromcharcode|atob)"
        ),
        near=_pattern(r"\b(?:base64|base32|openssl enc|xxd|b64decode|fromcharcode|atob)\b|-e(?:nc(?:odedcommand)?)?\s"),
        before=200,
        after=0,
    ),
    Shape(
        reason=PIPES,
        hints=("|",),
        anchor=_pattern(
            r"\|\s{0,4}(?:sudo\s{1,4}(?:-\w{1,10}\s{1,4}){0,3})?(?:env\s{1,4})?(?:/(?:usr/)?bin/)?(?:(?:ba|z|da|k|fi|a)?sh\b|crontab\b|(?:python3?|perl|node|ruby|php)(?=\s{0,4}(?:$|[;&|`'\")\n]|-(?:\s|$))))"
        ),
        near=_pattern(rf"\b{_FETCH}\b[^\n]{{0,280}}?{_FROM}"),
        before=300,
    ),
    Shape(
        reason=PIPES,
        hints=(
            "(curl",
            "( curl",
            "(wget",
            "( wget",
            "iex ",
            "iex(",
            "deno run",
            "npx ",
            "bun ",
            "bunx ",
            "uvx ",
            "go run ",
            "pipx run ",
            "downloadstring",
            "(lwp-download",
            "(fetch",
        ),
        anchor=_pattern(
            r"(?:\b(?:ba|z|da|k)?sh\s{1,4}(?:-c\s{1,4})?|\b(?:eval|source|\.)\s{1,4}|\b(?:python3?|perl|ruby|node|php)\s{1,4}-[cer]\s{1,4})[\"']?(?:<|\$)\(\s{0,4}(?:curl|wget|lwp-download|fetch)\b|\b(?:deno run|npx|bunx?|uvx|go run|pipx run)\b[^\n]{0,40}?\shttps?://|\biex\b[ (]{1,4}(?:iwr|irm|\(?new-object|invoke-webrequest)|\bdownloadstring\("
        ),
    ),
    Shape(
        reason=PIPES,
        hints=("curl ", "wget "),
        anchor=_pattern(r"\b(?:curl|wget)\s"),
        near=_pattern(
            r"(?:&&|;)\s{0,4}(?:sudo\s{1,4})?(?:(?:(?:ba|z)?sh|python3?|perl|node|ruby|php|sudo)\s{1,4}[\w./~-]{1,80}|chmod\s{1,4}(?:\+x|[0-7]{3,4}|a\+x)\s{1,4}\S{1,80}\s{0,4}(?:&&|;)\s{0,4}(?:sudo\s{1,4})?[./~])"
        ),
        after=250,
    ),
    Shape(
        reason=SENDS,
        hints=("curl", "wget", "nc ", "ncat", "scp ", "rsync", "/dev/tcp/", "mail ", "mailx ", "ftp "),
        anchor=_pattern(r"\b(?:curl|wget|nc|ncat|scp|rsync)\s|/dev/tcp/\S|\b(?:mail|mailx|sendmail|ftp)\s"),
        near=_pattern(
            r"/dev/tcp/|\b(?:nc|ncat)\s[^\n]{0,60}?-(?:e|c)\s{1,3}\S{0,20}(?:sh|cmd)\b|<\s{0,2}(?:~|\$HOME|/root|/etc)/|(?:-d|--data\S{0,16}|-F|-T|--upload-file|--post-file)[ =]?\S{0,24}(?:@|=|\s)?\s?[\"']?(?:@?~/|@?/etc/|@?\S{0,20}\.env\b|\$HOME|\$\((?:env|cat|printenv)|@?\S{0,20}\.(?:ssh|aws|kube|gnupg)/)|\s(?:~|\$HOME|/root)/\.(?:ssh|aws|kube|netrc|gnupg|docker)"
        ),
        after=250,
    ),
    Shape(
        reason=SENDS,
        hints=("curl", "wget", "nc ", "ncat", "socat", "ssh ", "scp "),
        anchor=_pattern(r"\|\s{0,4}(?:curl|wget|nc|ncat|socat|ssh)\s"),
        near=_pattern(
            rf"\b(?:env|printenv|set|export -p)\s{{0,3}}\||\$\{{?\w{{0,40}}(?:SECRET|TOKEN|PASSWORD|PASSWD|API_KEY|ACCESS_KEY|CREDENTIAL)|\b(?:auth token|get secrets?|config view --raw|print-access-token|secrets? (?:list|get|read))\b|{_KEPT_FILES}"
        ),
        before=160,
    ),
    Shape(
        reason=SENDS,
        hints=(
            "env >",
            "env>",
            "nslookup ",
            "dig ",
            "host ",
            "document.cookie",
            "os.environ",
            "process.env",
            "git push ",
            "aws s3 ",
        ),
        anchor=_pattern(
            r"\b(?:env|printenv)\s{0,3}>\s{0,2}\S{1,80}\s{0,3}(?:&&|;)\s{0,3}(?:scp|curl|nc|rsync|ftp)\b|\b(?:nslookup|dig|host)\s[^\n]{0,60}\$\(|\baws s3 (?:cp|sync|mv)\s{1,3}(?:--\S{1,30}\s{1,3}){0,4}(?:~|\$HOME|/root|/etc)/\S{0,80}|\bgit remote add [^\n]{1,160}(?:&&|;)[^\n]{0,40}git push [^\n]{0,60}--(?:all|mirror)|(?:fetch|sendbeacon|location(?:\.href)?|\.src|xmlhttprequest|axios)\b[^\n]{0,120}document\.cookie|(?:urlopen|requests\.(?:get|post)|httpx\.(?:get|post)|fetch|axios\S{0,8})\s{0,2}\([^\n]{0,160}(?:os\.environ\b(?!\[|\.get)|process\.env\b(?!\.|\[))"
        ),
    ),
    Shape(
        reason=SENDS,
        hints=("](http", "src="),
        anchor=_pattern(
            r"!\[[^\]\n]{0,120}\]\(https?://[^)\s]{1,200}[?&][\w-]{1,30}=(?=[^)\n]{0,80}(?:secret|token|conversation|message|history|prompt|answer|context|base64|[{<]))|\]\(https?://[^)\s]{1,200}[?&][\w-]{1,30}=[{<\[%]{1,3}[^)\n]{0,60}(?:user|message|conversation|secret|history|prompt|answer|context)|<img\s[^>\n]{0,80}src=[\"']?https?://[^>\s]{1,160}[?&]\w{1,30}=[{<$]"
        ),
    ),
    Shape(
        reason=UNPROTECTED,
        hints=(
            "--insecure",
            "--no-check-cert",
            "gpg",
            "--allow-unauth",
            "--dangerously",
            "--disable-ssl",
            "--no-verify",
            "verify",
            "reject_unauth",
            "rejectunauth",
            "setenforce",
            "trusted-host",
            "--privileged",
            "hostkeychecking",
            "curl -",
            "ufw",
            "iptables",
            "--trusted-host",
            "--unsafe-perm",
            "nft flush",
        ),
        anchor=_pattern(
            r"--insecure(?:-skip-tls-verify)?\b|--no-check-certificate\b|--(?:nogpgcheck|no-gpg-check|allow-unauthenticated|dangerously-skip-permissions|disable-ssl-\w{1,20}|trusted-host|unsafe-perm)\b|--no-verify\b|\bverify\s{0,2}=\s{0,2}False\b|\bsslverify\s{0,2}=?\s{0,2}[\"']?false\b|NODE_TLS_REJECT_UNAUTHORIZED\s{0,2}=\s{0,2}[\"']?0|\bsetenforce 0\b|\bglobal\.trusted-host\b|--privileged\b[^\n]{0,80}-v\s{0,2}/:|StrictHostKeyChecking[ =]no\b|\bInsecureSkipVerify:\s{0,2}true|\brejectUnauthorized:\s{0,2}false|\bcurl (?:-\w{1,8} ){0,4}-\w{0,6}k\w{0,6} |\bufw disable\b|\biptables\s{1,3}(?:-F|--flush)\b|\bnft flush ruleset\b"
        ),
        unless_warned=True,
    ),
    Shape(
        reason=DESTROYS,
        hints=(
            "rm -",
            "rm  ",
            "mkfs",
            "of=/dev/",
            ":()",
            "/dev/sd",
            "format c",
            "format  c",
            "--no-preserve-root",
            "del /",
        ),
        anchor=_pattern(
            r"\brm\s{1,4}(?:-{1,2}[\w-]{1,20}\s{1,4}){1,4}[\"']?(?:/(?=[\s\"'`;&|)*]|$)|(?:~|\$\{?HOME\}?)/?(?=[\s\"'`;&|)*]|$)|[A-Z]:\\)|\bmkfs(?:\.\w{1,8})?\s{1,4}\S{0,20}/dev/|\bdd\s[^\n]{0,60}\bof=/dev/(?!null|sdX\b)|:\(\)\s{0,4}\{|>\s{0,2}/dev/sd[a-z]\b|\bformat\s{1,3}c:|--no-preserve-root\b|\bdel\s{1,4}/[sq]\s{1,4}/[sq]\s"
        ),
    ),
    Shape(
        reason=RIGHTS,
        hints=("grant", "chmod", "nopasswd", "authorized_keys", "sudoers"),
        anchor=_pattern(
            r"\bgrant\b[^;\n]{0,80}\bto\s{1,4}public\b|\bgrant\s{1,4}all\b[^;\n]{0,80}@\s{0,2}[\"'`]?%|\bchmod\s{1,4}(?:-R\s{1,4}0?777\b|0?777\s{1,4}/(?:\s|$))|\bNOPASSWD:\s{0,2}ALL\b|>>?\s{0,3}\S{0,40}(?:\.ssh/authorized_keys|/etc/sudoers)|\btee -a \S{0,40}(?:\.ssh/authorized_keys|/etc/sudoers)"
        ),
    ),
    Shape(
        reason=COMMENT,
        hints=("<!--", "]: ", "style", "hidden>", "hidden ", "]:"),
        anchor=_pattern(
            r"<!--(?!\s{0,4}(?:/?toc\b|prettier-ignore|markdownlint-|omit in toc|more\s{0,4}-->))"
            r"|(?:^|\n)[ \t>*+-]{0,8}\[(?://|comment|_)\]:\s{0,4}(?:#|<>)"
            r"|\bstyle\s?=\s?\\{0,2}[\"'][^\"'\n]{0,160}?(?:display:\s?none|visibility:\s?hidden"
            r"|font-size:\s?[01](?:px|pt)|left:\s?-\d{3,}px|opacity:\s?0[;\"']|color:\s?(?:white|#fff(?:fff)?|transparent)\b)"
            r"|<(?:div|span|p|section|td|li|template)\s[^>\n]{0,80}?(?<=\s)hidden(?=[\s>=])"
        ),
    ),
    Shape(
        reason=FRAME,
        hints=(
            "<",
            "[inst",
            "[system",
            "[/system",
            "[admin",
            "[sudo",
            '"tool_calls"',
            '"function_call"',
            "[/inst",
            "###",
            "```",
            "javascript:",
            "data:text",
        ),
        anchor=_pattern(
            r"<\|?(?:im_start|im_end|endoftext|start_header_id|end_header_id|eot_id|system|user|assistant|begin_of_text)\|>|\[/?INST\]|<</?SYS>>"
            r"|(?<!`)</?(?:system|assistant|system[-_]reminder|instructions?|function_calls|function_results|tool_results?|tool_call|invoke|untrusted[\w-]{0,20}|trusted|important|data(?: [0-9a-f]{8,64})?|antml:\w{1,20})(?:\s[^>\n]{0,80})?>(?!`)"
            r"|(?:^|\n)[ \t>*-]{0,6}#{1,6}\s{0,2}(?:system|assistant|human|instruction|new instructions?)\s?:|\[/?(?:system|system prompt|system message|admin|sudo)\](?!\()|\"(?:tool_calls|function_call)\"\s?:\s?[\[{]|(?:^|\n)```\s?(?:system|assistant|developer)\b"
            r"|\]\(\s?javascript:|\bdata:(?:text/html|text/javascript|application/(?:x-)?javascript|image/svg\+xml)[;,]"
        ),
    ),
    Shape(
        reason=FRAME,
        hints=("human:", "assistant:"),
        anchor=re.compile(r"\n\s{0,3}\n\s{0,3}(?:Human|Assistant|H|A): \S"),
    ),
    Shape(
        reason=BLOB,
        long_word=60,
        anchor=re.compile(
            r"(?<![A-Za-z0-9+/=_-])(?=[a-z0-9+/]{0,200}[A-Z])(?=[A-Za-z+/]{0,200}[0-9])[A-Za-z0-9+/_-]{200}"
            r"|(?<![A-Za-z0-9])(?:[0-9a-f]{200}|[0-9A-F]{200})"
            r"|(?<![A-Za-z0-9+/])(?=[a-z0-9+/]{0,60}[A-Z])(?:[A-Za-z0-9+/]{60,100}\r?\n){4}|(?:\\x[0-9A-Fa-f]{2}){40}"
        ),
    ),
)

# Emoji and Persian need the joiners between letters of their own; flags of regions are the price.
UNSEEN_CHARS: Final = re.compile(
    "[\u00ad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\u180e\u115f\u1160\u3164\uffa0\U000e0000-\U000e01ef]"
    "|(?<!\\A)\ufeff|(?<![^\\x00-\\x7f])[\u200c-\u200f]|[\u200c-\u200f](?![^\\x00-\\x7f])|[\ufe00-\ufe0f]{2}"
)
