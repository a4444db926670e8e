"""The rules count an error's evidence over sessions: one entry, one line, from the rows."""

import asyncio
import json
from pathlib import Path

from seasoned.engine.sessions import NewSessionRequest
from seasoned.message import Message, Part
from seasoned.rules import Rules
from tests.support.home import answered, opened, project, said, settled, skill_files


def call(command: str, key: str) -> Message:
    meta = {"name": "bash", "arguments": json.dumps({"command": command}), "id": key}
    return Message("assistant", (Part("tool-call", meta=dict(meta)),))


def result(text: str, key: str) -> Message:
    return Message("user", (Part("tool-result", text=text, meta={"tool_call_id": key}),))


def talk(verdict: str, region: str) -> list[Message]:
    return [
        said("Please upload the report to the archive."),
        call("vaultctl put report.pdf", "a"),
        result("error: --region is required for uploads\n[exit code: 1]", "a"),
        call(f"vaultctl put report.pdf --region {region}", "b"),
        result("stored\n[exit code: 0]", "b"),
        answered("The report is uploaded to the archive."),
        said(verdict),
    ]


def test_the_same_error_in_more_sessions_is_one_entry_with_one_count(tmp_path: Path) -> None:
    ends = [("Perfect, thanks.", "eu"), ("Perfect, thanks.", "eu"), ("Never mind, drop it, I give up.", "eu")]

    async def run() -> None:
        async with opened(tmp_path, Rules(), quiet_seconds=1_000.0) as engine:
            project_id = await project(engine)
            space = await engine.spaces.create(project_id)
            counts = []
            for verdict, region in ends:
                row, _ = await engine.sessions.create(project_id, NewSessionRequest())
                await engine.spaces.learn(project_id, space.id, row.id)
                for message in talk(verdict, region):
                    await engine.messages.store(project_id, row.id, message)
                await engine.sessions.flush(project_id, row.id)
                assert (await settled(engine, project_id, space.id, row.id)).status == "completed"
                files = await skill_files(engine, project_id, space.id)
                (text,) = [text for path, text in files.items() if path.endswith("/vaultctl.md")]
                assert text.count("\n## ") == 1
                counts.append([line for line in text.split("\n") if line.startswith("- Seen: ")])
            assert counts == [
                [],
                ["- Seen: failed so in 2 sessions, 2 of them went on to succeed"],
                ["- Seen: failed so in 3 sessions, 2 of them went on to succeed"],
            ]

    asyncio.run(run())
