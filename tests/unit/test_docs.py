"""Documentation that cannot go stale unnoticed: settings, commands, links."""

import re
from pathlib import Path

from seasoned.cli.commands import Later, program
from seasoned.config import Config

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    config = Config()
    for field in Config.__struct_fields__:
        default = getattr(config, field)
        assert f"| `{field}` | {f'`{default}`' if default != '' else 'empty'} |" in text, field


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for name in ("README.md", "ARCHITECTURE.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            assert target.startswith("https://") or (ROOT / target).exists(), f"{name}: {target}"


def test_every_command_says_what_it_does() -> None:
    waiting = [(f"seasoned {name}", command.load()) for name, command in _commands()]
    while waiting:
        name, command = waiting.pop()
        assert command.help, name
        waiting += [(f"{name} {child}", one) for child, one in getattr(command, "commands", {}).items()]


def test_the_help_of_the_program_begins_as_that_of_its_commands() -> None:
    """It has its own lines, so that it need not import every command to show them."""
    for name, command in _commands():
        short, whole = (command.help or "").rstrip("."), command.load().help or ""
        assert whole.startswith(short), name


def _commands() -> list[tuple[str, Later]]:
    return [(name, one) for name, one in program().commands.items() if isinstance(one, Later)]


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text())) <= targets
