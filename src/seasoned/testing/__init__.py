"""Doubles for tests of code that uses Seasoned: a model that answers by script, a provider on loopback, a clock."""

from seasoned.testing.clock import ManualClock
from seasoned.testing.model import ScriptedModel
from seasoned.testing.provider import Fault, Provider, provider
from seasoned.testing.recording import recorder, replay
from seasoned.testing.wire_formats import Asked, Said, Spent

__all__ = [
    "Asked",
    "Fault",
    "ManualClock",
    "Provider",
    "Said",
    "ScriptedModel",
    "Spent",
    "provider",
    "recorder",
    "replay",
]
