"""What the library answers: the shapes of the API, by names of their own."""

import msgspec

from seasoned.http.forgetting import _Forgotten
from seasoned.http.history import SkillManifest, SkillVersion, TaughtLesson, VersionHead, _Blame, _Diff, _Why
from seasoned.http.imports import ImportedSession
from seasoned.http.pages import Message, _Messages
from seasoned.http.proposals import ProposalHead, WholeProposal
from seasoned.http.request import Page
from seasoned.http.search import SearchHit
from seasoned.http.sessions import Session, Task
from seasoned.http.skills import ImportedSkill, ListedSkill, Skill
from seasoned.http.spaces import LearningSpace, LearningSpaceSession, SpaceCatalogue
from seasoned.http.stream import LearnedLesson
from seasoned.http.usage import _Used

__all__ = [
    "Blame",
    "Context",
    "Diff",
    "Forgotten",
    "ImportedSession",
    "ImportedSkill",
    "LearnedLesson",
    "LearningSpace",
    "LearningSpaceSession",
    "ListedSkill",
    "Message",
    "Messages",
    "Page",
    "ProposalHead",
    "SearchHit",
    "Session",
    "Skill",
    "SkillManifest",
    "SkillText",
    "SkillVersion",
    "SpaceCatalogue",
    "Task",
    "TaughtLesson",
    "Usage",
    "VersionHead",
    "WholeProposal",
    "Why",
]


class Diff(_Diff, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """What two versions of a skill have different."""


class Blame(_Blame, frozen=True, kw_only=True):
    """The lines of a file with the versions and the lessons that brought them."""


class Why(_Why, frozen=True, kw_only=True):
    """Who taught a line."""


class Messages(_Messages, frozen=True, kw_only=True):
    """A page of messages."""


class Usage(_Used, frozen=True):
    """What model calls cost, and today's budgets."""


class Forgotten(_Forgotten, frozen=True, kw_only=True):
    """What was, or would be, forgotten."""


class _Said(msgspec.Struct, frozen=True):
    raw: str = ""


class SkillText(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a skill; `content` is None for what is no text, which `url` opens."""

    path: str
    mime: str
    content: _Said | None = None
    url: str = ""

    @property
    def text(self) -> str:
        """What it says; empty for what is no text."""
        return self.content.raw if self.content else ""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What to put into a prompt: `text` has `tokens` tokens (o200k_base); `hits` are the entries in it."""

    text: str
    tokens: int
    hits: tuple[SearchHit, ...]
