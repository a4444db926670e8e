"""Use: what transcripts tell of skills that were read, and the interval of a difference of proportions."""

import json

import pytest

from seasoned.engine.use import newcombe
from seasoned.importers import harness
from seasoned.message import Json, JsonObject, Message, Part
from seasoned.skills_read import META_KEY, SKILLS_MAX, named_in


def called(tool: str, **arguments: object) -> Message:
    return Message("assistant", (Part("tool-call", meta={"name": tool, "arguments": json.dumps(arguments)}),))


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (called("Skill", skill="pdf"), ["pdf"]),
        (called("Skill", command="team:pdf-forms"), ["pdf-forms"]),
        (called("mcp__seasoned__read_skill", name="git-and-ci"), ["git-and-ci"]),
        (called("get_skill_file", skill_name="refunds", file_path="SKILL.md"), ["refunds"]),
        (called("Read", file_path="/home/me/.claude/skills/pdf/reference/forms.md"), ["pdf"]),
        (called("Read", file_path="C:\\me\\.agents\\skills\\pdf\\SKILL.md"), ["pdf"]),
        (
            called("shell", command=["bash", "-lc", "cat .agents/skills/a-b/SKILL.md && sed -n 1,9p x/c/SKILL.md"]),
            ["a-b", "c"],
        ),
        (Message("user", (), {META_KEY: ["pdf", 7, "Not A Name"]}), ["pdf"]),
        (called("Write", file_path="/home/me/.claude/skills/pdf/SKILL.md", content="x"), []),
        (called("Read", file_path="/repo/src/skills.md"), []),
        (called("Read", file_path="/repo/skills/SKILL.md"), ["skills"]),
        (called("Skill", args="x"), []),
        (Message("assistant", (Part("text", "I read .claude/skills/pdf/SKILL.md"),)), []),
    ],
)
def test_messages_tell_which_skills_were_read(message: Message, names: list[str]) -> None:
    assert named_in(message) == names


def test_what_a_message_tells_is_bounded() -> None:
    paths = " ".join(f"skills/s{number}/SKILL.md" for number in range(2 * SKILLS_MAX))
    assert named_in(called("bash", command=paths)) == [f"s{number}" for number in range(SKILLS_MAX)]


@pytest.mark.parametrize(
    ("successes", "tries", "others", "other_tries", "low", "high"),
    # Newcombe (1998), table II, method 10.
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 10, 0.6075, 1.0000),
        (0, 10, 0, 10, -0.2775, 0.2775),
    ],
)
def test_the_interval_is_that_of_the_paper(
    successes: int, tries: int, others: int, other_tries: int, low: float, high: float
) -> None:
    difference, *ends = newcombe(successes, tries, others, other_tries)
    assert difference == pytest.approx(successes / tries - others / other_tries)
    assert ends == pytest.approx([low, high], abs=5e-5)


def test_claude_code_s_records_of_skills_are_found() -> None:
    text = "Base directory for this skill: /home/me/.claude/skills/pdf\n\n# PDF"
    block: list[Json] = [{"type": "text", "text": text}]
    contents: tuple[Json, ...] = (text, block)
    for content in contents:
        assert harness.skills_loaded({"isMeta": True, "message": {"role": "user", "content": content}}) == ("pdf",)
    assert harness.skills_loaded({"message": {"role": "user", "content": text}}) == ()
    listed: JsonObject = {"type": "invoked_skills", "skills": [{"name": "pdf", "content": "x"}, {"name": "a:b"}, 7]}
    assert harness.skills_loaded({"attachment": listed}) == ("pdf", "b")
    assert harness.skills_loaded({"attachment": {"type": "invoked_skills"}}) == ()
