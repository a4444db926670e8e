"""Looking for text that must not become part of a skill by itself: orders to agents, traps and hidden characters.

What is learned comes from messages, and messages are written by anybody. The scanner errs on the side of holding
back: what it flags is not lost, it waits for a person with the reason.

Each shape is a cheap pattern that finds where to look, and perhaps a second one that must occur near it. Both are
bounded, so that megabytes of hostile text cost no more than their length.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec

REASONS_MAX: Final = 5
# So many beginnings of one kind and no end to any of them is nothing that anybody learned.
ANCHORS_MAX: Final = 5_000


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Something to hold back. `near` must occur within `before` and `after` characters of `anchor`, on its line.

    `prose` shapes are looked for in the text with its white space and its look-alike letters folded, so that a line
    break inside a sentence hides nothing. `unless_warned` spares notes that say not to do it.
    """

    reason: str
    anchor: re.Pattern[str]
    near: re.Pattern[str] | None = None
    before: int = 0
    after: int = 0
    prose: bool = False
    unless_warned: bool = False


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


_AI: Final = (
    r"(?:a\.?i\.?|llms?|coding|autonomous|automated|language[- ]models?|copilots?|chatbots?|assistants?"
    r"|claude|(?:chat)?gpt)"
)
_PERSON: Final = (
    r"(?:users?|humans?|operators?|owners?|maintainers?|developers?|admins?|people|person|anyone|anybody|them)"
)
_NOT: Final = r"(?:do not|don['’]t|never|must not|mustn['’]t|should not|shouldn['’]t|no need to|without)"

