"""Which lines of a Claude Code file make up a conversation.

Lines name the line before them in `parentUuid`, so a file is a tree. Going back to an earlier prompt starts another
branch; the branch that ends in the newest line is the conversation, and the others drop out. Three things look like
branches and are none: the pieces of one API message, the answers of tools that ran side by side, and what came before a
compaction. Only a person goes back, so what agents say side by side belongs together too.
"""

from collections.abc import Sequence

import msgspec

from seasoned.message import Author, Json, JsonObject


class Line(msgspec.Struct, kw_only=True):
    """A line of the file. `blob` is its message, None when nobody says anything in it; times are microseconds.

    `skills` are the names of those whose text it puts before the agent.
    """

    number: int
    at: int | None
    kind: str
    uuid: str
    parent: str
    before_compaction: str
    session: str
    agent: str
    is_sidechain: bool
    message_id: str
    blob: JsonObject | None
    continues: bool
    author: Author | None = None
    result: Json = None
    skills: tuple[str, ...] = ()
    directory: str = ""
    branch: str = ""

    @property
    def restarts(self) -> bool:
        """Whether it names no line before it."""
        return not self.parent and not self.before_compaction

    def names(self, block: str, key: str) -> frozenset[str]:
        """The ids that the message's blocks of one type carry under a key."""
        content = self.blob.get("content") if self.blob else None
        return frozenset(
            value
            for item in (content if isinstance(content, list) else ())
            if isinstance(item, dict) and item.get("type") == block and isinstance(value := item.get(key), str)
        )

    @property
    def answers(self) -> frozenset[str]:
        """The ids of the calls that tools answer in it."""
        return self.names("tool_result", "tool_use_id")

    @property
    def calls(self) -> frozenset[str]:
        """The ids of the calls that it makes."""
        return self.names("tool_use", "id")


def conversations(lines: Sequence[Line]) -> dict[tuple[str, str], list[Line]]:
    """The lines by session and agent (empty for the main one), in the order in which each begins."""
    roots = _sidechain_roots(lines)
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        agent = line.agent or (roots.get(line.uuid, "sidechain") if line.is_sidechain else "")
        groups.setdefault((line.session, agent), []).append(line)
    return groups


def _sidechain_roots(lines: Sequence[Line]) -> dict[str, str]:
    """For each sidechain line that names no agent, the uuid of the line that its sidechain begins with."""
    side = {line.uuid: line for line in lines if line.is_sidechain and line.uuid and not line.agent}
    roots: dict[str, str] = {}
    for uuid in side:
        trail, passed = [uuid], {uuid}
        while trail[-1] not in roots and side[trail[-1]].parent in side:
            trail.append(side[trail[-1]].parent)
            if trail[-1] in passed:
                break  # a circle, which only a damaged file has
            passed.add(trail[-1])
        root = roots.get(trail[-1], trail[-1])
        roots |= dict.fromkeys(trail, root)
    return roots


def branch(lines: Sequence[Line]) -> list[Line]:
    """The lines of the conversation that ends in the newest line, in the file's order."""
    newest = max((index for index, line in enumerate(lines) if line.kind in ("user", "assistant")), default=None)
    if newest is None or not any(line.parent for line in lines):
        return list(lines)
    before = _links(lines)
    taken: set[int] = set()
    at: int | None = newest
    while at is not None and at >= 0:
        taken.add(at)
        at = before[at]
        if at in taken:
            # A compaction that keeps the end of what it sums up names a line behind itself: the past lies before both.
            at = min(taken) - 1
    messages = {lines[index].message_id for index in taken} - {""}
    taken |= {index for index, line in enumerate(lines) if line.message_id in messages}
    calls = set[str]().union(*(lines[index].calls for index in taken))
    for index, line in enumerate(lines):
        beside = line.kind in ("assistant", "attachment") and before[index] in taken and not line.restarts
        if beside or line.answers & calls:
            taken.add(index)
            calls |= line.calls
    return [lines[index] for index in sorted(taken)]


def _links(lines: Sequence[Line]) -> list[int | None]:
    """For each line the index of the one before it in the conversation; None where a conversation begins."""
    places: dict[str, int] = {}
    for index, line in enumerate(lines):
        if line.uuid:
            places.setdefault(line.uuid, index)
    links: list[int | None] = []
    for index, line in enumerate(lines):
        previous = index - 1 if index else None
        if line.parent:
            # A parent that is missing was on a broken line: what is there is worth more than what is not.
            links.append(places.get(line.parent, previous))
        elif line.before_compaction:
            links.append(places.get(line.before_compaction, previous))
        elif line.continues or not _is_prompt(line):
            links.append(previous)
        else:
            links.append(None)
    return links


def _is_prompt(line: Line) -> bool:
    return line.kind == "user" and line.blob is not None and not line.answers
