"""Field cases of authorship: what a person said is theirs and nobody else's, and none of it is lost."""

from pathlib import Path

import pytest

from seasoned import authors, importers
from seasoned.message import Message, PersonEvent
from tests.support.command import Done, exported, seasoned

CASES = Path(__file__).parents[1] / "data" / "cases"

# What people say in each file, word for word; the rest is somebody else's.
SAID: dict[str, list[str]] = {
    "c10-subagent.jsonl": [],
    "c12-memories.jsonl": ["Rename the package to shoplib.", "thanks, works"],
    "t05-mem0.json": ["Rename the package to shoplib.", "thanks, works"],
    "t05-mem1.json": ["Rename the package to shoplib.", "thanks, works"],
    "t05-mem2.json": ["Rename the package to shoplib.", "thanks, works"],
    "t05-mem3.json": ["Task: rename the package to shoplib.", "thanks, works"],
    "f15-think.json": ["Compute the VAT of 200 euro at 19%.", "Thanks!"],
    "c5-slash-args.jsonl": [
        "The invoice PDF cuts off long product names. Always add a regression test when you fix a bug.",
        "Thanks, that works.",
    ],
    "c4-steering.jsonl": [
        "Build the settings page with a form for the profile.",
        "From now on always use our Field component instead of bare inputs.",
    ],
    "c1-preserved.jsonl": [
        "Add a CSV export button to the orders page. From now on always write release notes for UI changes.",
        "Great, works. Now make the totals column sortable.",
        "Sort numbers as numbers, not as text.",
        "Perfect, thanks.",
    ],
    "c9-old-summary.jsonl": ["Looks good, thanks."],
    "c11-hooks.jsonl": ["Run the linter over the repo and fix what it finds."],
    "c16-channels.jsonl": [],
    "p02-notification.jsonl": ["Implement shop-41", "did you push?"],
    "l04-review.json": ["Convert the logo to SVG.", "thanks!"],
    "c13-agentsmd.jsonl": ["Add a --json flag to the list command.", "works, thanks"],
    "t03-react.json": [
        "Repair the price rounding in shop.py. Reply with one command per turn; the output comes back as the next"
        " message. Always wait for the output before the next command."
    ],
    "c6-rejected.jsonl": [
        "Install the date library and use it in the calendar.",
        "no, use pnpm in this repo, never npm, because the lock file is pnpm's",
        "thanks",
    ],
    "f01-responses-items.json": [
        "Plan the office move. From now on always give dates as DD.MM.",
        "Great, thanks!",
    ],
    "f01-responses-lines.jsonl": [
        "Plan the office move. From now on always give dates as DD.MM.",
        "Great, thanks!",
    ],
    "t01-iflow.jsonl": ["Set the port of the preview server to 4100."],
    "t07-old-claude.jsonl": ["Repair the search box.", "Thanks, works."],
    "f07-tau2.json": ["My data is slow abroad. Please fix it.", "Still slow."],
    "f08-tau2-one.json": ["My data is slow abroad. Please fix it.", "Still slow."],
    "t08-noid.jsonl": ["Correct the totals on the invoice.", "thanks"],
}
MESSAGES = {"c1-preserved.jsonl": 8, "t01-iflow.jsonl": 7, "f01-responses-items.json": 5, "f07-tau2.json": 8}
# How many tasks each session has, where that does not rest on the rules' judgement.
NO_TASK = {"c10-subagent.jsonl", "c9-old-summary.jsonl", "c16-channels.jsonl"}
ONE_TASK = {"t05-mem0.json", "f15-think.json", "c5-slash-args.jsonl", "l04-review.json", "c13-agentsmd.jsonl"} | {
    "t03-react.json",
    "c11-hooks.jsonl",
    "f08-tau2-one.json",
    "t07-old-claude.jsonl",
}
# Words of memories, subagents, hooks, bots, summaries, project rules and thoughts, which teach nothing of the user.
OF_OTHERS = (
    *("Friday", "tabs", "Rosa", "yarn", "attachments", "absolute file", "modify", "print style", "CHANGELOG", "lead"),
    *("mail the", "dark mode", "make fmt", "generated", "uv, not", "19%", "detailed summary", "saving or updating"),
)
LASTING = ("regression test", "Field component", "release notes", "never npm", "DD.MM")


def file(name: str) -> Path:
    (found,) = CASES.rglob(name)
    return found


def messages(name: str) -> list[Message]:
    (transcript,) = importers.read(file(name))
    return [authors.attributed(timed.message) for timed in transcript.messages]


@pytest.mark.parametrize("name", SAID)
def test_what_a_person_said_is_theirs_and_nothing_else(name: str) -> None:
    found = messages(name)
    passages = [one.text for message in found for one in message.passages() if one.author == "person"]
    assert [" ".join(text.split()) for text in passages] == SAID[name]
    assert len(found) == MESSAGES.get(name, len(found))


def test_reasoning_is_no_report() -> None:
    (report,) = [message for message in messages("f15-think.json") if message.role == "assistant"]
    assert report.prose() == "The VAT is 38 euro."
    assert [part.type for part in report.parts] == ["thinking", "text"]


def test_a_refused_call_is_what_a_person_did() -> None:
    events: list[PersonEvent] = [
        part.event for message in messages("c6-rejected.jsonl") for part in message.parts if part.event
    ]
    assert events == ["refused"]


