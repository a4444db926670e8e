"""The health of a space's skills: their sizes, the evidence of their entries, and what is said twice, against each
other, no longer, or was never confirmed. What can be done about it is proposed, and waits for a person.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from seasoned import overlaps
from seasoned.clock import SECOND, to_datetime
from seasoned.config import Config
from seasoned.errors import Invalid
from seasoned.learning.questions import ArchiveSkill, Edit, HealthEdit, RemoveEntry, TransferEntry
from seasoned.pipeline import retrieval
from seasoned.pipeline.draft import Draft
from seasoned.pipeline.index import without_list
from seasoned.similar import best_twin
from seasoned.skill import LINES_ADVISED, SKILL_FILE, Entry, entries, entry_hash, parse_skill_file, slug
from seasoned.space import FACTS
from seasoned.store import Connection, Store, lessons, proposals, reads, skills, spaces
from seasoned.store.lessons import EntrySupport
from seasoned.store.proposals import NewProposal
from seasoned.store.reads import UsedSkill
from seasoned.tokens import count_tokens

# How many skills of a space are looked at, and how many entries.
SKILLS_MAX: Final = 500
ENTRIES_MAX: Final = 20_000
FINDINGS_MAX: Final = 1_000
# What the standard advises for the text of a SKILL.md.
TOKENS_ADVISED: Final = 5_000
# An entry that was learned once, and not again for so long, was never confirmed.
UNCONFIRMED_DAYS: Final = 90
SAYS_CHARS_MAX: Final = 160
DAY: Final = 86_400 * SECOND

FindingKind = Literal["long", "duplicate_skills", "duplicate_entries", "contradiction", "past", "unconfirmed"]
Remedy = Literal["split", "merge", "archive", ""]
FINDING_KINDS: Final = get_args(FindingKind)
REMEDIES: Final = get_args(Remedy)


class EntryHealth(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a skill with its evidence."""

    path: Annotated[str, Meta(description="The file.")]
    line: Annotated[int, Meta(ge=1, description="Where it begins, counted from 1.")]
    says: Annotated[str, Meta(description="Its first line, cut.")]
    lessons: Annotated[int, Meta(ge=0, description="How many lessons support it.")]
    confirmed_at: Annotated[int | None, Meta(description="When the last of them was learned, in microseconds.")]
    successes: Annotated[int, Meta(ge=0, description="In how many of their tasks the agent succeeded.")]
    failures: Annotated[int, Meta(ge=0, description="In how many it failed.")]
    until: Annotated[str, Meta(description="The last day on which it holds, if it says so; else empty.")]
    is_past: Annotated[bool, Meta(description="Whether that day is over.")]
    is_unconfirmed: Annotated[
        bool, Meta(description=f"Whether one lesson supports it, which is over {UNCONFIRMED_DAYS} days old.")
    ]


class SkillHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A skill with its size, its use and its entries."""

    skill_id: Annotated[str, Meta(description="The skill.", extra_json_schema={"format": "uuid"})]
    name: Annotated[str, Meta(description="Its name.")]
    version: Annotated[int, Meta(ge=1, description="Its newest version.")]
    lines: Annotated[int, Meta(ge=0, description=f"Lines of SKILL.md's text; under {LINES_ADVISED} are advised.")]
    tokens: Annotated[int, Meta(ge=0, description=f"Tokens of it; under {TOKENS_ADVISED} are advised.")]
    is_long: Annotated[bool, Meta(description="Whether it is longer than advised.")]
    loads: Annotated[int, Meta(ge=0, description="How often agents read a file of it.")]
    last_read_at: Annotated[int | None, Meta(description="When an agent saw it last, in microseconds.")]
    entries: Annotated[list[EntryHealth], Meta(description="Its entries, by file and line.")]


class FoundPlace(msgspec.Struct, frozen=True):
    """A place that a finding is about."""

    skill: Annotated[str, Meta(description="The skill's name.")]
    path: Annotated[str, Meta(description="The file; empty for the whole skill.")] = ""
    says: Annotated[str, Meta(description="The entry's first line, cut; empty for the whole skill.")] = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should look at."""

    kind: Annotated[FindingKind, Meta(description="What it is.", extra_json_schema={"enum": [*FINDING_KINDS]})]
    says: Annotated[str, Meta(description="It in a sentence.")]
    places: Annotated[list[FoundPlace], Meta(description="Where it is.")]
    remedy: Annotated[
        Remedy, Meta(description="What can be proposed; empty for nothing.", extra_json_schema={"enum": [*REMEDIES]})
    ]


class SpaceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The health of a space's skills."""

    space_id: Annotated[str, Meta(description="The learning space.", extra_json_schema={"format": "uuid"})]
    skills: Annotated[list[SkillHealth], Meta(description=f"Its skills but journals, the first {SKILLS_MAX}.")]
    findings: Annotated[list[Finding], Meta(description=f"What was found, at most {FINDINGS_MAX}.")]


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """What health proposed: the ids of new proposals. What waits already, or was rejected, is not proposed again."""

    proposals: Annotated[list[str], Meta(description="The ids of the new proposals.")]
    known: Annotated[int, Meta(ge=0, description="How many wait already, or were rejected.")]


class _Skill(msgspec.Struct, frozen=True, kw_only=True):
    draft: Draft
    support: Mapping[str, EntrySupport]
    used: UsedSkill | None
    body: str
    health: SkillHealth
    entries: Sequence["_Entry"]


class _Entry(msgspec.Struct, frozen=True):
    skill: str
    path: str
    entry: Entry
    health: EntryHealth

    @property
    def place(self) -> FoundPlace:
        return FoundPlace(self.skill, self.path, self.health.says)


class _Seen(msgspec.Struct, frozen=True):
    """A finding with the edits that would mend it."""

    finding: Finding
    edits: tuple[Edit | HealthEdit, ...] = ()


class Health:
    """Use cases of health."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config

    async def of_space(self, project_id: str, space_id: str) -> SpaceHealth:
        """The health of a space's skills. Raises NotFound."""
        held, seen = await self._looked_at(project_id, space_id)
        return SpaceHealth(
            space_id=space_id, skills=[one.health for one in held], findings=[one.finding for one in seen]
        )

    async def propose(self, project_id: str, space_id: str) -> Proposed:
        """Propose what mends the findings, one proposal each, to be reviewed under either policy. Raises NotFound."""
        held, seen = await self._looked_at(project_id, space_id)
        heads = {one.draft.name: one.draft.head for one in held}
        wanted = [
            NewProposal(
                edits=one.edits,
                lessons=(),
                heads={name: heads[name] for name in sorted({name for edit in one.edits for name in _skills_of(edit)})},
                said=(),
                why=one.finding.says,
            )
            for one in seen
            if one.edits
        ]

        def commit(connection: Connection) -> Proposed:
            spaces.get(connection, project_id, space_id)
            new = [one for one in wanted if not proposals.has_been(connection, space_id, one)]
            now = self._store.clock.now()
            made = [proposals.add(connection, project_id, space_id, one, now) for one in new]
            return Proposed(proposals=made, known=len(wanted) - len(made))

        return await self._store.write(commit)

    async def _looked_at(self, project_id: str, space_id: str) -> tuple[list[_Skill], list[_Seen]]:
        def load(connection: Connection) -> list[tuple[retrieval.LoadedSkill, dict[str, EntrySupport]]]:
            spaces.get(connection, project_id, space_id)
            rows = skills.of_space(connection, space_id, by_rule=False, limit=SKILLS_MAX)
            return [(retrieval.load(connection, row), lessons.support_of_entries(connection, row.id)) for row in rows]

        held = await self._store.read(load)
        used = await self._store.read(lambda connection: reads.every(connection, project_id, space_id))
        by_id = {one.skill_id: one for one in used}
        now = self._store.clock.now()

        def look() -> tuple[list[_Skill], list[_Seen]]:
            found = [
                _skill(retrieval.draft_of(one, self._store), support, by_id.get(one.row.id), now)
                for one, support in held
            ]
            return found, _findings(found, now)[:FINDINGS_MAX]

        return await asyncio.to_thread(look)


def _skill(draft: Draft, support: Mapping[str, EntrySupport], used: UsedSkill | None, now: int) -> _Skill:
    texts = {path: draft.text(path) for path in sorted(draft.files) if path.endswith(".md")}
    body = texts.get(SKILL_FILE, "")
    # What a person uploaded may have no front matter that can be read.
    with contextlib.suppress(Invalid):
        body = parse_skill_file(body).body
    own = [
        _Entry(draft.name, path, one, _entry(path, one, support, now))
        for path, text in texts.items()
        for one in entries(without_list(text) if path == SKILL_FILE else text)
    ]
    lines, tokens = body.count("\n") + 1, count_tokens(body)
    health = SkillHealth(
        skill_id=draft.skill_id,
        name=draft.name,
        version=draft.head,
        lines=lines,
        tokens=tokens,
        is_long=lines >= LINES_ADVISED or tokens >= TOKENS_ADVISED,
        loads=used.loads if used else 0,
        last_read_at=used.last_at if used else None,
        entries=[one.health for one in own],
    )
    return _Skill(draft=draft, support=support, used=used, body=body, health=health, entries=own)


