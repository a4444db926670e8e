"""What users, agents and tools say in the acceptance tests, in the providers' own shapes."""

import json
from collections.abc import Iterable
from typing import Literal, cast, get_args

from acontext import AcontextClient
from anthropic.types import MessageParam
from openai.types.chat import ChatCompletionMessage, ChatCompletionMessageParam
from openai.types.chat.chat_completion_message_function_tool_call import ChatCompletionMessageFunctionToolCall, Function

from seasoned.message import JsonObject

Format = Literal["openai", "anthropic", "gemini", "acontext"]
FORMATS: tuple[Format, ...] = get_args(Format)

REQUEST = "Deploy API v2 to staging"


def user(text: str) -> ChatCompletionMessageParam:
    """A user's message, as one writes it for the Chat Completions API."""
    return {"role": "user", "content": text}


def agent(text: str) -> ChatCompletionMessageParam:
    """An agent's message as the OpenAI SDK hands it out (`response.choices[0].message`).

    The SDK under test takes this object as it is, but its annotations only name the request's types.
    """
    return cast(ChatCompletionMessageParam, ChatCompletionMessage(role="assistant", content=text))


def call(call_id: str, tool: str, **arguments: str) -> ChatCompletionMessageParam:
    """An agent's message that only calls a tool."""
    function = Function(name=tool, arguments=json.dumps(arguments))
    made = ChatCompletionMessageFunctionToolCall(id=call_id, type="function", function=function)
    return cast(ChatCompletionMessageParam, ChatCompletionMessage(role="assistant", tool_calls=[made]))


def plain(blob: JsonObject) -> ChatCompletionMessageParam:
    """A message as plain JSON, in any format: the SDK under test takes it, but its annotations name types."""
    return cast(ChatCompletionMessageParam, blob)


def result(call_id: str, text: str) -> ChatCompletionMessageParam:
    """A tool's answer."""
    return {"role": "tool", "tool_call_id": call_id, "content": text}


def anthropic_user(text: str) -> MessageParam:
    """A user's message for the Messages API."""
    return {"role": "user", "content": text}


def deployment() -> list[ChatCompletionMessageParam]:
    """One request, done and accepted; the user tells a name on the way."""
    return [
        user(REQUEST),
        agent("API v2 is deployed to staging. All 12 health checks pass and there was no downtime."),
        user("Perfect, thanks. By the way, my name is Gus."),
        agent("You're welcome, Gus."),
    ]


def two_requests() -> list[ChatCompletionMessageParam]:
    """Two requests, one after the other, both done and accepted."""
    return [
        user("Please write the release notes for version 2.4."),
        agent("I wrote the release notes for version 2.4 and saved them as notes/2.4.md."),
        user("Perfect, thank you!"),
        agent("You're welcome."),
        user("Please rename the column 'amount' of the invoices table to 'total'."),
        agent("Done: the column 'amount' of the invoices table is now called 'total'. All tests pass."),
        user("Great, that works. Thanks!"),
        agent("Glad to hear it."),
    ]


def open_question() -> list[ChatCompletionMessageParam]:
    """A request that the agent cannot begin yet: nothing is finished."""
    return [
        user("Please migrate the billing database to PostgreSQL 16."),
        agent("Which of the two billing databases do you mean, billing-eu or billing-us?"),
    ]


def tell(client: AcontextClient, session_id: str, messages: Iterable[ChatCompletionMessageParam]) -> list[str]:
    """Store messages one after the other; their ids."""
    return [client.sessions.store_message(session_id, blob=message).id for message in messages]