def test_calls_and_their_answers_are_kept() -> None:
    parts = [part for message in messages("f01-responses-items.json") for part in message.parts]
    (called,) = [part for part in parts if part.type == "tool-call"]
    (answer,) = [part for part in parts if part.type == "tool-result"]
    assert (called.tool_name, called.arguments, called.call_id) == ("calendar", '{"day":"3"}', "k1")
    assert (answer.text, answer.call_id) == ("free", "k1")
    parts = [part for message in messages("t08-noid.jsonl") for part in message.parts]
    assert [(part.type, part.text or part.tool_name) for part in parts[1:3]] == [
        ("text", "The totals are right now."),
        ("tool-call", "Edit"),
    ]


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("t02-qwen.jsonl", "qwen-code"),
        ("f02-responses-obj.json", "logged-calls"),
        ("f03-langchain.json", "langchain"),
        ("f03c-langgraph.json", "langchain"),
        ("f04-sharegpt.json", "sharegpt"),
        ("f05-chatgpt-export.json", "chatgpt"),
        ("f06-claude-export.json", "claude-ai"),
        ("f09-atif.json", "atif"),
        ("f10-otel.json", "otel"),
        ("f11-langfuse.json", "logged-calls"),
        ("f12-gemini-contents.json", "gemini-api"),
        ("f19-opencode-export.json", "opencode"),
        ("f20-openhands.json", "openhands"),
        ("f21-sweagent.traj", "swe-agent"),
        ("f22-codex.jsonl", "codex"),
        ("f24-trl-prompt-completion.json", "logged-calls"),
        ("f25-batch.jsonl", "logged-calls"),
    ],
)
def test_a_format_is_known_by_its_content(name: str, format_: str) -> None:
    (transcript,) = importers.read(file(name))
    assert transcript.format == format_
    assert transcript.warnings == ()
    said = [passage for timed in transcript.messages for passage in timed.message.passages()]
    assert said[0].author in ("person", "harness")
    assert [one.author for one in said if one.author == "person"]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A home that has learned from all the cases, and what `learn` said."""
    home = tmp_path_factory.mktemp("learned")
    good = [str(file(name)) for name in SAID]
    bad = tmp_path_factory.mktemp("bad")
    (bad / "history.jsonl").write_text('{"session_id": "x", "ts": 1767225600, "text": "Plan the move."}\n')
    folders = [str(bad), str(CASES / "41-one-bad-folder-stops-all" / "good")]
    return home, seasoned(home, "learn", str(file("p04-acompact.jsonl")), *folders, *good, "--json")


def test_only_what_people_asked_for_is_a_task(learned: tuple[Path, Done]) -> None:
    sessions = learned[1].json()["sessions"]
    assert isinstance(sessions, list)
    tasks = {session["source"].split(" ")[0]: session["tasks"] for session in sessions}
    assert {name: tasks[name] for name in NO_TASK} == dict.fromkeys(NO_TASK, 0)
    assert {name: tasks[name] for name in ONE_TASK} == dict.fromkeys(ONE_TASK, 1)
    assert all(count for name, count in tasks.items() if name not in NO_TASK)


def test_only_what_people_said_is_a_fact(learned: tuple[Path, Done], tmp_path: Path) -> None:
    files = exported(learned[0], tmp_path / "out")
    facts = "".join(data.decode() for path, data in files.items() if path.startswith("user-general-facts/"))
    everything = "".join(data.decode() for path, data in files.items() if "daily-logs" not in path)
    assert [words for words in OF_OTHERS if words in everything] == []
    assert [words for words in LASTING if words not in facts] == []
    assert "Maybe I should say 40" not in "".join(map(bytes.decode, files.values()))


def test_what_is_left_out_is_named_and_stops_nothing(learned: tuple[Path, Done]) -> None:
    done = learned[1]
    assert done.code == 1
    report = done.json()
    assert "p04-acompact.jsonl is a compaction" in str(report["unread"])
    assert "looks like Codex's history of prompts, which has no session" in str(report["unread"])
    assert "contains no transcript (1 JSON files checked)" in str(report["errors"])
    assert "chat.json" in str(report["sessions"])


def test_skills_that_come_back_in_a_prompt_teach_nothing(tmp_path: Path) -> None:
    home, chat = tmp_path / "home", tmp_path / "chat.json"
    assert seasoned(home, "learn", str(file("c6-rejected.jsonl"))).code == 0
    before = {path: data for path, data in exported(home, tmp_path / "a").items() if "daily-logs" not in path}
    facts = [line for data in before.values() for line in data.decode().split("\n") if line.startswith(("- ", "#"))]
    assert any("never npm" in line for line in facts)
    pasted = "\\n".join(line.replace("The user wants the agent to use", "Use").replace('"', "") for line in facts)
    asked = f"Here are our notes.\\n\\n{pasted}\\n\\nRename the package to shoplib."
    chat.write_text(f'[{{"role": "user", "content": "{asked}"}}, {{"role": "assistant", "content": "It is renamed."}}]')
    assert seasoned(home, "learn", str(chat)).code == 0
    after = {path: data for path, data in exported(home, tmp_path / "b").items() if "daily-logs" not in path}
    assert after == before
