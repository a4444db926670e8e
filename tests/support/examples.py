"""How many examples the property tests try, and which. The profiles hold for the whole suite.

`suite` tries the same few each time, so that a commit passes or fails everywhere alike. `thorough` looks for new ones
(`make test-slow`); what it prints at a failure goes into an `@example`. The speed of a machine
decides nothing in either.
"""

from typing import Final

from hypothesis import HealthCheck, settings

SPEED: Final = (HealthCheck.too_slow,)


def load() -> None:
    """Make the profiles known, and the suite's the one that holds unless pytest is told another."""
    settings.register_profile(
        "suite", max_examples=60, deadline=None, derandomize=True, suppress_health_check=SPEED, print_blob=True
    )
    suite = settings.get_profile("suite")
    settings.register_profile("thorough", suite, max_examples=400, derandomize=False, database=None)
    settings.load_profile("suite")


def on_one_fixture() -> settings:
    """For tests whose examples may share what a fixture made for the first."""
    return settings(suppress_health_check=[*SPEED, HealthCheck.function_scoped_fixture])
