"""Edit strategies shorten a conversation for a reader, without changing what is stored (wire contract, C.9).

Tool results and arguments are emptied first, then whole messages are dropped; a call and its result are dropped
together, since providers refuse one without the other.
"""

import hashlib
import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from seasoned.errors import Invalid
from seasoned.message import Json, JsonObject, Message, Part

STRATEGIES_MAX = 20
PLACEHOLDER_CHARS_MAX = 1_000
KEEP_DEFAULT = 3
ID_CHARS_KEPT = 64
PLACEHOLDER_DEFAULT = "Done"
NAMES = ("remove_tool_result", "remove_tool_call_params", "middle_out", "token_limit")

Count = Callable[[str], int]


class Placed(NamedTuple):
    """A message with its place among those that the edit began with."""

    place: int
    message: Message


class _Emptying(msgspec.Struct, frozen=True, kw_only=True):
    """Which tools' answers or arguments are emptied: all but the newest `keep_recent`, not those of `keep_tools`."""

    keep_recent: int
    keep_tools: frozenset[str]
    gt_token: int | None


class RemoveToolResult(_Emptying, frozen=True, kw_only=True):
    """Replaces old tool results by a placeholder."""

    placeholder: str


class RemoveToolCallParams(_Emptying, frozen=True, kw_only=True):
    """Empties the arguments of old calls."""


class MiddleOut(msgspec.Struct, frozen=True):
    """Drops messages from the middle until the rest has at most that many tokens."""

    token_reduce_to: int


class TokenLimit(msgspec.Struct, frozen=True):
    """Drops the oldest messages until the rest has at most that many tokens."""

    limit_tokens: int


Strategy = RemoveToolResult | RemoveToolCallParams | MiddleOut | TokenLimit


def read(text: str) -> tuple[Strategy, ...]:
    """The strategies of a JSON array of `{type, params}`, in the order in which they are applied.

    An empty text means none. Raises Invalid with a sentence that names the strategy and what it takes.
    """
    if not text.strip():
        return ()
    try:
        given = msgspec.json.decode(text, type=list[dict[str, Json]])
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise Invalid('edit_strategies must be a JSON array of objects such as {"type": "token_limit"}.') from None
    if len(given) > STRATEGIES_MAX:
        raise Invalid(f"edit_strategies holds at most {STRATEGIES_MAX} strategies; send fewer.")
    wanted = [_Params(one) for one in given]
    # The order is fixed; what is emptied first need not be dropped.
    return tuple(params.strategy() for params in sorted(wanted, key=lambda params: NAMES.index(params.name)))


