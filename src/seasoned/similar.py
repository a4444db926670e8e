"""Whether two entries say the same (placeholder until the measured one is there)."""

from collections.abc import Sequence

from seasoned.skill import entry_key


def best_twin(text: str, candidates: Sequence[str]) -> int | None:
    key = entry_key(text)
    return next((i for i, one in enumerate(candidates) if key and entry_key(one) == key), None)
