"""Doubles for tests of code that uses Seasoned: a model that answers by script, and a clock that stands still."""

from seasoned.testing.clock import ManualClock
from seasoned.testing.model import ScriptedModel

__all__ = ["ManualClock", "ScriptedModel"]
