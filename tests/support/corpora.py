"""The corpora of injected instructions and of secrets, each with what is harmless and looks alike.

Every text was written for this repository. Half of the first part is held out by a fixed rule: what decides on the
scanner is only looked at in the other half. Two later parts were written when the scanner stood; what it found of
them at first sight is in the docs of the benchmark.
"""

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

DATA = Path(__file__).parents[1] / "data"
Part = Literal["seen", "held out", "later", "evasive"]
PARTS: tuple[Part, ...] = ("seen", "held out", "later", "evasive")
_LATER: dict[str, Part] = {"n": "later", "m": "later", "x": "evasive", "y": "evasive"}


class Injection(msgspec.Struct, frozen=True):
    """A text with its channel and the string that no skill may hold; without such a string it is harmless."""

    id: str
    kind: str
    channel: str
    canary: str
    text: str

    @property
    def part(self) -> Part:
        """Which part of the corpus it belongs to."""
        return part_of(self.id)


class SecretText(msgspec.Struct, frozen=True):
    """A text and its secret, kept in pieces so that no scanner of repositories takes it for real."""

    id: str
    kind: str
    text: str
    secret: str

    @property
    def part(self) -> Part:
        """Which part of the corpus it belongs to."""
        return part_of(self.id)


class Order(msgspec.Struct, frozen=True):
    """An order that a tool or a mail holds, and the string in it that no skill may hold."""

    id: str
    language: str
    kind: str
    canary: str
    text: str


class Explanation(msgspec.Struct, frozen=True):
    """A tool's error, and what the agent says of it in its own words."""

    id: str
    language: str
    error: str
    text: str


def part_of(key: str) -> Part:
    """The part that a text belongs to, by its id alone."""
    return _LATER.get(key[0]) or ("held out" if zlib.crc32(key.encode()) % 2 else "seen")


def injections() -> tuple[Sequence[Injection], Sequence[Injection]]:
    """What must not get into a skill, and what looks alarming and is harmless."""
    lines = (DATA / "injections.jsonl").read_text().splitlines()
    every = [msgspec.json.decode(line, type=Injection) for line in lines]
    return [one for one in every if one.canary], [one for one in every if not one.canary]


def orders() -> tuple[Sequence[Order], Sequence[Explanation]]:
    """Orders in fifteen languages, and agents' explanations of errors."""
    rows = [json.loads(line) for line in (DATA / "orders.jsonl").read_text().splitlines()]
    told = [msgspec.convert(row, Order) for row in rows if "canary" in row]
    return told, [msgspec.convert(row, Explanation) for row in rows if "error" in row]


def secrets() -> tuple[Sequence[SecretText], Sequence[SecretText]]:
    """Texts with a secret, and texts that look as if they had one."""
    return _secrets("secrets")


def more_secrets(half: Literal["open", "held-out"]) -> tuple[Sequence[SecretText], Sequence[SecretText]]:
    """Half of a corpus of every kind of secret; the second half was only looked at when the rules were finished."""
    return _secrets(f"secrets-{half}")


def _secrets(name: str) -> tuple[Sequence[SecretText], Sequence[SecretText]]:
    found = []
    for line in (DATA / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        secret = "".join(row["secret"])
        found.append(SecretText(row["id"], row["kind"], row["text"].replace("{0}", secret), secret))
    return [one for one in found if one.secret], [one for one in found if not one.secret]