_SHAPES: Final = (
    Shape(
        reason="it tells an agent to ignore its instructions",
        anchor=_pattern(r"\b(?:ignore|disregard|forget|override|bypass)\b"),
        near=_pattern(
            r"\A.{6,10}(?: (?:the|all|any|of|your|my|these|those|previous|prior|above|earlier|preceding|former"
            r"|existing|system|safety"
            r"|other|and|developer|initial|original|everything)){1,6} (?:instructions?|prompts?|rules?|messages?"
            r"|directions?|guidelines?|context|polic(?:y|ies))\b"
        ),
        after=90,
        prose=True,
    ),
    Shape(
        reason="it speaks to an agent",
        anchor=_pattern(
            r"\b(?:note|notice|attention|important|reminder|memo|warning|urgent|instructions?|message|directive"
            r"|policy|hint|hey|hello|dear)\b"
        ),
        near=_pattern(
            rf"\A\w{{3,12}}(?:[!,:]| [^.:;]{{0,24}}\b(?:to"
            rf"|for))?[ ,]{{1,2}}(?:[^.:;]{{0,30}}\b)?{_AI}\b[^.:;]{{0,60}}[:!]"
        ),
        after=150,
        prose=True,
    ),
    Shape(
        reason="it speaks to an agent",
        anchor=_pattern(
            r"\b(?:ai|llm|coding|autonomous|automated|language[- ]model)[ -](?:\w{1,12} )?(?:agents?|assistants?"
            r"|models?|copilots?|bots?)\b"
        ),
        near=_pattern(
            r"\b(?:must|shall|have to|has to|are (?:required|instructed|authori[sz]ed|expected)|need to|please)\b"
        ),
        after=80,
        prose=True,
    ),
    Shape(
        reason="it speaks to an agent",
        anchor=_pattern(
            r"\bif you are an? (?:ai|llm|agent|assistant|bot|language model|automated)\b|\b(?:you must now"
            r"|from now on,? you (?:must|will|are))\b"
            r"|\byou are now (?:an? |in )?(?:\w{1,12} )?(?:mode|unrestricted|root|admin\w*|dan|jailbroken|free)\b"
            r"|\bas (?:the|an|a) (?:ai |helpful )?(?:agent|assistant|language model),? (?:you|run|execute|always"
            r"|send|call|please|must)\b"
            r"|<\|?(?:im_start|im_end|endoftext|system|eot_id)\|?>|\[/?INST\]|</?(?:system|assistant"
            r"|system[-_]reminder|instructions?)>"
            r"|\b(?:reveal|print|repeat|output|show)\b[^.]{0,20}\b(?:your|the) (?:system prompt|hidden instructions"
            r"|developer message)\b"
        ),
        prose=True,
    ),
    Shape(
        reason="it asks to be kept as a rule",
        anchor=_pattern(r"\b(?:save|store|keep|remember|record|write|add) (?:this|it|these)\b"),
        near=_pattern(
            r"\byour (?:long-term |permanent )?memory\b|\b(?:standing|permanent) (?:rule|instruction|order)"
            r"|\b(?:all|every) (?:future|later) (?:sessions?|conversations?|tasks?|runs?)\b"
            r"|\bevery (?:skill|runbook|note)\b"
        ),
        after=90,
        prose=True,
    ),
    Shape(
        reason="it asks to keep something from the user",
        anchor=_pattern(rf"\b{_NOT} (?:ever )?(?:tell|inform|telling|informing)\b"),
        near=_pattern(
            r"\A.{8,32}(?:the |your |any )?(?:users?|humans?|operators?|owners?|maintainers?|anyone|anybody)\b"
        ),
        after=50,
        prose=True,
    ),
    Shape(
        reason="it asks to keep something from the user",
        anchor=_pattern(rf"\b{_NOT} (?:ever )?(?:mention|reveal|disclose|report|show|notify|alert|bring)(?:ing)?\b"),
        near=_pattern(
            rf"\A.{{8,36}}?(?:(?:this|these|it|that)\b[^.]{{0,30}}\bto (?:the |your |any )?{_PERSON}\b"
            rf"|(?:the |your |any )?{_PERSON} (?:about|of) (?:this|these|it|the (?:note|message|comment|change|step)))"
        ),
        after=90,
        prose=True,
    ),
    Shape(
        reason="it acts in secret",
        anchor=_pattern(
            r"\b(?:secretly|silently|quietly|covertly)\s(?:send|upload|forward|copy|post|e-?mail|exfiltrate"
            r"|transmit|install|add|run)\b"
        ),
        prose=True,
    ),
    Shape(
        reason="it runs an encoded script",
        anchor=_pattern(
            r"\|\s{0,4}(?:sudo\s{1,4})?(?:/(?:usr/)?bin/)?(?:(?:ba|z|da|k|fi)?sh|python3?|perl|node|ruby|php)\b"
        ),
        near=_pattern(r"\b(?:base64|base32|openssl enc|xxd)\b"),
        before=200,
    ),
    Shape(
        reason="it pipes something from the network into a shell",
        anchor=_pattern(
            r"\|\s{0,4}(?:sudo\s{1,4}(?:-\w{1,10}\s{1,4}){0,3})?(?:env\s{1,4})?(?:/(?:usr/)?bin/)?(?:(?:ba|z|da|k"
            r"|fi)?sh\b"
            r"|(?:python3?|perl|node|ruby|php)(?=\s{0,4}(?:$|[;&|`'\")\n]|-(?:\s|$))))"
        ),
        near=_pattern(r"\b(?:curl|wget|fetch|iwr|irm|invoke-webrequest|http)\b"),
        before=300,
    ),
    Shape(
        reason="it pipes something from the network into a shell",
        anchor=_pattern(
            r"(?:\b(?:ba|z|da|k)?sh\s{1,4}(?:-c\s{1,4})?|\b(?:eval|source|\.)\s{1,4})[\"']?(?:<|\$)\(\s{0,4}(?:curl"
            r"|wget)\b|\biex\b[ (]{1,4}(?:iwr|irm|\(?new-object|invoke-webrequest)"
            r"|\bdownloadstring\("
        ),
    ),
    Shape(
        reason="it pipes something from the network into a shell",
        anchor=_pattern(r"\b(?:curl|wget)\s"),
        near=_pattern(r"(?:&&|;)\s{0,4}(?:sudo\s{1,4})?(?:ba|z)?sh\s{1,4}[\w./~-]{1,80}"),
        after=250,
    ),
    Shape(
        reason="it sends data to an address",
        anchor=_pattern(r"\b(?:send|post|upload|forward|exfiltrate|e-?mail|submit|copy|report|transmit|share|b?cc)\b"),
        near=_pattern(
            r"\A(?:[^.\n]|\.(?!\s)){3,70}?\b(?:environment|env(?:ironment)? var\w{0,8}|credentials?|secrets?"
            r"|tokens?|(?:api|ssh|private|access)[ -]keys?|passwords?|cookies|\.env|transcripts?"
            r"|conversations?|(?:customer|personal|patient) data|cop(?:y|ies) of (?:each|every|all|the)"
            r"|chat history)\b(?:[^.\n]|\.(?!\s)){0,80}?(?:https?://|\b[\w.-]{1,40}@[\w-]{1,40}\.\w)"
        ),
        after=220,
    ),
    Shape(
        reason="it sends data to an address",
        anchor=_pattern(r"\b(?:curl|wget|nc|ncat|scp|rsync)\s|/dev/tcp/"),
        near=_pattern(
            r"/dev/tcp/|(?:-d|--data\S{0,16}|-F|-T|--upload-file|--post-file)[ =]?\S{0,24}(?:@|="
            r"|\s)?\s?[\"']?(?:@?~/|@?/etc/|@?\S{0,20}\.env\b|\$HOME|\$\((?:env|cat|printenv)|@?\S{0,20}\.(?:ssh|aws)/)"
            r"|\s(?:~|\$HOME|/root)/\.(?:ssh|aws|kube|netrc)"
        ),
        after=250,
    ),
    Shape(
        reason="it switches off a protection",
        anchor=_pattern(
            r"--insecure(?:-skip-tls-verify)?\b|--no-check-certificate\b|--(?:nogpgcheck|no-gpg-check"
            r"|allow-unauthenticated|dangerously-skip-permissions|disable-ssl-\w{1,20})\b"
            r"|--no-verify\b|\bverify\s{0,2}=\s{0,2}False\b|\bsslverify\s{0,2}=?\s{0,2}[\"']?false\b"
            r"|NODE_TLS_REJECT_UNAUTHORIZED\s{0,2}=\s{0,2}[\"']?0|\bsetenforce 0\b"
            r"|StrictHostKeyChecking[ =]no\b|\bInsecureSkipVerify:\s{0,2}true|\brejectUnauthorized:\s{0,2}false"
            r"|\bcurl (?:-\w{1,8} ){0,4}-\w{0,6}k\w{0,6} |\bufw disable\b"
        ),
        unless_warned=True,
    ),
    Shape(
        reason="it would destroy data",
        anchor=_pattern(
            r"\brm\s{1,4}(?:-{1,2}[\w-]{1,20}\s{1,4}){1,4}[\"']?(?:/(?=[\s\"'`;&|)*]|$)|(?:~"
            r"|\$\{?HOME\}?)/?(?=[\s\"'`;&|)*]|$)|[A-Z]:\\)|\bmkfs(?:\.\w{1,8})?\s{1,4}\S{0,20}/dev/"
            r"|\bdd\s[^\n]{0,60}\bof=/dev/(?!null)|:\(\)\s{0,4}\{|>\s{0,2}/dev/sd[a-z]\b|\bformat\s{1,3}c:"
            r"|--no-preserve-root\b|\bdel\s{1,4}/[sq]\s{1,4}/[sq]\s"
        ),
    ),
    Shape(
        reason="it gives rights to everybody",
        anchor=_pattern(
            r"\bgrant\b[^;\n]{0,80}\bto\s{1,4}public\b|\bchmod\s{1,4}(?:-R\s{1,4}0?777\b|0?777\s{1,4}/(?:\s|$))"
        ),
    ),
    Shape(
        reason="it has a hidden comment",
        anchor=_pattern(
            r"<!--(?!\s{0,4}(?:/?toc\b|prettier-ignore|markdownlint-|omit in toc|more\s{0,4}-->))"
            r"|(?:^|\n)[ \t>*+-]{0,8}\[(?://|comment|_)\]:\s{0,4}(?:#|<>)"
            r"|\bstyle\s?=\s?\\{0,2}[\"'][^\"'\n]{0,160}?(?:display:\s?none|visibility:\s?hidden"
            r"|font-size:\s?[01](?:px|pt)|left:\s?-\d{3,}px|opacity:\s?0[;\"'])"
        ),
    ),
    Shape(
        reason="it holds a long encoded blob",
        anchor=re.compile(
            r"(?<![A-Za-z0-9+/=_-])(?=[a-z0-9+/]{0,200}[A-Z])(?=[A-Za-z+/]{0,200}[0-9])[A-Za-z0-9+/_-]{200}"
            r"|(?<![A-Za-z0-9])(?:[0-9a-f]{200}|[0-9A-F]{200})"
            r"|(?<![A-Za-z0-9+/])(?=[a-z0-9+/]{0,60}[A-Z])(?:[A-Za-z0-9+/]{60,100}\r?\n){4}|(?:\\x[0-9A-Fa-f]{2}){40}"
        ),
    ),
    # Emoji and Persian need the joiners between letters of their own; flags of regions are the price.
    Shape(
        reason="it has characters that are not seen",
        anchor=re.compile(
            "[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\u180e\u115f\u1160\u3164\uffa0\U000e0000-\U000e01ef]"
            "|(?<!\\A)\ufeff|(?<![^\\x00-\\x7f])[\u200c-\u200f]|[\u200c-\u200f](?![^\\x00-\\x7f])|[\ufe00-\ufe0f]{2}"
        ),
    ),
)

