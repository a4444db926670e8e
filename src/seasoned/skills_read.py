"""Which skills a message says its agent has read: by a tool for skills, or by opening a file of a skill's folder."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from seasoned.message import Message, Part
from seasoned.skill import NAME_CHARS_MAX, NAME_PATTERN

# Where importers put the names of skills that a transcript's records say were loaded.
META_KEY: Final = "skills_read"
SKILLS_MAX: Final = 20
_ARGUMENT_CHARS_MAX: Final = 20_000
_TOOLS: Final = frozenset(
    (
        *("skill", "use_skill", "load_skill", "read_skill", "view_skill"),
        *("activate_skill", "invoke_skill", "get_skill_file"),
    )
)
_KEYS: Final = ("skill_name", "skill", "name", "command")
_CHANGES: Final = re.compile(r"write|edit|create|replace|patch|delete|remove|move|rename|save|upload", re.IGNORECASE)
# A file of a folder `skills/NAME`, or a SKILL.md wherever its folder is.
_FILE: Final = re.compile(
    r"(?:(?<=[/\\])|(?<![\w./\\-]))(?:skills[/\\]{1,2}(?P<folder>[a-z0-9-]{1,64})[/\\]{1,2}[\w.-]"
    r"|(?P<own>[a-z0-9-]{1,64})[/\\]{1,2}SKILL\.md\b)"
)


def named_in(message: Message) -> list[str]:
    """The names of the skills that a message says were read, at most SKILLS_MAX."""
    told = message.meta.get(META_KEY)
    names = [name for name in (told if isinstance(told, list) else ()) if isinstance(name, str)]
    for part in message.parts:
        if part.type == "tool-call":
            names.extend(_called(part))
    return list(dict.fromkeys(name for name in names if _is_name(name)))[:SKILLS_MAX]


def _is_name(text: str) -> bool:
    """Whether a skill may be called so."""
    return len(text) <= NAME_CHARS_MAX and NAME_PATTERN.fullmatch(text) is not None


def _called(part: Part) -> Iterator[str]:
    # MCP tools are called `mcp__server__tool`; a plugin's skill is called `plugin:skill`.
    tool, arguments = part.tool_name.rpartition("__")[2].casefold(), part.arguments[:_ARGUMENT_CHARS_MAX]
    if tool in _TOOLS:
        try:
            given = msgspec.json.decode(arguments, type=dict[str, object])
        except msgspec.DecodeError:
            return
        named = next((value for key in _KEYS if isinstance(value := given.get(key), str) and value), "")
        yield named.strip().lstrip("/").split(" ", 1)[0].rpartition(":")[2]
    elif not _CHANGES.search(tool):
        for match in _FILE.finditer(arguments):
            yield match["folder"] or match["own"]
