"""What made a failed call work: the difference of the later call that did, told so that it can be used as it stands.

A difference is credited when the error speaks of it, or when nothing else changed in between: no file was edited, no
person did something. A workaround (a check that was switched off, a right that was given to all) is no fix.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

import msgspec

from seasoned.message import Json, JsonObject
from seasoned.rules.calls import Call, Simple, commands, programs
from seasoned.rules.errors import Failure
from seasoned.rules.phrases import book
from seasoned.rules.safety import inline, is_safe, masked
from seasoned.rules.text import words

COMMAND_CHARS_MAX: Final = 400
_TRIES_MAX = 12
_CALLS_MAX = 48
_LIKE_MIN = 0.4
_SAME_LINE_MIN = 0.6
_MUCH_LIKE = 0.75
_MORE_LIKE = 0.2
_VALUE_CHARS_MAX = 120
_LINE_CHARS_MAX = 160
_PARTS_MAX = 4
_ARGUMENTS_MAX = 60
_DEPTH_MAX = 3
_TOKENS_MAX = 400
_ERROR_CHARS = 4_000
_UNRELATED_MAX = 2
_LINES_MAX = 3
_WORD_CHARS_MIN = 3

_TOKEN = re.compile(r"[^\s'\"=,;|&()\[\]{}<>]{2,80}")
_PART = re.compile(r"[a-z0-9]+")
_VERB = re.compile(r"[a-z][a-z-]{1,24}\Z")
_LOGGED = re.compile(r"(?m)^[^\n]{0,40}\b(?:ERR|ERROR|FATAL|FAIL|FAILED|PANIC)\b")
_SIGNED = re.compile(r"\d+|'[^'\n]{1,80}'|\"[^\"\n]{1,80}\"|`[^`\n]{1,80}`")
_ITEM = re.compile(r"`\w+\.\d+\.")
_NOISY_END = re.compile(r"(?:\s*(?:2>\s?&1|&?>\s?/dev/null|2>\s?/dev/null|<\s?/dev/null))+\Z")
_EDITS = re.compile(r"\b(?:sed|perl|yq) (?:-\S+ )*-\w*i|<<|\btee\b|\bgit apply\b|\bpatch\b|[^&2]>\s?[\w./~]")
_MISSING_FILE = re.compile(r"no such file|not a directory|is a directory|eisdir|does not exist", re.IGNORECASE)
_LOOKS: Final = words("looks")
_SETS: Final = words("sets")
_LOOK_VERBS: Final = words("look_verbs")
_TEXT_KEYS: Final = words("text_keys")
_UNTOLD: Final = words("untold") | _TEXT_KEYS
_SUBJECTS: Final = words("subjects")


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A failure that was overcome: the call that worked, or got further, and what differs in it, in Markdown."""

    failure: Failure
    worked: Call
    differs: str


def signature(line: str) -> str:
    """An error line without what changes from one time to the next."""
    return " ".join(_SIGNED.sub("0", line.casefold()).split())


def fixes(made: Sequence[Call], bad: Sequence[Failure], people: Mapping[int, bool], *, sure: bool = True) -> list[Fix]:
    """The failures that a later call of the same kind overcame, in order.

    `people` are the numbers of a person's messages, with whether they did something about it there; once they spoke, or
    when the task's success is not `sure`, only what the error itself speaks of is credited.
    """
    failed = {id(failure.call): failure for failure in bad}
    found = []
    for place, call in enumerate(made):
        failure = failed.get(id(call))
        if failure is not None and failure.line and not failure.soft:
            fix = _fix(failure, made[place + 1 : place + 1 + _CALLS_MAX], failed, people, sure)
            # One item of a list is a choice for this case: it needs the case's success.
            if fix is not None and (sure or not _ITEM.search(fix.differs)):
                found.append(fix)
    return found


def changed(earlier: Call, later: Call, told: str) -> Fix | None:
    """What a call does otherwise than an earlier like one, as far as `told` speaks of it."""
    if not _same_kind(earlier, later) or earlier.arguments == later.arguments:
        return None
    failure = Failure(call=msgspec.structs.replace(earlier, answer=""), line=told, raw=told)
    differs = _difference(failure, later, (), alone=False)
    bare = not differs or differs.startswith("without ") or _is_workaround(earlier, differs)
    return None if bare else Fix(failure=failure, worked=later, differs=differs)


