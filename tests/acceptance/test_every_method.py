"""Every method of the published SDK, sync and async: listed from the package itself, so that none is forgotten."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from acontext import AcontextAsyncClient, AcontextClient, FileUpload
from acontext.errors import APIError
from acontext.event import TextEvent

from seasoned.archive import write_zip
from tests.support.patience import PATIENCE_SECONDS
from tests.support.server import KEY, Server
from tests.support.zips import skill_md

RESOURCES = ("sessions", "learning_spaces", "skills", "disks", "users", "sandboxes", "project")
# What this server leaves out; each is called all the same, and must answer 501.
LEFT_OUT = {
    "sandboxes.create",
    "sandboxes.exec_command",
    "sandboxes.get_logs",
    "sandboxes.kill",
    "skills.download_to_sandbox",
    "disks.artifacts.download_to_sandbox",
    "disks.artifacts.upload_from_sandbox",
}


class Noting:
    """A resource of a client; its methods are noted when they are called and can be awaited, whichever client it is."""

    def __init__(self, target: Any, name: str, called: set[str]) -> None:
        self._target, self._name, self._called = target, name, called

    def __getattr__(self, name: str) -> Any:
        found, full = getattr(self._target, name), f"{self._name}.{name}".lstrip(".")
        if not inspect.ismethod(found):
            return Noting(found, full, self._called)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._called.add(full)
            if inspect.iscoroutinefunction(found):
                return await found(*args, **kwargs)
            return await asyncio.to_thread(found, *args, **kwargs)

        return call


def methods_of(client: Any) -> set[str]:
    """The public methods of a client's resources."""
    found = set()
    for name in (*RESOURCES, "disks.artifacts"):
        target = client
        for part in name.split("."):
            target = getattr(target, part)
        public = [one for one, _ in inspect.getmembers(target, inspect.ismethod) if not one.startswith("_")]
        found |= {f"{name}.{one}" for one in public}
    return found


@asynccontextmanager
async def client_of(kind: str, server: Server) -> AsyncIterator[tuple[Any, Any]]:
    """A client of a kind, and the same noting its calls."""
    if kind == "sync":
        with AcontextClient(api_key=KEY, base_url=server.api) as sync_client:
            yield sync_client, sync_client
    else:
        async with AcontextAsyncClient(api_key=KEY, base_url=server.api) as async_client:
            yield async_client, async_client


async def conversation(c: Any, user: str) -> str:
    """Sessions: from the first message to a copy."""
    session = await c.sessions.create(user=user, configs={"a": 1})
    assert session.id in [one.id for one in (await c.sessions.list(user=user)).items]
    for role, text in (("user", "Rename report.txt to final.txt."), ("assistant", "Done."), ("user", "Thanks!")):
        stored = await c.sessions.store_message(session.id, blob={"role": role, "content": text})
    assert await c.sessions.patch_message_meta(session.id, stored.id, meta={"k": "v"}) == {"k": "v"}
    assert (await c.sessions.flush(session.id)).status == 200
    assert len((await c.sessions.get_messages(session.id)).items) == 3
    assert len((await c.sessions.get_tasks(session.id)).items) == 1
    assert "<task" in await c.sessions.get_session_summary(session.id)
    assert (await c.sessions.get_token_counts(session.id)).total_tokens > 5
    assert (await c.sessions.messages_observing_status(session.id)).observed == 3
    await c.sessions.update_configs(session.id, configs={"b": 2})
    assert await c.sessions.patch_configs(session.id, configs={"c": 3}) == {"b": 2, "c": 3}
    assert (await c.sessions.get_configs(session.id)).configs == {"b": 2, "c": 3}
    await c.sessions.add_event(session.id, TextEvent(text="a note"))
    assert len((await c.sessions.get_events(session.id)).items) == 1
    copied = await c.sessions.copy(session.id)
    await c.sessions.delete(copied.new_session_id)
    return str(session.id)


