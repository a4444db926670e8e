"""How an agent's turn ended: with a question, an offer for more, a report, unfinished work or a refusal."""

import re
from collections.abc import Sequence

import msgspec

from seasoned.llm.rules import words
from seasoned.llm.rules.sentences import plain
from seasoned.message import NumberedMessage

_TAIL_CHARS = 1_200
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_EXIT = re.compile(r"(?:exit(?:ed)?(?: with)?(?: code| status)?|returncode)[\"']?\s*[:=]?\s*(\d{1,3})\b", re.IGNORECASE)
_ERROR = re.compile(
    r"^\s*(?:\{\s*\"error\"\s*:|\{\s*\"ok\"\s*:\s*false|error\b|fatal\b|traceback|exception\b|[\w.]{1,60}(?:error|exception)\b\s*:"
    r"|bash: |/\S+: no such|permission denied|command not found)",
    re.IGNORECASE,
)


class AgentTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's side of a turn, from after a person's message to before the next one."""

    numbers: tuple[int, ...] = ()
    text: str = ""  # the agent's last words
    said: str = ""  # all of its words, bounded
    worked: bool = False  # it called tools
    over: bool = False  # its last message is words, not a tool call or a tool's answer
    error: bool = False  # the last answer of a tool is an error
    asks: bool = False
    invites: bool = False
    done: bool = False
    unfinished: bool = False
    cannot: bool = False


def is_error(text: str) -> bool:
    """Whether a tool's answer looks like a failure."""
    edge = text[:400]
    code = None
    for code in _EXIT.finditer(text[-200:]):
        pass
    if code is not None:
        return code.group(1) != "0"
    return bool(_ERROR.match(edge))


def _pieces(text: str) -> list[str]:
    return [piece for piece in (part.strip().lower() for part in _SENTENCE_END.split(text)) if piece]


def _ending(text: str) -> dict[str, bool]:
    """What the agent's last words say, read from their beginning and their end."""
    body = plain(text)
    first = _pieces(body[:600])[:3]
    last = _pieces(body[-_TAIL_CHARS:])[-4:]
    while last and words.CLOSER.match(last[-1]) and not words.AGENT_ASKS.search(last[-1]):
        closer = last.pop()
        if "?" in closer:
            break
    invites = any(words.INVITES.search(piece) for piece in _pieces(body[-400:])[-2:])
    asks = any(
        (piece.endswith("?") or words.AGENT_ASKS.search(piece)) and not words.INVITES.search(piece)
        for piece in last[-3:]
    )
    done = bool(words.AGENT_DONE.search(" ".join([*first, *last])))
    cannot = any(words.AGENT_CANNOT.search(piece) for piece in first)
    unfinished = any(words.AGENT_UNFINISHED.search(piece) for piece in [*first[:1], *last])
    return {"invites": invites, "asks": asks, "done": done, "cannot": cannot, "unfinished": unfinished}


def agent_turn(messages: Sequence[NumberedMessage]) -> AgentTurn:
    """How a run of agent and tool messages ended."""
    text, said, worked, error, over = "", [], False, False, False
    for numbered in messages:
        message = numbered.message
        if message.is_tool_answer or message.role == "user":
            answers = [part for part in message.parts if part.type == "tool-result"]
            if answers:
                worked, over = True, False
                error = any(part.is_error or is_error(part.text or "") for part in answers)
            continue
        prose = message.prose().strip()
        if prose:
            text = prose[-3000:] if len(prose) > 6000 else prose
            said.append(text[:800])
        worked = worked or message.calls_tools
        over = bool(prose) and not message.calls_tools
    numbers = tuple(numbered.number for numbered in messages)
    ending = _ending(text) if text else {}
    return AgentTurn(
        numbers=numbers, text=text, said="\n".join(said[-12:]), worked=worked, over=over, error=error, **ending
    )
