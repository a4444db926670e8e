"""Where agents look for skills, in a project and for a user."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from seasoned.errors import Invalid

# The folder in a project and the one of the user; a variable may name the folder above the latter.
_SKILLS: Final = {
    "agents": (".agents/skills", ".agents/skills", ""),
    "amp": (".agents/skills", ".config/agents/skills", ""),
    "claude-code": (".claude/skills", ".claude/skills", "CLAUDE_CONFIG_DIR"),
    "codex": (".agents/skills", ".codex/skills", "CODEX_HOME"),
    "copilot": (".agents/skills", ".copilot/skills", ""),
    "cursor": (".agents/skills", ".cursor/skills", ""),
    "gemini": (".agents/skills", ".gemini/skills", ""),
    "hermes": (".hermes/skills", ".hermes/skills", "HERMES_HOME"),
    "openclaw": ("skills", ".openclaw/skills", ""),
    "opencode": (".agents/skills", ".config/opencode/skills", ""),
}
AGENTS: Final = tuple(_SKILLS)
# These two reach nearly every agent.
USUAL: Final = ("agents", "claude-code")


def home_of(variable: str, default: Path) -> Path:
    """The folder of an agent, which a variable of the environment may name."""
    return Path(os.environ[variable]) if variable and os.environ.get(variable) else default


def skill_folders(agents: Sequence[str], project: Path | None = None) -> list[Path]:
    """The folders of skills of some agents, of a project or of the user.

    Raises Invalid for an agent that is not known, and for a project whose folder is a link that leads out of it.
    """
    found: dict[Path, None] = {}
    for agent in agents or USUAL:
        if agent not in _SKILLS:
            raise Invalid(f"There is no agent {agent!r}; use one of {', '.join(AGENTS)}, or --dir with its folder.")
        within, own, variable = _SKILLS[agent]
        if project is None:
            above, _, last = own.rpartition("/")
            found[home_of(variable, Path.home() / above) / last] = None
            continue
        folder = project / within
        if not folder.resolve().is_relative_to(project.resolve()):
            raise Invalid(f"{folder} is a link that leads out of {project}; give its target with --dir.")
        found[folder] = None
    return list(found)
