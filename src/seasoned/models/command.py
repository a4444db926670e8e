"""A program as the language model, such as an agent with a subscription: the prompt on standard input, the answer on
standard output.

The program runs without a shell, in an empty folder, in a process group of its own that is killed at the timeout. Its
output is bounded, and its tokens are counted by our tokenizer.
"""

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from seasoned.config import COMMAND
from seasoned.errors import ModelFailed, ModelUnavailable
from seasoned.paths import MODEL_FOLDER
from seasoned.tokens import count_tokens

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model as ProviderModel
    from pydantic_ai.models.function import AgentInfo

OUTPUT_BYTES_MAX: Final = 2 * 1024 * 1024
ERRORS_BYTES_MAX: Final = 4_096
ENDING_SECONDS: Final = 5
# A hook of an agent that answers us sees this, so that our own questions are not learned from.
ANSWERING: Final = "SEASONED_ANSWERING"
_BRIEF: Final = "Answer the question on standard input with the one JSON object that it asks for."
_CODEX_TOOLS: Final = ("shell_tool", "unified_exec", "view_image", "image_generation", "apps", "plugins", "hooks")
_PRESETS: Final = {
    "claude-code": (
        *("claude", "-p", "--safe-mode", "--tools", "", "--strict-mcp-config", "--no-session-persistence"),
        *("--output-format", "text", "--system-prompt", _BRIEF),
    ),
    "codex": (
        *("codex", "exec", "--ephemeral", "--skip-git-repo-check", "--ignore-user-config", "--ignore-rules"),
        *("--sandbox", "read-only", "--color", "never", "-c", 'web_search="disabled"'),
        *(word for tool in _CODEX_TOOLS for word in ("--disable", tool)),
    ),
    "gemini": ("gemini", "--skip-trust", "-e", "none", "--allowed-mcp-server-names", "none", "-o", "text"),
    "llm": ("llm", "prompt", "--no-log"),
    "ollama": ("ollama", "run", "--format", "json", "--nowordwrap", "--hidethinking"),
}


def command_of(name: str) -> list[str]:
    """The program and arguments that a model's name stands for; empty when it is a provider's model.

    `ollama:NAME` is a command unless OLLAMA_BASE_URL says where its server is. Raises ValueError when the quotes of a
    command do not match.
    """
    if name.startswith(COMMAND):
        return shlex.split(name.removeprefix(COMMAND))
    preset, _, model = name.partition(":")
    if preset not in _PRESETS or (preset == "ollama" and (os.environ.get("OLLAMA_BASE_URL") or not _found("ollama"))):
        return []
    chosen = [] if not model else [model] if preset == "ollama" else ["--model", model]
    policy = resources.files("seasoned") / "models" / "presets" / "gemini.toml"
    return [*_PRESETS[preset], *(["--policy", str(policy)] if preset == "gemini" else []), *chosen]


def unusable(name: str) -> str:
    """Why the command of a model cannot be run, as a sentence; empty if it can, or if there is none."""
    try:
        command = command_of(name)
    except ValueError:
        return "the quotes of the command do not match; correct them"
    if not command:
        return "the command is empty; name a program" if name.startswith(COMMAND) else ""
    return "" if _found(command[0]) else f"the program {command[0]!r} is not found; install it, or give its path"


def opened(name: str) -> "ProviderModel":
    """The model that a command's output is. Raises ModelUnavailable when it cannot be run."""
    from pydantic_ai.models.function import FunctionModel  # noqa: PLC0415 - heavy, and only for who has a model

    if reason := unusable(name):
        raise ModelUnavailable(f"The model {name!r} cannot be used: {reason}.")
    command = command_of(name)

    async def answer(messages: "list[ModelMessage]", asked: "AgentInfo") -> "ModelResponse":
        return await _answer(name, command, messages, asked)

    return FunctionModel(answer, model_name=name)


def _found(program: str) -> str | None:
    return shutil.which(program)


