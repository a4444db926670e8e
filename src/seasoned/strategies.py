"""Edit strategies: a conversation made shorter for a reader, without touching what is stored (wire contract, C.9).

Tools' answers and arguments are emptied first, then whole messages are dropped; a call and its answer go together,
since providers refuse one without the other.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from seasoned.errors import Invalid
from seasoned.message import Json, JsonObject, Message, Part

STRATEGIES_MAX = 20
PLACEHOLDER_CHARS_MAX = 1_000
KEEP_DEFAULT = 3
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
    """Puts a placeholder in the place of old answers of tools."""

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
            raise Invalid(f"The edit strategy {self.name} needs the parameter {key}, a number over 0.")
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
            raise Invalid(f"The parameter {key} of the edit strategy {self.name} must be a whole number from {low} on.")
        return value

    def _keep_tools(self) -> frozenset[str]:
        value = self._given.get("keep_tools")
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Invalid(f"The parameter keep_tools of the edit strategy {self.name} must be a list of tools' names.")
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
    placed = [Placed(index, message) for index, message in enumerate(messages)]
    for strategy in strategies:
        if isinstance(strategy, RemoveToolResult):
            placed = _remove_results(strategy, placed, count)
        elif isinstance(strategy, RemoveToolCallParams):
            placed = _remove_params(strategy, placed, count)
        else:
            shortening = _Shortening(placed, count)
            if isinstance(strategy, MiddleOut):
                shortening.drop_from_middle(strategy.token_reduce_to)
            else:
                shortening.drop_oldest(strategy.limit_tokens)
            placed = shortening.left()
    return placed


def _remove_results(strategy: RemoveToolResult, placed: list[Placed], count: Count) -> list[Placed]:
    names = {part.call_id: part.tool_name for one in placed for part in one.message.parts if part.type == "tool-call"}

    def edited(part: Part) -> Part:
        # What the provider said besides the text is part of the answer.
        meta = {key: value for key, value in part.meta.items() if key != "extra"}
        return msgspec.structs.replace(part, text=strategy.placeholder, meta=meta, asset=None, filename=None)

    return _empty(
        strategy,
        placed,
        chosen=lambda part: part.type == "tool-result" and names.get(part.call_id, "") not in strategy.keep_tools,
        is_large=lambda part: strategy.gt_token is None or count(part.text or "") > strategy.gt_token,
        edited=edited,
    )


def _remove_params(strategy: RemoveToolCallParams, placed: list[Placed], count: Count) -> list[Placed]:
    return _empty(
        strategy,
        placed,
        chosen=lambda part: part.type == "tool-call" and part.tool_name not in strategy.keep_tools,
        is_large=lambda part: strategy.gt_token is None or count(part.arguments) > strategy.gt_token,
        edited=lambda part: msgspec.structs.replace(part, meta={**part.meta, "arguments": "{}"}),
    )


def _empty(
    strategy: _Emptying,
    placed: list[Placed],
    *,
    chosen: Callable[[Part], bool],
    is_large: Callable[[Part], bool],
    edited: Callable[[Part], Part],
) -> list[Placed]:
    """The messages with the chosen parts edited, but for the newest of them and those that are small enough."""
    left = sum(chosen(part) for one in placed for part in one.message.parts) - strategy.keep_recent
    result = []
    for one in placed:
        parts = []
        for part in one.message.parts:
            old = left > 0 and chosen(part)
            left -= old
            parts.append(edited(part) if old and is_large(part) else part)
        changed = any(new is not was for new, was in zip(parts, one.message.parts, strict=True))
        message = msgspec.structs.replace(one.message, parts=tuple(parts)) if changed else one.message
        result.append(Placed(one.place, message))
    return result


class _Shortening:
    """Messages of which some are dropped, each with those that hold the other ends of its calls."""

    def __init__(self, placed: list[Placed], count: Count) -> None:
        self._placed = placed
        self._tokens = [count(one.message.counted()) for one in placed]
        self._total = sum(self._tokens)
        self._alive = [True] * len(placed)
        self._partners = _partners([one.message for one in placed])

    def left(self) -> list[Placed]:
        """What was not dropped."""
        return [one for one, alive in zip(self._placed, self._alive, strict=True) if alive]

    def drop_oldest(self, limit: int) -> None:
        """Drop from the beginning until the total is within the limit."""
        for index in range(len(self._placed)):
            if self._total <= limit:
                return
            if self._alive[index]:
                self._drop(index)

    def drop_from_middle(self, limit: int) -> None:
        """Drop the right-middle message (of two and one the first) until the total is within the limit.

        Two queues meet in the middle, so that each step is short however many messages there are.
        """
        half = len(self._placed) // 2
        before, after = deque(range(half)), deque(range(half, len(self._placed)))
        sizes = {True: len(before), False: len(after)}
        in_front = [True] * half + [False] * len(after)
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
                waiting += self._partners[one]
        return dropped


def _partners(messages: Sequence[Message]) -> list[set[int]]:
    """For each message the others that hold the answers to its calls, or the calls that it answers.

    An answer belongs to the last call of its id before it: some servers use the same ids over and over.
    """
    callers: dict[str, int] = {}
    partners: list[set[int]] = [set() for _ in messages]
    for index, message in enumerate(messages):
        for part in message.parts:
            if part.type == "tool-call" and part.call_id:
                callers[part.call_id] = index
            elif part.type == "tool-result" and part.call_id in callers:
                partners[index].add(callers[part.call_id])
                partners[callers[part.call_id]].add(index)
    return partners
