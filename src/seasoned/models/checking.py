"""Checks at the start that the configured models are usable.

An unavailable provider may come back, but a wrong setting would make learning wait forever. Library errors are written
for programmers: only the names of environment variables are taken from them.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

from seasoned.config import is_web_address
from seasoned.errors import Invalid, ModelUnavailable, how_to_install
from seasoned.models import command
from seasoned.models.providers import OPENAI, Providers

OURS: Final = ("anthropic", "google")
_VARIABLE: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_GROUP: Final = re.compile(r"pydantic-ai-slim\[([a-z0-9-]+)\]")
_OTHERWISE: Final = "or unset SEASONED_MODEL to learn with the built-in rules"


async def check(models: Mapping[str, str], base_url: str = "") -> None:
    """Open and close each model, given with its setting. No provider is called.

    Raises Invalid with what to do if the settings of one are wrong.
    """
    for name, setting in models.items():
        if reason := command.unusable(name):
            raise Invalid(f"{setting}={name} cannot be used: {reason}, {_OTHERWISE}.")
        _check_address(name, base_url)
        providers = Providers(base_url)
        try:
            await providers.model(name)
        except ModelUnavailable as error:
            raise Invalid(_sentence(name, setting, error.__cause__ or error.__context__ or error)) from None
        finally:
            await providers.close()


def _check_address(name: str, base_url: str) -> None:
    """Check the URL that a provider's client takes from the environment."""
    provider = name.partition(":")[0]
    if base_url and provider in OPENAI:
        return
    variable = f"{re.split('[-/]', provider)[0].upper()}_BASE_URL"
    address = os.environ.get(variable, "")
    if address and not is_web_address(address):
        raise Invalid(f"{variable} must be a URL that begins with http:// or https://; correct it or unset it.")


def _sentence(name: str, setting: str, error: BaseException) -> str:
    said = str(error)
    if isinstance(error, ImportError):
        return f"{setting}={name} needs a package that is not installed; {_installing(said)}, {_OTHERWISE}."
    missing = [one for one in dict.fromkeys(_VARIABLE.findall(said)) if not os.environ.get(one)]
    if missing:
        return f"{missing[0]} is not set, which {setting}={name} needs; export it, {_OTHERWISE}."
    provider = name.partition(":")[0]
    if said.startswith("Unknown provider"):
        known = "openai, anthropic, google or ollama"
        unknown = f"{setting}={name} names the provider {provider!r}, which is not known"
        return f"{unknown}; use one such as {known}, {_OTHERWISE}."
    return (
        f"{setting}={name} cannot be used as the environment is; set what the client of {provider!r} reads there, "
        f"{_OTHERWISE}."
    )


def _installing(said: str) -> str:
    group = _GROUP.search(said)
    if group is None:
        return "install the client of its provider"
    return how_to_install(group[1]) if group[1] in OURS else how_to_install("", f"pydantic-ai-slim[{group[1]}]")