# Words that may stand between a warning and what it warns of: "never use X", "do not commit with X".
_WARNED: Final = _pattern(
    r"\b(?:never|do not|don['’]t|must not|avoid|instead of|rather than|not)[ ]{1,2}(?:(?:use|using|pass|add|set|try"
    r"|with|the|a|any|commit|push|run|git|flag|option"
    r"|curl|ever|call|requests?)[ ]{1,2}){0,4}[`\"'(*]{0,3}(?:git (?:commit|push) )?\Z"
)


def scan(text: str) -> list[str]:
    """Why a text must not go live by itself, at most five reasons; empty when nothing was found."""
    folded = " ".join(unicodedata.normalize("NFKC", text).split())
    reasons: list[str] = []
    for shape in _SHAPES:
        if shape.reason not in reasons and _occurs(shape, folded if shape.prose else text):
            reasons.append(shape.reason)
    return reasons[:REASONS_MAX]


def _occurs(shape: Shape, text: str) -> bool:
    accept: Callable[[re.Match[str]], bool] = _is_unwarned if shape.unless_warned else _always
    for count, match in enumerate(shape.anchor.finditer(text)):
        if count >= ANCHORS_MAX:
            return True
        if shape.near is None:
            found = accept(match)
        else:
            found = shape.near.search(_around(text, match, shape.before, shape.after)) is not None
        if found:
            return True
    return False


def _always(_: re.Match[str]) -> bool:
    return True


def _is_unwarned(match: re.Match[str]) -> bool:
    return _WARNED.search(_around(match.string, match, 60, 0)[: -len(match.group()) or None]) is None


def _around(text: str, match: re.Match[str], before: int, after: int) -> str:
    """The anchor with what is near it on its line."""
    start = max(text.rfind("\n", max(0, match.start() - before), match.start()) + 1, match.start() - before, 0)
    end = text.find("\n", match.end(), match.end() + after)
    return text[start : end if end != -1 else match.end() + after]
