"""The SDK's plain lists with their types.

In the SDK's classes the annotation `list[Skill]` stands behind a method named `list`, which hides the builtin from a
type checker. These functions check at run time what the annotations cannot say.
"""

from acontext import AcontextClient
from acontext.types.learning_space import LearningSpaceSession
from acontext.types.skill import Skill


def as_skills(answer: object) -> list[Skill]:
    """What `list_skills` answered."""
    assert isinstance(answer, list)
    skills = [one for one in answer if isinstance(one, Skill)]
    assert len(skills) == len(answer)
    return skills


def as_records(answer: object) -> list[LearningSpaceSession]:
    """What `list_sessions` answered."""
    assert isinstance(answer, list)
    records = [one for one in answer if isinstance(one, LearningSpaceSession)]
    assert len(records) == len(answer)
    return records


def skills_of(client: AcontextClient, space_id: str) -> list[Skill]:
    """The skills of a learning space."""
    return as_skills(client.learning_spaces.list_skills(space_id))


def records_of(client: AcontextClient, space_id: str) -> list[LearningSpaceSession]:
    """The sessions that teach a learning space."""
    return as_records(client.learning_spaces.list_sessions(space_id))