def _fix(
    failure: Failure, later: Sequence[Call], failed: Mapping[int, Failure], people: Mapping[int, bool], sure: bool
) -> Fix | None:
    between: list[Call] = []
    further: Fix | None = None
    first: tuple[float, Fix] | None = None
    tries = 0
    for call in later:
        if not _same_kind(failure.call, call) or (between and _likeness(failure.call, call) < _LIKE_MIN):
            between.append(call)
            continue
        tries += 1
        other = failed.get(id(call))
        heard = [did for number, did in people.items() if failure.number < number < call.number]
        if tries > _TRIES_MAX or any(heard):
            break
        again = other is not None and _alike(failure.line, other.line)
        if not call.answer_number or again or (other is None and not _is_clean(failure, call)):
            between.append(call)
            continue
        differs = _difference(failure, call, between, alone=sure and other is None and not heard)
        fix = Fix(failure=failure, worked=call, differs=differs) if differs else None
        between.append(call)
        if other is not None:
            further = further or fix
            continue
        found, like = further or fix, _likeness(failure.call, call)
        if first is None and (found is None or further is not None or like >= _MUCH_LIKE):
            return _credited(failure, found)
        # What worked first may have been a look on the way to what was wanted.
        if found is not None and (first is None or like >= first[0] + _MORE_LIKE):
            if first is not None:
                return _credited(failure, found)
            first = (like, found)
    return _credited(failure, first[1]) if first is not None else None


def _credited(failure: Failure, found: Fix | None) -> Fix | None:
    return found if found and not _is_workaround(failure.call, found.differs) else None


def _alike(one: str, other: str) -> bool:
    """Whether two error lines say the same."""
    left, right = ({*_PART.findall(signature(line))} for line in (one, other))
    return bool(left) and len(left & right) >= _SAME_LINE_MIN * len(left | right)


def _same_kind(one: Call, other: Call) -> bool:
    """Whether two calls do the same kind of thing: the same tool, or program with the same subcommand."""
    if not one.programs or not other.programs:
        return one.tool == other.tool and not one.programs and not other.programs
    left, right = _verbs(one), _verbs(other)
    return bool({*one.programs} & {*other.programs}) and (not left or not right or bool(left & right))


def _verbs(call: Call) -> frozenset[str]:
    """The subcommands of a call's programs (`upgrade` of `helm -n x upgrade y`), as far as they can be told."""
    found = set()
    for simple in commands(call.command):
        name = next(iter(programs(simple.text)), "")
        places = [i for i, word in enumerate(simple.words) if name and name in word.rsplit("/", 1)[-1]]
        if name in call.programs and places:
            found.add(_verb(simple.words[places[-1] + 1 :]))
    return frozenset(found - {""})


def _verb(words: Sequence[str]) -> str:
    valued = False
    for word in words:
        if word.startswith("-"):
            valued = "=" not in word
        elif valued:
            valued = False
        else:
            return word if _VERB.match(word) else ""
    return ""


def _tokens(text: str) -> frozenset[str]:
    return frozenset(_TOKEN.findall(text[:8_000])[:_TOKENS_MAX])


def _likeness(one: Call, other: Call) -> float:
    """How much two calls have in common, 0 to 1: shared words of the smaller one."""
    left, right = (_tokens(call.command or str(call.arguments)) for call in (one, other))
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0


def _is_clean(failure: Failure, call: Call) -> bool:
    """Whether an answer says neither the same error again nor, at its end, another one."""
    if _LOGGED.search(call.answer[-400:]):
        return False
    wanted = signature(failure.line)
    return not any(signature(masked(inline(line))) == wanted for line in call.answer[-_ERROR_CHARS:].splitlines())


def _is_workaround(failed: Call, differs: str) -> bool:
    """Whether a difference switches a check off, forces something or opens a right to all."""
    before = {match.group() for match in book("distill")["workaround"].all(failed.command.lower()[:1_000])}
    return any(match.group() not in before for match in book("distill")["workaround"].all(differs.lower()))


def is_search(call: Call) -> bool:
    """Whether a call looks for files or their contents."""
    return {*call.programs} <= _LOOKS if call.programs else bool(_SUBJECTS & {*call.arguments})


def is_look(call: Call) -> bool:
    """Whether a call only looks."""
    if call.command:
        return all(_only_looks(one) for one in commands(call.command))
    return any(word in _LOOK_VERBS for word in _PART.findall(re.sub(r"([A-Z])", r" \1", call.tool).lower()))


