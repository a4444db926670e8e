"""Every error that Seasoned raises on purpose, as one tree.

    SeasonedError
    ├── Invalid            the caller's input is wrong, and says how to correct it
    │   ├── TooLarge       it is over a limit that the sentence names
    │   ├── TooDeep        its JSON is nested too deeply
    │   ├── TooSlow        it did not arrive in time
    │   ├── HeldBack       a safety check flagged a text, so it waits for a person
    │   └── BadTranscript  a file is not a readable transcript
    ├── Unauthorized       the API key is missing or unknown
    ├── Forbidden          it is not allowed from there, or may only be read
    ├── NotFound           it does not exist in this project
    │   ├── Damaged        a stored file does not match its hash
    │   └── NoHome         the home does not exist yet
    ├── Conflict           it already exists, or was changed concurrently
    │   ├── MergeConflict  a change and what others did meanwhile do not fit together
    │   ├── AlreadyLearned the session already teaches a learning space
    │   └── Superseded     a stage lost its compare-and-swap; its result is discarded
    │       └── HeadMoved  a skill has a newer version than the one that a change was made on
    ├── Busy               a bounded queue is full; nothing was accepted, retry
    │   ├── BlobsAway      the object store is unreachable; nothing was accepted, retry
    │   ├── DatabaseDamaged  the database file is damaged; nothing was accepted, an operator must restore it
    │   └── Tombstoned      a stored file was being deleted just when a row was to reference it
    ├── StorageFull        the disk (or the database's limit) is full; nothing was written
    └── ModelFailed        a model (or the rules) gave no usable answer; the stage retries
        └── ModelUnavailable   the model is unavailable; work waits until it is back
            └── OverBudget     a budget is used up; learning pauses and resumes by itself

Every message is a short text for a person that says what to do next. It is stored and sent to clients unchanged, so it
is always our own text: the text of a provider, a driver or a file system is in the error's cause (`raise ... from
error`), which only the log at the level `debug` contains.
"""

from collections.abc import Sequence


def how_to_install(extra: str, package: str = "") -> str:
    """How to install one of our extras, or a package of one. The README says the same."""
    what = f"'{package}'" if package else f"-e '.[{extra}]'"
    return f"run `.venv/bin/pip install -c constraints.txt {what}` in Seasoned's folder"


class SeasonedError(Exception):
    """The base of every error raised on purpose."""


class Invalid(SeasonedError):
    """The input is wrong."""


class TooLarge(Invalid):
    """The input is over a limit."""


class TooDeep(Invalid):
    """JSON is nested too deeply."""


class TooSlow(Invalid):
    """The input did not arrive in time."""


class BadTranscript(Invalid):
    """A file is not a transcript that can be read."""


class Unauthorized(SeasonedError):
    """The API key is missing or unknown."""


class Forbidden(SeasonedError):
    """It is not allowed from there, or may only be read."""


class NotFound(SeasonedError):
    """It does not exist in this project."""


class Damaged(NotFound):
    """The stored bytes do not match their hash."""


class NoHome(NotFound):
    """The home does not exist, and commands that only read do not create one."""


class Conflict(SeasonedError):
    """The change conflicts with the current state."""


class MergeConflict(Conflict):
    """A change and what others have done meanwhile do not fit together. Nothing was written."""

    def __init__(self, message: str, clashes: tuple[object, ...]) -> None:
        super().__init__(message)
        self.clashes = clashes
        """The places, as `seasoned.engine.merging.Clash`."""


class AlreadyLearned(Conflict):
    """A session can teach one learning space only."""


class Superseded(Conflict):
    """Another run of the same stage committed first."""


class HeadMoved(Superseded):
    """A skill has a newer version than the one that a change was made on."""


class Busy(SeasonedError):
    """A bounded queue is full. Nothing was accepted."""


class BlobsAway(Busy):
    """The object store is unreachable. Nothing was written."""


class DatabaseDamaged(Busy):
    """The database file is damaged. Nothing was accepted."""


class Tombstoned(Busy):
    """A blob that a row was to reference is being deleted. Storing it again saves it."""


class StorageFull(SeasonedError):
    """No space is left. Nothing was written."""


class HeldBack(Invalid):
    """A safety check flagged a text, so it waits for a person."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"The text was held back: {'; '.join(reasons)}.")
        self.reasons = tuple(reasons)


class ModelFailed(SeasonedError):
    """A model gave no usable answer."""


class ModelUnavailable(ModelFailed):
    """A model is unavailable."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        """How long the provider asks to wait; 0 if it does not say."""


class OverBudget(ModelUnavailable):
    """A budget for model calls is used up."""
