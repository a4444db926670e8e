"""Pictures of numbers by day, as SVG that the style sheet colours, with the numbers in a table for those who cannot see
them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from seasoned.clock import to_datetime
from seasoned.store.model_calls import DAY

WIDTH: Final = 640
HEIGHT: Final = 120
GAP: Final = 3
LABELS: Final = 5


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a bar, in the picture's units; `part` names its colour."""

    part: str
    x: float
    y: float
    width: float
    height: float
    label: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Stacked bars, one a day, with the numbers that they stand for."""

    bars: list[Bar]
    parts: list[str]
    days: list[str]
    rows: list[list[int]]
    most: int
    labels: list[tuple[float, str]]

    @property
    def table(self) -> list[tuple[str, list[int]]]:
        """The days on which there was something, with their numbers."""
        return [(day, row) for day, row in zip(self.days, self.rows, strict=True) if any(row)]

    @property
    def totals(self) -> dict[str, int]:
        """The sum of each part."""
        return {part: sum(row[at] for row in self.rows) for at, part in enumerate(self.parts)}


def stacked(found: Mapping[tuple[int, str], int], parts: Sequence[str], last_day: int, count: int) -> Chart:
    """The last `count` days up to `last_day`, each with its numbers by part; days are counted from 1970."""
    days = range(last_day - count + 1, last_day + 1)
    rows = [[found.get((day, part), 0) for part in parts] for day in days]
    most = max([*map(sum, rows), 1])
    width = WIDTH / count
    names = [to_datetime(day * DAY).strftime("%-d %b") for day in days]
    bars = []
    for at, row in enumerate(rows):
        top = float(HEIGHT)
        for part, number in zip(parts, row, strict=True):
            height = number / most * HEIGHT
            top -= height
            if number:
                label = f"{names[at]}: {number:,} {part}"
                bars.append(
                    Bar(
                        part=part,
                        x=round(at * width, 2),
                        y=round(top, 2),
                        width=round(width - GAP, 2),
                        height=round(height, 2),
                        label=label,
                    )
                )
    step = max(1, count // LABELS)
    labels = [(round(at * width + width / 2, 2), names[at]) for at in range(count - 1, -1, -step)]
    return Chart(bars=bars, parts=list(parts), days=names, rows=rows, most=most, labels=labels)