def _only_looks(one: Simple) -> bool:
    name = next(iter(programs(one.text)), "")
    verbs = {word.strip("-") for word in one.words[1:4]} & (_LOOK_VERBS | {"v", "l", "n"})
    return name in _LOOKS or name.endswith("grep") or bool(verbs)


def changes_file(call: Call) -> bool:
    if call.programs:
        return _EDITS.search(call.command[:2_000]) is not None
    return any(key in _TEXT_KEYS for key in call.arguments)


def _difference(failure: Failure, worked: Call, between: Sequence[Call], *, alone: bool) -> str:
    """What the call that worked did differently. `alone`: it may be credited though the error does not speak of it."""
    error = f"{failure.raw}\n{failure.call.answer[:_ERROR_CHARS]}".lower()
    alone = alone and not any(changes_file(call) for call in between) and not book("distill")["transient"].said(error)
    told = ""
    if worked.command and failure.call.command:
        told = _command_difference(failure, worked, between, error, alone=alone)
    if not told and worked.command == failure.call.command:
        changed = [call for call in between if not is_look(call)]
        told = _argument_difference(failure.call.arguments, worked.arguments, error, alone=alone and not changed)
    return told


def _command_difference(failure: Failure, worked: Call, between: Sequence[Call], error: str, *, alone: bool) -> str:
    """The command that worked where a like one had failed, whole; or what was run before the very same one."""
    old = [_tokens(one.text) for one in commands(failure.call.command)]
    line, wanted = commands(worked.command), {*failure.call.programs} & {*worked.programs}
    best, best_like = -1, _LIKE_MIN
    for place, one in enumerate(line):
        new = _tokens(one.text)
        like = max((len(new & each) / max(1, min(len(new), len(each))) for each in old), default=0.0)
        if _runs(one, wanted) and like >= best_like and (like > best_like or best < 0):
            best, best_like = place, like
    if best < 0 or (_MISSING_FILE.search(error) and {*worked.programs} <= _LOOKS):
        return ""
    before = [one for one in line[:best] if _tokens(one.text) not in old and _does(one)]
    changed = [call for call in between if not is_look(call) and not _same_kind(call, worked)]
    if _tokens(line[best].text) not in old:
        if _speaks_of(error, _tokens(line[best].text), frozenset().union(*old)) or (alone and not changed):
            return _code([*before, line[best]])
        return ""
    if before and (alone or _speaks_of(error, _tokens(before[-1].text), frozenset())):
        return _code([*before, line[best]]) if all(one.words[0] in _SETS for one in before) else _code(before, "after ")
    if not alone or len(changed) != 1 or not changed[0].command:
        return ""
    return _code([one for one in commands(changed[0].command) if _does(one)], "after ")


def _does(one: Simple) -> bool:
    """Whether a simple command may make a difference to what follows."""
    stages = one.words[:2] == ["git", "add"]
    return (one.words[0] not in _LOOKS - _SETS and not stages) or _EDITS.search(one.text) is not None


def _runs(one: Simple, wanted: set[str]) -> bool:
    names = {word.strip("'\"").rsplit("/", 1)[-1].split("@")[0] for word in one.words[:12]}
    return bool(wanted & (names | {name.split(".")[0] for name in names}))


def _speaks_of(error: str, new: frozenset[str], old: frozenset[str]) -> bool:
    """Whether an error holds a word that came, as an option or a value, or that is gone."""
    words = (word.strip("-./:@").lower() for word in new ^ old)
    return any(len(word) >= _WORD_CHARS_MIN and _stands(word, error) for word in words)


def _stands(word: str, text: str) -> bool:
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _code(run: Sequence[Simple], before: str = "") -> str:
    """Commands as code, whole or not at all; what only quietens the output is left out."""
    pieces = [_NOISY_END.sub("", one.text) for one in run]
    joints = [one.joint if one.joint in {"&&", "||", ";"} else "&&" for one in run[:-1]]
    text = "".join(f"{piece} {joint} " for piece, joint in zip(pieces, joints, strict=False)) + "".join(pieces[-1:])
    if not text or "`" in text or "<<" in text or "\n" in text or len(text) > COMMAND_CHARS_MAX:
        return ""
    text = masked(text)
    return f"{before}`{text}`" if is_safe(text) else ""


