"""What is on the disk of a home."""

import stat
from pathlib import Path

from seasoned import config
from seasoned.store import Store


def open_store(home: Path) -> Store:
    return Store.open(config.load({}, home=home))


def test_the_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    open_store(tmp_path / "home").close()
    for path in (tmp_path / "home").glob("seasoned.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
