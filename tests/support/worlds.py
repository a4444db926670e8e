"""The labelled worlds beside the benchmarks, and their scorer."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

WORLDS = Path(__file__).parents[2] / "benchmarks" / "worlds"


def world_named(name: str) -> dict[str, Any]:
    """A world's sessions with their truth."""
    loaded: dict[str, Any] = json.loads((WORLDS / f"{name}.json").read_text())
    return loaded


def scorer() -> ModuleType:
    """The scoring script as a module."""
    spec = importlib.util.spec_from_file_location("score", WORLDS / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