async def learning(c: Any, session_id: str, skill_id: str, user: str) -> None:
    """Learning spaces: from their making to their end."""
    space = await c.learning_spaces.create(user=user, meta={"m": 1})
    assert (await c.learning_spaces.get(space.id)).meta == {"m": 1}
    assert (await c.learning_spaces.update(space.id, meta={"n": 2})).meta == {"m": 1, "n": 2}
    assert [one.id for one in (await c.learning_spaces.list(user=user)).items] == [space.id]
    await c.learning_spaces.learn(space.id, session_id=session_id)
    ended = await c.learning_spaces.wait_for_learning(
        space.id, session_id=session_id, timeout=PATIENCE_SECONDS, poll_interval=0.1
    )
    assert ended.status == "completed"
    assert (await c.learning_spaces.get_session(space.id, session_id=session_id)).status == "completed"
    assert len(await c.learning_spaces.list_sessions(space.id)) == 1
    await c.learning_spaces.include_skill(space.id, skill_id=skill_id)
    assert len(await c.learning_spaces.list_skills(space.id)) == 3
    await c.learning_spaces.exclude_skill(space.id, skill_id=skill_id)
    await c.learning_spaces.delete(space.id)


async def skills(c: Any, user: str, folder: Path) -> str:
    """Skills: uploaded, read in every way."""
    packed = write_zip({"SKILL.md": skill_md("every-method", "A skill.", "# Body\n").encode(), "a/b.md": b"# B\n"})
    skill = await c.skills.create(file=FileUpload(filename="every.zip", content=packed), user=user)
    assert (await c.skills.get(skill.id)).name == "every-method"
    assert "every-method" in [one.name for one in (await c.skills.list_catalog(user=user)).items]
    assert (await c.skills.get_file(skill_id=skill.id, file_path="a/b.md")).content.raw == "# B\n"
    assert (await c.skills.download_zip(skill.id))[:2] == b"PK"
    await c.skills.download(skill_id=skill.id, path=str(folder))
    return str(skill.id)


async def disks(c: Any, user: str) -> None:
    """Disks and artifacts."""
    disk = await c.disks.create(user=user)
    assert disk.id in [one.id for one in (await c.disks.list(user=user)).items]
    place = {"file_path": "/n/", "filename": "a.txt"}
    file = FileUpload(filename="a.txt", content=b"one two")
    await c.disks.artifacts.upsert(disk.id, file=file, file_path="/n/", meta={"k": 1})
    assert (await c.disks.artifacts.get(disk.id, **place, with_content=True)).content.raw == "one two"
    await c.disks.artifacts.update(disk.id, **place, meta={"k": 2})
    assert (await c.disks.artifacts.list(disk.id, path="/")).directories == ["n"]
    assert len(await c.disks.artifacts.grep_artifacts(disk.id, query="TWO")) == 1
    assert len(await c.disks.artifacts.glob_artifacts(disk.id, query="/n/*")) == 1
    await c.disks.artifacts.delete(disk.id, **place)
    for left_out in (
        lambda: c.disks.artifacts.download_to_sandbox(disk.id, **place, sandbox_id="s", sandbox_path="/"),
        lambda: c.disks.artifacts.upload_from_sandbox(
            disk.id, sandbox_id="s", sandbox_path="/", sandbox_filename="a", file_path="/"
        ),
    ):
        await refused(left_out)
    await c.disks.delete(disk.id)


async def refused(call: Callable[[], Any]) -> None:
    """What this server leaves out answers 501 with a sentence."""
    with pytest.raises(APIError) as error:
        await call()
    assert error.value.status_code == 501
    assert "This server" in str(error.value)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_every_method_of_the_sdk_works_or_says_that_it_is_left_out(server: Server, tmp_path: Path, kind: str) -> None:
    called: set[str] = set()
    user = f"every-{kind}@example.com"

    async def run() -> set[str]:
        async with client_of(kind, server) as (client, raw):
            c = Noting(client, "", called)
            session_id = await conversation(c, user)
            skill_id = await skills(c, user, tmp_path)
            await learning(c, session_id, skill_id, user)
            await disks(c, user)
            await c.project.update_configs({"own": 1})
            assert (await c.project.get_configs()).model_dump()["own"] == 1
            await refused(lambda: c.skills.download_to_sandbox(skill_id=skill_id, sandbox_id="s"))
            await refused(c.sandboxes.create)
            await refused(lambda: c.sandboxes.exec_command(sandbox_id="s", command="ls"))
            await refused(c.sandboxes.get_logs)
            await refused(lambda: c.sandboxes.kill("s"))
            await c.skills.delete(skill_id)
            assert (await c.users.get_resources(user)).counts.sessions_count == 1
            assert user in [one.identifier for one in (await c.users.list()).items]
            await c.users.delete(user)
            return methods_of(raw)

    listed = asyncio.run(run())
    assert called == listed
    assert listed >= LEFT_OUT
