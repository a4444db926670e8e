"""The library's form: what it exports, that its two skins are one, and that importing it is light."""

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

import seasoned
from seasoned.library import blocking, memory, results
from tests.support import blocking as made

if TYPE_CHECKING:
    from typing import assert_type

    from seasoned.library.results import Context, Page, SearchHit


def calls(kind: type) -> dict[str, inspect.Signature]:
    return {name: inspect.signature(one) for name, one in inspect.getmembers(kind, inspect.isfunction)}


def test_the_blocking_calls_are_those_for_event_loops() -> None:
    one, other = calls(memory.AsyncMemory), calls(blocking.Memory)
    public = {name for name in one if not name.startswith("_")}
    assert public == {name for name in other if not name.startswith("_")}
    for name in public:
        assert one[name] == other[name], name
        assert inspect.iscoroutinefunction(getattr(memory.AsyncMemory, name))
        assert not inspect.iscoroutinefunction(getattr(blocking.Memory, name))
        assert getattr(blocking.Memory, name).__doc__ == getattr(memory.AsyncMemory, name).__doc__
    assert public >= {"learn", "wait", "search", "context", "history", "blame", "approve", "usage", "forget"}


def test_the_blocking_calls_are_made_anew() -> None:
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(made.TO), "-"],
        input=made.made(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.TO.read_text() == formatted.stdout, "run `make blocking`"


def test_what_is_exported_is_sorted_and_there() -> None:
    for module in (seasoned, results):
        assert list(module.__all__) == sorted(module.__all__)
        assert all(getattr(module, name) for name in module.__all__)


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import seasoned, sys; print(sorted(one for one in sys.modules if one.startswith('seasoned.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


if TYPE_CHECKING:

    def types(one: seasoned.Memory) -> None:
        """What a type checker says of some calls."""
        assert_type(one.search("words"), Page[SearchHit])
        assert_type(one.context("words", 100), Context)
        assert_type(seasoned.open("memory"), seasoned.Memory)

    async def async_types(one: seasoned.AsyncMemory) -> None:
        """The same of those for event loops."""
        assert_type(await one.search("words"), Page[SearchHit])
        assert_type(await seasoned.connect_async("http://localhost", "sk-ac-1"), seasoned.AsyncMemory)
