"""Where agents keep their sessions on a machine."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A folder or file of an agent's sessions."""

    agent: str
    path: Path


def places(home: Path | None = None) -> list[Place]:
    """The places that exist on this machine, also those that an agent's variables name."""
    found: dict[Path, Place] = {}
    for agent, path in _known(home or Path.home()):
        try:
            if path.exists():
                found.setdefault(path.resolve(), Place(agent, path))
        except OSError:
            continue  # a folder that may not be looked into is no history of this user
    return list(found.values())


def _known(home: Path) -> Iterator[tuple[str, Path]]:
    data = _named("XDG_DATA_HOME") or home / ".local" / "share"
    yield "Claude Code", (_named("CLAUDE_CONFIG_DIR") or home / ".claude") / "projects"
    yield "Claude Code", home / ".config" / "claude" / "projects"
    codex = _named("CODEX_HOME") or home / ".codex"
    yield "Codex", codex / "sessions"
    yield "Codex", codex / "archived_sessions"
    yield "Gemini CLI", home / ".gemini" / "tmp"
    yield "Qwen Code", home / ".qwen" / "projects"
    yield "Qwen Code", home / ".qwen" / "tmp"
    yield "iFlow", home / ".iflow" / "projects"
    yield "OpenCode", data / "opencode" / "opencode.db"
    yield "OpenCode", data / "opencode" / "storage"
    yield "OpenClaw", home / ".openclaw" / "agents"
    yield "pi", home / ".pi" / "agent" / "sessions"
    yield "Hermes", (_named("HERMES_HOME") or home / ".hermes") / "sessions"
    yield "Copilot", home / ".copilot" / "session-state"
    yield "OpenHands", home / ".openhands" / "conversations"
    yield "Cursor", home / ".cursor" / "projects"
    for editor in ("Code", "Cursor"):
        user = _editors(home) / editor / "User"
        if editor == "Cursor":
            yield editor, user / "globalStorage" / "state.vscdb"
        yield from (("Copilot", one) for one in sorted((user / "workspaceStorage").glob("*/chatSessions")))


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def _editors(home: Path) -> Path:
    """Where editors that are built on Visual Studio Code keep what belongs to a user."""
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    if sys.platform == "win32":
        return _named("APPDATA") or home / "AppData" / "Roaming"
    return _named("XDG_CONFIG_HOME") or home / ".config"
