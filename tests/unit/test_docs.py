"""Documentation that cannot go stale unnoticed: settings, commands, links."""

import re
from pathlib import Path

from typer.main import get_command

from seasoned.cli.main import app
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
    waiting = [("seasoned", get_command(app))]
    while waiting:
        name, command = waiting.pop()
        assert command.help, name
        waiting += [(f"{name} {child}", one) for child, one in getattr(command, "commands", {}).items()]


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text())) <= targets