def _flat(arguments: JsonObject, under: str = "", depth: int = 0) -> dict[str, Json]:
    """Arguments with the keys of nested objects joined by dots, bounded."""
    found: dict[str, Json] = {}
    for key, held in list(arguments.items())[:_ARGUMENTS_MAX]:
        value = held
        if isinstance(held, list) and all(isinstance(item, dict) for item in held):
            value = {str(place): item for place, item in enumerate(held[:_PARTS_MAX])}
        if isinstance(value, dict) and value and depth < _DEPTH_MAX:
            found |= _flat(value, f"{under}{key}.", depth + 1)
        elif key not in _UNTOLD:
            found[f"{under}{key}"] = value
    return found


def _argument_difference(failed: JsonObject, worked: JsonObject, error: str, *, alone: bool) -> str:
    old, new = _flat(failed), _flat(worked)
    changed = [key for key in new if key not in old or old[key] != new[key]]
    speaking: list[str] = []
    silent: list[str] = []
    for key in changed:
        text, related = _change(key, old.get(key), new[key], error)
        (speaking if related else silent).append(text)
    gone = [key for key in old if key not in new]
    speaking += [f"without `{inline(key)}`" for key in gone if _stands(key.rsplit(".", 1)[-1].lower(), error)]
    chosen = [text for text in speaking if text]
    if not chosen and alone and not gone and len(changed) <= _UNRELATED_MAX and not _SUBJECTS & {*changed}:
        chosen = [text for text in silent if text]
    text = ", ".join(chosen[:_PARTS_MAX])
    return text if is_safe(text) else ""


def _relates(key: str, old: Json, new: Json, error: str) -> bool:
    """Whether an error speaks of an argument: of its name, or of the value that it had or got."""
    name = key.rsplit(".", 1)[-1].lower()
    if _stands(name, error) or ("_" in name and _stands(name.replace("_", " "), error)):
        return True
    if isinstance(old, str) and isinstance(new, str) and " " in old and " " in new:
        return _speaks_of(error, _tokens(new), _tokens(old))
    values = [str(value).lower() for value in (old, new) if isinstance(value, str | int | float)]
    return any(_WORD_CHARS_MIN <= len(value) <= _VALUE_CHARS_MAX and _stands(value, error) for value in values)


def _change(key: str, old: Json, new: Json, error: str) -> tuple[str, bool]:
    """An argument's change, empty when nothing of it can be told; and whether the error speaks of it."""
    if isinstance(old, str) and isinstance(new, str) and ("\n" in new or len(new) > _VALUE_CHARS_MAX):
        lines, related = _new_lines(old, new, error)
        return (f"in `{inline(key)}`: `{lines}`" if lines else ""), related
    related, shown, before = _relates(key, old, new, error), _shown(new), _shown(old)
    if _ITEM.search(f"`{key}") and isinstance(new, int | float) and not _stands(str(new), error):
        return "", related  # a number of one item is this case's
    if shown and before and shown != before:
        return f"`{inline(key)}`: `{shown}` instead of `{before}`", related
    if shown:
        return f"`{inline(key)}`: `{shown}`", related
    return (f"with `{inline(key)}`" if old is None and related else ""), related


def _new_lines(old: str, new: str, error: str) -> tuple[str, bool]:
    """The new lines of a text, those of which the error speaks if there are any; and whether there are."""
    left, right = old[:8_000].splitlines()[:200], new[:8_000].splitlines()[:200]
    codes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    added = [line.strip() for tag, _, _, a, b in codes if tag != "equal" for line in right[a:b] if line.strip()]
    gone = {word for tag, a, b, _, _ in codes if tag != "equal" for line in left[a:b] for word in _words(line)}
    said = {*_words(error[:600])}
    related = [line for line in added if said & ({*_words(line)} - gone)]
    text = "; ".join(related or added)
    if len(related or added) > _LINES_MAX or "`" in text or len(text) > 2 * _LINE_CHARS_MAX or not is_safe(text):
        return "", False
    return masked(text), bool(related)


def _words(text: str) -> list[str]:
    return [word for word in _PART.findall(text.lower()) if len(word) > 1]


def _shown(value: Json) -> str:
    """A value that may be shown; empty for one that is long, nested or looks like somebody's data."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        text = str(value)
    elif isinstance(value, str):
        text = inline(value)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        text = ", ".join(inline(str(item)) for item in value[:_PARTS_MAX])
    else:
        return ""
    return text if 0 < len(text) <= _VALUE_CHARS_MAX and masked(text) == text else ""
