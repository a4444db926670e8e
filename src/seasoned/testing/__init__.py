"""Doubles for tests of code that uses Seasoned: a model that answers by script, and a clock that stands still."""

from seasoned.testing.clock import ManualClock
from seasoned.testing.model import ScriptedModel
from seasoned.testing.provider import Asked, Fault, Provider, provider

__all__ = ["Asked", "Fault", "ManualClock", "Provider", "ScriptedModel", "provider"]