class _Params:
    """The parameters of one strategy as they were sent."""

    def __init__(self, given: JsonObject) -> None:
        name, params = given.get("type"), given.get("params")
        if not isinstance(name, str) or name not in NAMES:
            shown = repr(name[:40]) if isinstance(name, str) else "no string"
            raise Invalid(f"The edit strategy's type is {shown}; use one of {', '.join(NAMES)}.")
        if params is not None and not isinstance(params, dict):
            raise Invalid(f"The params of the edit strategy {name} must be a JSON object.")
        self.name = name
        self._given: JsonObject = params or {}

    def strategy(self) -> Strategy:
        """The strategy with its parameters checked. Raises Invalid."""
        if self.name == "token_limit":
            return TokenLimit(self._required("limit_tokens"))
        if self.name == "middle_out":
            return MiddleOut(self._required("token_reduce_to", whole=True))
        if self.name == "remove_tool_call_params":
            return RemoveToolCallParams(
                keep_recent=self._number("keep_recent_n_tool_calls", KEEP_DEFAULT, 0),
                keep_tools=self._keep_tools(),
                gt_token=self._gt_token(),
            )
        return RemoveToolResult(
            keep_recent=self._number("keep_recent_n_tool_results", KEEP_DEFAULT, 0),
            keep_tools=self._keep_tools(),
            gt_token=self._gt_token(),
            placeholder=self._placeholder(),
        )

    def _required(self, key: str, *, whole: bool = False) -> int:
        if self._given.get(key) is None:
            raise Invalid(f"The edit strategy {self.name} needs the parameter {key}, a number greater than 0.")
        return self._number(key, 0, 1, whole=whole)

    def _gt_token(self) -> int | None:
        return None if self._given.get("gt_token") is None else self._number("gt_token", 1, 1)

    def _number(self, key: str, default: int, low: int, *, whole: bool = False) -> int:
        value = self._given.get(key)
        if value is None:
            return default
        if isinstance(value, float) and math.isfinite(value) and (not whole or value.is_integer()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise Invalid(
                f"The parameter {key} of the edit strategy {self.name} must be a whole number, {low} or more."
            )
        return value

    def _keep_tools(self) -> frozenset[str]:
        value = self._given.get("keep_tools")
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Invalid(f"The parameter keep_tools of the edit strategy {self.name} must be a list of tool names.")
        return frozenset(one for one in value if isinstance(one, str))

    def _placeholder(self) -> str:
        value = self._given.get("tool_result_placeholder")
        if value is None:
            return PLACEHOLDER_DEFAULT
        if not isinstance(value, str) or len(value) > PLACEHOLDER_CHARS_MAX:
            raise Invalid(
                f"The parameter tool_result_placeholder of the edit strategy {self.name} must be a string of at most "
                f"{PLACEHOLDER_CHARS_MAX} characters."
            )
        return value.strip() or PLACEHOLDER_DEFAULT


def apply(strategies: Iterable[Strategy], messages: Sequence[Message], count: Count) -> list[Placed]:
    """The messages that are left, edited, oldest first. `count` tells how many tokens a text has."""
    editor = Editor(strategies, count)
    for message in messages if editor.empties else ():
        editor.look(message)
    edited = [editor.edited(message) for message in messages]
    for message in edited if editor.shortens else ():
        editor.weigh(message)
    dropped = editor.dropped()
    return [Placed(place, message) for place, message in enumerate(edited) if place not in dropped]


class Editor:
    """Edits a conversation message by message, so that it need not be in memory whole.

    It goes over the messages in their order up to three times: `look` where it `empties`, `edited` and `weigh` where it
    `shortens`, and `edited` again, of which those that are `dropped` are left out.
    """

    def __init__(self, strategies: Iterable[Strategy], count: Count) -> None:
        given = list(strategies)
        self._count = count
        self._emptying = [_Emptier(one, count) for one in given if isinstance(one, _Emptying)]
        self._limits = [one for one in given if isinstance(one, MiddleOut | TokenLimit)]
        self._shortening = _Shortening()

    @property
    def empties(self) -> bool:
        """Whether it has to look at the messages first."""
        return bool(self._emptying)

    @property
    def shortens(self) -> bool:
        """Whether it has to weigh the edited messages before it knows which are dropped."""
        return bool(self._limits)

    def look(self, message: Message) -> None:
        """See what of a message there is to empty."""
        for one in self._emptying:
            one.look(message)

    def edited(self, message: Message) -> Message:
        """A message with what is old in it emptied."""
        for one in self._emptying:
            message = one.edited(message)
        return message

    def weigh(self, message: Message) -> None:
        """Count an edited message's tokens, and see what it calls and answers."""
        self._shortening.add(message, self._count(message.counted()))

    def dropped(self) -> set[int]:
        """The places of the messages that are left out. From here on `edited` begins anew."""
        for limit in self._limits:
            if isinstance(limit, MiddleOut):
                self._shortening.drop_from_middle(limit.token_reduce_to)
            else:
                self._shortening.drop_oldest(limit.limit_tokens)
        for one in self._emptying:
            one.begin()
        return self._shortening.dropped()


class _Emptier:
    """One strategy that empties the parts of its kind, but for the newest of them and those that are small enough."""

    def __init__(self, strategy: RemoveToolResult | RemoveToolCallParams, count: Count) -> None:
        self._strategy = strategy
        self._count = count
        self._left: int | None = None
        # How many parts there are to each call, and which calls are of tools that are kept.
        self._found: Counter[str] = Counter()
        self._kept: set[str] = set()

    def look(self, message: Message) -> None:
        """See how many parts there are to empty; the newest are spared."""
        keep_tools, of_results = self._strategy.keep_tools, isinstance(self._strategy, RemoveToolResult)
        for part in message.parts:
            if part.type == "tool-call" and of_results and keep_tools:
                # The last call of an id is the one that counts.
                (self._kept.add if part.tool_name in keep_tools else self._kept.discard)(_key(part))
            elif part.type == "tool-result" and of_results:
                self._found[_key(part) if keep_tools else ""] += 1
            elif part.type == "tool-call" and not of_results and part.tool_name not in keep_tools:
                self._found[""] += 1

    def begin(self) -> None:
        """Go over the messages from the first one again."""
        self._left = None

    def edited(self, message: Message) -> Message:
        """The next message with its old parts emptied."""
        if self._left is None:
            found = sum(number for key, number in self._found.items() if key not in self._kept)
            self._left = found - self._strategy.keep_recent
        parts = []
        for part in message.parts:
            old = self._left > 0 and self._is_chosen(part)
            self._left -= old
            parts.append(self._emptied(part) if old and self._is_large(part) else part)
        changed = any(new is not was for new, was in zip(parts, message.parts, strict=True))
        return msgspec.structs.replace(message, parts=tuple(parts)) if changed else message

    def _is_chosen(self, part: Part) -> bool:
        if isinstance(self._strategy, RemoveToolResult):
            return part.type == "tool-result" and _key(part) not in self._kept
        return part.type == "tool-call" and part.tool_name not in self._strategy.keep_tools

    def _is_large(self, part: Part) -> bool:
        text = part.text or "" if isinstance(self._strategy, RemoveToolResult) else part.arguments
        return self._strategy.gt_token is None or self._count(text) > self._strategy.gt_token

    def _emptied(self, part: Part) -> Part:
        if isinstance(self._strategy, RemoveToolCallParams):
            return msgspec.structs.replace(part, meta={**part.meta, "arguments": "{}"})
        # What the provider said besides the text is part of the answer.
        meta = {key: value for key, value in part.meta.items() if key != "extra"}
        return msgspec.structs.replace(part, text=self._strategy.placeholder, meta=meta, asset=None, filename=None)


def _key(part: Part) -> str:
    """A call's id, short however long it is: it is kept for each call of a conversation."""
    call_id = part.call_id
    return call_id if len(call_id) <= ID_CHARS_KEPT else hashlib.sha256(call_id.encode(errors="replace")).hexdigest()


class _Shortening:
    """Messages of which some are dropped, each with those that hold the other ends of its calls.

    An answer belongs to the last call of its id before it: some servers use the same ids over and over.
    """

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._alive: list[bool] = []
        self._callers: dict[str, int] = {}
        self._partners: dict[int, set[int]] = {}
        self._total = 0

    def add(self, message: Message, tokens: int) -> None:
        """Take the next message."""
        place = len(self._tokens)
        self._tokens.append(tokens)
        self._alive.append(True)
        self._total += tokens
        for part in message.parts:
            if part.type == "tool-call" and part.call_id:
                self._callers[_key(part)] = place
            elif part.type == "tool-result" and (caller := self._callers.get(_key(part))) is not None:
                self._partners.setdefault(place, set()).add(caller)
                self._partners.setdefault(caller, set()).add(place)

    def dropped(self) -> set[int]:
        """The places of what was dropped."""
        return {place for place, alive in enumerate(self._alive) if not alive}

    def drop_oldest(self, limit: int) -> None:
        """Drop from the beginning until the total is within the limit."""
        for index in range(len(self._alive)):
            if self._total <= limit:
                return
            if self._alive[index]:
                self._drop(index)

    def drop_from_middle(self, limit: int) -> None:
        """Drop the right-middle message (of two and one the first) until the total is within the limit.

        Two queues meet in the middle, so that each step is short however many messages there are.
        """
        places = [place for place, alive in enumerate(self._alive) if alive]
        half = len(places) // 2
        before, after = deque(places[:half]), deque(places[half:])
        sizes = {True: len(before), False: len(after)}
        in_front = dict.fromkeys(before, True) | dict.fromkeys(after, False)
        while self._total > limit and sum(sizes.values()) > 0:
            total = sum(sizes.values())
            middle = total // 2 if total > 2 else 0  # noqa: PLR2004 - then the first goes
            while sizes[True] > middle:
                after.appendleft(moved := self._last_alive(before))
                in_front[moved] = False
                sizes[True], sizes[False] = sizes[True] - 1, sizes[False] + 1
            while sizes[True] < middle:
                before.append(moved := self._first_alive(after))
                in_front[moved] = True
                sizes[True], sizes[False] = sizes[True] + 1, sizes[False] - 1
            for index in self._drop(self._first_alive(after)):
                sizes[in_front[index]] -= 1

    def _last_alive(self, queue: deque[int]) -> int:
        while not self._alive[index := queue.pop()]:
            continue
        return index

    def _first_alive(self, queue: deque[int]) -> int:
        while not self._alive[index := queue.popleft()]:
            continue
        return index

    def _drop(self, index: int) -> list[int]:
        """Drop a message and, over and over, those that its calls tie it to; all that were dropped."""
        dropped, waiting = [], [index]
        while waiting:
            one = waiting.pop()
            if self._alive[one]:
                self._alive[one] = False
                self._total -= self._tokens[one]
                dropped.append(one)
                waiting += self._partners.get(one, ())
        return dropped