def _entry(path: str, entry: Entry, support: Mapping[str, EntrySupport], now: int) -> EntryHealth:
    known = support.get(entry_hash(entry.text), EntrySupport(0, None, None, 0, 0))
    until, today = overlaps.until(entry.text), to_datetime(now).date().isoformat()
    is_old = known.learned_at is not None and known.learned_at < now - UNCONFIRMED_DAYS * DAY
    return EntryHealth(
        path=path,
        line=entry.start + 1,
        says=" ".join(entry.text.strip().split("\n", 1)[0].split())[:SAYS_CHARS_MAX],
        lessons=known.lessons,
        confirmed_at=known.last_at,
        successes=known.successes,
        failures=known.failures,
        until=until,
        is_past=bool(until) and until < today,
        is_unconfirmed=known.lessons == 1 and is_old,
    )


def _findings(held: Sequence[_Skill], now: int) -> list[_Seen]:
    every = [entry for one in held for entry in one.entries][:ENTRIES_MAX]
    merged, gone = _duplicate_skills(held)
    return [
        *merged,
        *_unconfirmed([one for one in held if one.draft.name not in gone], now),
        *(seen for one in held if one.health.is_long and one.draft.name not in gone for seen in _long(one)),
        *_past(held),
        *_duplicate_entries([one for one in every if one.skill not in gone]),
        *_contradictions([one for one in every if one.skill not in gone]),
    ]


def _duplicate_skills(held: Sequence[_Skill]) -> tuple[list[_Seen], set[str]]:
    """Near-duplicates, each to be merged into the one of its family that was read and learned most."""
    # What the user is like stands beside everything else.
    some = [one for one in held if one.draft.name != FACTS]
    pairs = overlaps.alike_skills([_whole(one) for one in some])
    seen, gone = list[_Seen](), set[str]()
    for family in overlaps.families(len(some), pairs):
        first, *others = sorted((some[place] for place in family), key=_rank)
        for one in others:
            gone.add(one.draft.name)
            says = f"{one.draft.name} is a near-duplicate of {first.draft.name}, which takes what it says more."
            places = [FoundPlace(one.draft.name), FoundPlace(first.draft.name)]
            finding = Finding(kind="duplicate_skills", says=says, places=places, remedy="merge")
            seen.append(_Seen(finding, _merging(one, first)))
    return seen, gone


def _rank(one: _Skill) -> tuple[int, int, str]:
    return -one.health.loads, -sum(entry.lessons for entry in one.health.entries), one.draft.name


def _whole(one: _Skill) -> str:
    """What a skill says: its entries; where it has none, the text of its SKILL.md. What stands around the entries of
    learned skills is alike by rule.
    """
    return "\n".join(entry.entry.text for entry in one.entries) or one.body


def _merging(one: _Skill, into: _Skill) -> tuple[Edit | HealthEdit, ...]:
    """The entries of a skill go to another one, those that it has too with their evidence alone; it is archived."""
    known_texts = [entry.entry.text for entry in into.entries]
    edits: list[Edit | HealthEdit] = []
    for entry in one.entries:
        twin = best_twin(entry.entry.text, known_texts)
        known = None if twin is None else into.entries[twin]
        to_path = f"{one.draft.name}.md" if entry.path == SKILL_FILE else entry.path
        edits.append(
            TransferEntry(
                skill=entry.skill,
                path=entry.path,
                entry=entry.entry.text,
                to_skill=into.draft.name,
                to_path=known.path if known else to_path,
                into=known.entry.text if known else "",
                stays=True,
            )
        )
    return (*edits, ArchiveSkill(skill=one.draft.name))