async def _answer(
    name: str, command: Sequence[str], messages: "list[ModelMessage]", asked: "AgentInfo"
) -> "ModelResponse":
    from pydantic_ai import exceptions  # noqa: PLC0415
    from pydantic_ai.messages import ModelResponse, TextPart  # noqa: PLC0415
    from pydantic_ai.usage import RequestUsage  # noqa: PLC0415

    prompt = _prompt(messages, asked.instructions or "")
    seconds = (asked.model_settings or {}).get("timeout")
    try:
        async with asyncio.timeout(seconds if isinstance(seconds, (int, float)) else None):
            text = await run(command, prompt)
    except TimeoutError as error:
        raise exceptions.ModelTimeoutError(name, "the command did not end in time") from error
    input_tokens, output_tokens = await asyncio.to_thread(lambda: (count_tokens(prompt), count_tokens(text)))
    usage = RequestUsage(input_tokens=input_tokens, output_tokens=output_tokens)
    return ModelResponse(parts=[TextPart(text)], usage=usage)


def _prompt(messages: "list[ModelMessage]", instructions: str) -> str:
    """The whole conversation as one text: the question, and for a correction the earlier answer with what is wrong."""
    from pydantic_ai.messages import RetryFeedbackPart, TextPart, UserPromptPart  # noqa: PLC0415

    texts = [instructions]
    for part in (part for message in messages for part in message.parts):
        if isinstance(part, UserPromptPart):
            texts.append(str(part.content))
        elif isinstance(part, TextPart):
            texts.append(f"Your earlier answer was:\n{part.content}")
        elif isinstance(part, RetryFeedbackPart):
            texts.append(part.model_response())
    return "\n\n".join(texts)


class Ended(msgspec.Struct, frozen=True):
    """How a program ended: its status, what it wrote, and the end of what it wrote to standard error."""

    status: int
    text: str
    errors: str


async def run(command: Sequence[str], prompt: str) -> str:
    """What a program writes for a prompt, in an empty folder.

    Raises ModelUnavailable when the program cannot be run or fails, ModelFailed when it writes too much.
    """
    with tempfile.TemporaryDirectory(prefix=MODEL_FOLDER, ignore_cleanup_errors=True) as folder:
        done = await ended(command, prompt, folder=Path(folder))
    if done.status:
        raise ModelUnavailable(
            f"The program {command[0]!r} ended with status {done.status}; run it by hand to see whether it is signed "
            "in and within its limits. Learning goes on by itself."
        ) from RuntimeError(done.errors)
    return done.text


async def ended(
    command: Sequence[str], prompt: str, *, folder: Path, settings: Mapping[str, str | None] | None = None
) -> Ended:
    """Run a program to its end. Nothing of its process group is left when this ends or is cancelled.

    `settings` are variables that it gets instead of ours; None takes one away. Raises ModelUnavailable when the program
    cannot be started, ModelFailed when it writes too much.
    """
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("SEASONED_", "CLAUDECODE"))}
    given = {key: value for key, value in {**environ, **(settings or {}), ANSWERING: "1"}.items() if value is not None}
    try:
        transport, output = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Output(command[0]), *command, cwd=folder, env=given, start_new_session=True
        )
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"The program {command[0]!r} cannot be started.") from error
    try:
        output.send(prompt)
        await asyncio.shield(output.ended)
        status = transport.get_returncode() or 0
    finally:
        await _end(transport, output)
    return Ended(status, output.text.decode(errors="replace"), output.errors.decode(errors="replace"))


class _Output(asyncio.SubprocessProtocol):
    """Collects what a program writes, up to a bound. `ended` is done when it and all that has its pipes have ended."""

    def __init__(self, program: str) -> None:
        self.text = bytearray()
        self.errors = b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = asyncio.Event()
        self._program = program
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.SubprocessTransport):
            self._transport = transport

    def send(self, prompt: str) -> None:
        """Write the prompt. A program may answer, or fail, without reading all of it."""
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        if isinstance(pipe, asyncio.WriteTransport):
            pipe.write(prompt.encode(errors="replace"))
            pipe.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd != 1:
            self.errors = (self.errors + data)[-ERRORS_BYTES_MAX:]
        elif len(self.text) + len(data) <= OUTPUT_BYTES_MAX:
            self.text += data
        elif not self.ended.done():
            self.ended.set_exception(
                ModelFailed(f"The program {self._program!r} wrote more than {OUTPUT_BYTES_MAX} bytes.")
            )

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        self.lost.set()
        if not self.ended.done():
            self.ended.set_result(None)


async def _end(transport: asyncio.SubprocessTransport, output: _Output) -> None:
    """Kill what is left of the group: the program itself, or what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(transport.get_pid(), signal.SIGKILL)
    transport.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDING_SECONDS):
            await output.lost.wait()
