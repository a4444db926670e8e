"""Templates, and how values are written on pages."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from seasoned import __version__
from seasoned.clock import SECOND, to_datetime, to_rfc3339
from seasoned.dashboard.markdown import visible
from seasoned.skill import cut, entry_hash

_STEPS: Final = ((60, "second"), (3_600, "minute"), (86_400, "hour"), (86_400 * 30, "day"))
MICROS: Final = 1_000_000
ENTRY_MARK_CHARS: Final = 12


def render(template: str, values: Mapping[str, object]) -> str:
    """A template with its values; every text is escaped unless it is known to be safe."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("seasoned.dashboard"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "ago": ago,
        "count": count,
        "cut": cut,
        "day": lambda micros: to_datetime(micros).date().isoformat(),
        "entry_mark": entry_mark,
        "money": money,
        "number": "{:,}".format,
        "short": short,
        "shown": shown,
        "size": size,
    }
    environment.globals |= {"asset": asset, "version": __version__}
    return environment


@cache
def asset(name: str) -> str:
    """The address of a file of ours, which changes with its content, so that browsers may keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256(static(name)).hexdigest()[:12]}"


@cache
def static(name: str) -> bytes:
    """A file of ours. Raises FileNotFoundError."""
    return (resources.files("seasoned.dashboard") / "static" / name).read_bytes()


@pass_context
def ago(context: Context, micros: int | None) -> Markup:
    """When something was, for people and machines."""
    if not micros:
        return Markup("never")
    seconds = (context["now"] - micros) // SECOND
    said = to_datetime(micros).strftime("%-d %b %Y")
    if -60 < seconds < 86_400 * 30:  # noqa: PLR2004 - a minute's difference of clocks, and a month
        said = "just now" if seconds < 10 else _since(seconds)  # noqa: PLR2004
    exact = to_rfc3339(micros)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact[:19].replace("T", " ") + " UTC", said)


def _since(seconds: int) -> str:
    step = 1
    for limit, unit in _STEPS:
        if seconds < limit:
            return f"{count(seconds // step, unit)} ago"
        step = limit
    return ""


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def money(micros: int | None) -> str:
    """Millionths of a dollar."""
    if micros is None:
        return "price unknown"
    dollars = micros / MICROS
    return f"${dollars:,.2f}" if dollars >= 1 or not micros else f"${dollars:.4f}"


def size(count_of_bytes: int) -> str:
    """A number of bytes."""
    amount = float(count_of_bytes)
    for unit in ("bytes", "KB", "MB"):
        if amount < 1_000 or unit == "MB":  # noqa: PLR2004
            return f"{amount:,.0f} {unit}" if unit == "bytes" or amount >= 10 else f"{amount:.1f} {unit}"  # noqa: PLR2004
        amount /= 1_000
    return ""


def short(identifier: str) -> str:
    """The end of an id, which tells it from others; ids begin with their time."""
    return identifier[-6:]


def shown(text: str | None) -> Markup:
    """An untrusted text in a line: escaped, its invisible characters made visible, and with a direction of its own."""
    return Markup("<bdi>{}</bdi>").format(visible(text or ""))


def entry_mark(text: str) -> str:
    """What an entry is called in addresses within a page."""
    return f"e-{entry_hash(text)[:ENTRY_MARK_CHARS]}"