def _unconfirmed(held: Sequence[_Skill], now: int) -> list[_Seen]:
    """Skills all of whose entries were learned once, long ago, and which nobody has read since."""
    seen = []
    for one in held:
        read_at = one.health.last_read_at
        is_read = read_at is not None and read_at >= now - UNCONFIRMED_DAYS * DAY
        own = one.health.entries
        learned = [entry for entry in own if entry.path != SKILL_FILE or entry.lessons]
        if learned and not is_read and all(entry.is_unconfirmed for entry in learned) and one.draft.name != FACTS:
            says = (
                f"Nothing of {one.draft.name} was confirmed after it was learned, and no agent has read it for "
                f"{UNCONFIRMED_DAYS} days."
            )
            finding = Finding(kind="unconfirmed", says=says, places=[FoundPlace(one.draft.name)], remedy="archive")
            seen.append(_Seen(finding, (ArchiveSkill(skill=one.draft.name),)))
    return seen


def _long(one: _Skill) -> list[_Seen]:
    """A SKILL.md that is longer than advised; its longest sections can go to files of their own."""
    says = (
        f"{SKILL_FILE} of {one.draft.name} has {one.health.lines} lines and {one.health.tokens} tokens; under "
        f"{LINES_ADVISED} and {TOKENS_ADVISED} are advised."
    )
    edits = _splitting(one)
    remedy: Remedy = "split" if edits else ""
    finding = Finding(kind="long", says=says, places=[FoundPlace(one.draft.name, SKILL_FILE)], remedy=remedy)
    return [_Seen(finding, edits)]


def _splitting(one: _Skill) -> tuple[Edit | HealthEdit, ...]:
    sections: list[list[_Entry]] = []
    for entry in one.entries:
        if entry.path == SKILL_FILE and entry.health.says.startswith("#"):
            if entry.health.says.startswith("## ") or not sections:
                sections.append([])
            sections[-1].append(entry)
    lines, tokens = one.health.lines, one.health.tokens
    edits: list[Edit | HealthEdit] = []
    for section in sorted(sections, key=lambda section: -sum(len(entry.entry.text) for entry in section)):
        if lines < LINES_ADVISED and tokens < TOKENS_ADVISED:
            break
        text = "\n".join(entry.entry.text for entry in section)
        path = f"{slug(section[0].health.says, 'section')}.md"
        edits += [
            TransferEntry(
                skill=entry.skill,
                path=SKILL_FILE,
                entry=entry.entry.text,
                to_skill=entry.skill,
                to_path=path,
                points=entry is section[0],
            )
            for entry in section
        ]
        lines, tokens = lines - text.count("\n"), tokens - count_tokens(text)
    return tuple(edits)


def _past(held: Sequence[_Skill]) -> list[_Seen]:
    """What holds no longer by its own words, swept from each skill together."""
    seen = []
    for one in held:
        over = [entry for entry in one.entries if entry.health.is_past]
        if over:
            says = f"{len(over)} of {one.draft.name} held until {max(entry.health.until for entry in over)} at most."
            edits = [RemoveEntry(skill=e.skill, path=e.path, entry=e.entry.text, lessons=()) for e in over]
            finding = Finding(kind="past", says=says, places=[entry.place for entry in over], remedy="archive")
            seen.append(_Seen(finding, tuple(edits)))
    return seen


def _duplicate_entries(every: Sequence[_Entry]) -> list[_Seen]:
    seen = []
    for new, known in overlaps.twins([one.entry.text for one in every]):
        one, other = every[new], every[known]
        says = f"{one.skill}/{one.path} and {other.skill}/{other.path} say the same: {other.health.says}"
        finding = Finding(kind="duplicate_entries", says=says, places=[one.place, other.place], remedy="merge")
        edit = TransferEntry(
            skill=one.skill,
            path=one.path,
            entry=one.entry.text,
            to_skill=other.skill,
            to_path=other.path,
            into=other.entry.text,
        )
        seen.append(_Seen(finding, (edit,)))
    return seen


def _contradictions(every: Sequence[_Entry]) -> list[_Seen]:
    """Which of two entries is true, only a person knows, so nothing is proposed."""
    seen = []
    for a, b, how in overlaps.clashes([one.entry.text for one in every]):
        one, other = every[a], every[b]
        what = "have other numbers" if how == "number" else "differ by a no"
        says = f"{one.skill}/{one.path} and {other.skill}/{other.path} are about the same and {what}."
        seen.append(_Seen(Finding(kind="contradiction", says=says, places=[one.place, other.place], remedy="")))
    return seen


def _skills_of(edit: Edit | HealthEdit) -> set[str]:
    match edit:
        case TransferEntry():
            return {edit.skill, edit.to_skill}
        case ArchiveSkill() | RemoveEntry():
            return {edit.skill}
        case _:
            return set()
