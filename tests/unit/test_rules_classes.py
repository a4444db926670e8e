"""The classifier says what a sentence does where no phrase tells; its table belongs to the labelled sentences."""

import json
from pathlib import Path

import pytest

from seasoned.rules.acts import Accepts, Asks, read
from seasoned.rules.classes import class_of

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "src/seasoned/rules/classes.json"
SENTENCES = sorted((ROOT / "benchmarks/sentences").glob("*.txt"))


def test_the_table_knows_the_sentences_that_it_was_made_from() -> None:
    told = [
        path.stem == class_of(line.strip())[0]
        for path in SENTENCES
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert sum(told) > 0.95 * len(told)


def test_the_table_has_a_weight_for_each_class() -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    assert {len(row) for row in table["weights"].values()} == {len(table["classes"])}


def test_what_no_phrase_knows_is_told_by_its_words() -> None:
    assert read("the vicar is over the moon and the phones are quiet").acts[0].accepts >= Accepts.THANKS
    assert read("the moles: which of the beds have they dug up").acts[0].asks == Asks.PLAINLY


@pytest.mark.parametrize("text", ["Qwv xkrz.", "", "!?", "été"])
def test_words_that_it_has_never_seen_tell_nothing(text: str) -> None:
    assert class_of(text)[1] < 0.6
