"""A session as turns: what a person said, then what the agent and its tools did."""

from collections.abc import Sequence

import msgspec

from seasoned.message import NumberedMessage
from seasoned.rules.acts import Act, Said, read
from seasoned.rules.agent import AgentTurn, agent_turn


class Turn(msgspec.Struct, frozen=True):
    """A person's message (None when a batch begins with the agent) and the agent's side after it."""

    person: NumberedMessage | None
    said: Said
    agent: AgentTurn

    @property
    def acts(self) -> tuple[Act, ...]:
        """What the person's sentences do."""
        return self.said.acts

    @property
    def number(self) -> int:
        """The number of the person's message; 0 without one."""
        return 0 if self.person is None else self.person.number


def turns_of(messages: Sequence[NumberedMessage]) -> list[Turn]:
    """The messages as turns; system prompts belong to none."""
    turns: list[Turn] = []
    person: NumberedMessage | None = None
    said = Said()
    rest: list[NumberedMessage] = []
    for numbered in messages:
        message = numbered.message
        if message.role == "user" and message.original_role != "user":
            continue
        prose = message.words_of("person")
        if not message.is_from_person or (not prose.strip() and rest):
            rest.append(numbered)
            continue
        if person is not None or rest:
            ended = agent_turn(rest)
            if any(part.type == "tool-result" for part in message.parts):
                ended = msgspec.structs.replace(ended, over=True)  # the person spoke together with the tools' answers
            turns.append(Turn(person, said, ended))
        person, said, rest = numbered, read(prose), []
    if person is not None or rest:
        turns.append(Turn(person, said, agent_turn(rest)))
    return turns
