"""Every error that Seasoned raises on purpose, in one tree.

    SeasonedError
    ├── Invalid            the caller's input is wrong, and says how to correct it
    │   ├── TooLarge       it is over a limit that the sentence names
    │   ├── TooDeep        its JSON has more in each other than anybody needs
    │   ├── TooSlow        it did not come in time
    │   └── BadTranscript  a file is not a transcript that we can read
    ├── Unauthorized       no key, or not a key of ours
    ├── NotFound           there is no such thing in this project
    │   ├── Damaged        a stored file is not what was stored
    │   └── NoHome         nothing was ever stored there
    ├── Conflict           it exists already, or somebody else changed it first
    │   ├── AlreadyLearned the session already teaches a learning space
    │   └── Superseded     a stage lost its compare-and-swap; its result is dropped whole
    ├── Busy               a bounded queue is full; nothing was taken, try again
    │   ├── BlobsAway      the object store cannot be reached; nothing was taken, try again
    │   ├── DatabaseDamaged  the database's file is not whole; nothing was taken, an operator must restore it
    │   └── Tombstoned      a stored file was being deleted just when a row was about to name it
    ├── StorageFull        the disk (or the database's limit) is full; nothing was written
    └── ModelFailed        a model (or the rules engine) gave no usable answer; the stage tries again
        └── ModelUnavailable   the model cannot be reached; work waits and goes on when it can
            └── OverBudget     a budget is used up; learning pauses and goes on by itself

Every message is one sentence for a person and says what to do next. It is stored and answered as it stands, so it holds
our own words: what a provider, a driver or a file system said is the error's cause (`raise ... from error`), which only
the log at the level `debug` tells.
"""


def how_to_install(extra: str, package: str = "") -> str:
    """What to do to have one of our extras, or another package of one of them. The README says the same."""
    what = f"'{package}'" if package else f"-e '.[{extra}]'"
    return f"run `.venv/bin/pip install -c constraints.txt {what}` in Seasoned's folder"


class SeasonedError(Exception):
    """The base of every error raised on purpose."""


class Invalid(SeasonedError):
    """The input cannot be taken as it is."""


class TooLarge(Invalid):
    """The input is over a limit."""


class TooDeep(Invalid):
    """JSON is nested more than a limit."""


class TooSlow(Invalid):
    """The input did not arrive in time."""


class BadTranscript(Invalid):
    """A file is not a transcript that can be read."""


class Unauthorized(SeasonedError):
    """The API key is missing or unknown."""


class NotFound(SeasonedError):
    """There is no such thing in this project."""


class Damaged(NotFound):
    """The bytes that a hash names are not there; others are."""


class NoHome(NotFound):
    """There is no home where one is looked for, and reading makes none."""


class Conflict(SeasonedError):
    """The change does not fit the state it was made for."""


class AlreadyLearned(Conflict):
    """A session can teach one learning space only."""


class Superseded(Conflict):
    """Another run of the same stage committed first."""


class Busy(SeasonedError):
    """A bounded queue is full. Nothing was taken."""


class BlobsAway(Busy):
    """The object store cannot be reached. No row names what it should have taken."""


class DatabaseDamaged(Busy):
    """The database cannot be read as a whole. Nothing was taken."""


class Tombstoned(Busy):
    """A blob that a row was about to name has been given up for deletion. Stored again, it stays."""


class StorageFull(SeasonedError):
    """There is no room left to write. Nothing was written."""


class ModelFailed(SeasonedError):
    """A model gave no usable answer."""


class ModelUnavailable(ModelFailed):
    """A model cannot be reached."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        """How long the provider asks to wait; 0 when it does not say."""


class OverBudget(ModelUnavailable):
    """A budget for model calls is used up."""
