"""One conversation as each program would write it, so that importers can be compared with what was said.

The writers follow the programs' sources; nothing of theirs is copied. Ids and times are made from the places.
"""

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from seasoned.message import Json, JsonObject


class Call(NamedTuple):
    """A call of a tool."""

    id: str
    name: str
    arguments: JsonObject


class Turn(NamedTuple):
    """What a person asked, an agent said and called, or a tool answered (then `answers` is the call's id)."""

    who: str
    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    answers: str = ""


Talk = Sequence[Turn]
Written = dict[str, bytes]
DAY = "2026-03-14"
SESSION = "0195a1b2-0000-7000-8000-000000000001"


def at(place: int) -> str:
    """The time of a turn."""
    return f"{DAY}T09:{place // 60:02}:{place % 60:02}.000Z"


def millis(place: int) -> int:
    """The time of a turn in thousandths of a second."""
    return 1_773_478_800_000 + place * 1_000


def lines(*records: Json) -> bytes:
    """JSON lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _text(call: Call) -> str:
    return json.dumps(call.arguments)


def codex(talk: Talk) -> Written:
    """A rollout, with the events that repeat what was typed and said."""
    found: list[Json] = [
        {"timestamp": at(0), "type": "session_meta", "payload": {"id": SESSION, "cwd": "/srv/shop", "source": "cli"}},
        {"timestamp": at(0), "type": "turn_context", "payload": {"cwd": "/srv/shop", "model": "m"}},
    ]

    def item(place: int, payload: JsonObject, kind: str = "response_item") -> None:
        found.append({"timestamp": at(place), "type": kind, "payload": payload})

    told: list[Json] = [
        {"type": "input_text", "text": "<environment_context>\n  <cwd>/srv/shop</cwd>\n</environment_context>"}
    ]
    item(0, {"type": "message", "role": "user", "content": told})
    for place, turn in enumerate(talk):
        if turn.who == "person":
            asked: list[Json] = [{"type": "input_text", "text": turn.text}]
            item(place, {"type": "message", "role": "user", "content": asked})
            item(place, {"type": "user_message", "message": turn.text, "images": []}, "event_msg")
        elif turn.who == "tool":
            item(place, {"type": "function_call_output", "call_id": turn.answers, "output": turn.text})
        else:
            if turn.thought:
                summary: list[Json] = [{"type": "summary_text", "text": turn.thought}]
                item(place, {"type": "reasoning", "summary": summary, "encrypted_content": "x"})
            if turn.text:
                said: list[Json] = [{"type": "output_text", "text": turn.text}]
                item(place, {"type": "message", "role": "assistant", "content": said})
                item(place, {"type": "agent_message", "message": turn.text}, "event_msg")
            for call in turn.calls:
                item(
                    place,
                    {"type": "function_call", "name": call.name, "arguments": _text(call), "call_id": call.id},
                )
    return {f"rollout-{DAY}T09-00-00-{SESSION}.jsonl": lines(*found)}


def _gemini_records(talk: Talk) -> list[JsonObject]:
    found: list[JsonObject] = []
    answers = {turn.answers: turn.text for turn in talk if turn.who == "tool"}
    for place, turn in enumerate(talk):
        if turn.who == "person":
            found.append({"id": f"m{place}", "timestamp": at(place), "type": "user", "content": [{"text": turn.text}]})
        elif turn.who == "agent":
            calls: list[Json] = [
                {
                    "id": call.id,
                    "name": call.name,
                    "args": call.arguments,
                    "status": "success",
                    "timestamp": at(place),
                    "result": [
                        {
                            "functionResponse": {
                                "id": call.id,
                                "name": call.name,
                                "response": {"output": answers[call.id]},
                            }
                        }
                    ],
                }
                for call in turn.calls
            ]
            thoughts: list[Json] = [{"subject": "", "description": turn.thought}] if turn.thought else []
            found.append(
                {
                    "id": f"m{place}",
                    "timestamp": at(place),
                    "type": "gemini",
                    "content": turn.text,
                    "thoughts": thoughts,
                    "toolCalls": calls,
                }
            )
    return found


def gemini_cli_json(talk: Talk) -> Written:
    """The older form: one object."""
    head: JsonObject = {"sessionId": SESSION, "projectHash": "h", "startTime": at(0), "lastUpdated": at(9)}
    return {"session-1.json": json.dumps({**head, "messages": _gemini_records(talk)}).encode()}


def gemini_cli_lines(talk: Talk) -> Written:
    """The newer form: a line for each message, and again once it has its calls' results."""
    found: list[Json] = [{"sessionId": SESSION, "projectHash": "h", "startTime": at(0), "kind": "main"}]
    for record in _gemini_records(talk):
        if record.get("toolCalls"):
            found.append({**record, "toolCalls": []})
        found += [record, {"$set": {"lastUpdated": at(9)}}]
    return {"session-1.jsonl": lines(*found)}


def qwen_code(talk: Talk) -> Written:
    """Lines with the keys of Claude Code's and Gemini's parts."""
    found: list[Json] = []
    names = {call.id: call.name for turn in talk for call in turn.calls}
    for place, turn in enumerate(talk):
        kind, role, parts = "user", "user", list[Json]()
        if turn.who == "person":
            parts = [{"text": turn.text}]
        elif turn.who == "tool":
            response: JsonObject = {"id": turn.answers, "name": names[turn.answers], "response": {"output": turn.text}}
            kind, parts = "tool_result", [{"functionResponse": response}]
        else:
            kind, role = "assistant", "model"
            parts = [{"text": turn.thought, "thought": True}] if turn.thought else []
            parts += [{"text": turn.text}] if turn.text else []
            parts += [{"functionCall": {"id": one.id, "name": one.name, "args": one.arguments}} for one in turn.calls]
        found.append(
            {
                "uuid": f"u{place}",
                "parentUuid": f"u{place - 1}" if place else None,
                "sessionId": SESSION,
                "timestamp": at(place),
                "type": kind,
                "message": {"role": role, "parts": parts},
            }
        )
    return {f"{SESSION}.jsonl": lines(*found)}


def _opencode(talk: Talk) -> tuple[JsonObject, list[tuple[JsonObject, list[JsonObject]]]]:
    info: JsonObject = {
        "id": "ses_1",
        "projectID": "p",
        "directory": "/srv/shop",
        "title": "x",
        "time": {"created": millis(0)},
    }
    answers = {turn.answers: turn.text for turn in talk if turn.who == "tool"}
    messages: list[tuple[JsonObject, list[JsonObject]]] = []
    for place, turn in enumerate(talk):
        if turn.who == "tool":
            continue
        role = "user" if turn.who == "person" else "assistant"
        message: JsonObject = {"id": f"msg_{place:04}", "sessionID": "ses_1", "role": role}
        message["time"] = {"created": millis(place)}
        parts: list[JsonObject] = [{"type": "step-start"}] if role == "assistant" else []
        if turn.thought:
            parts.append({"type": "reasoning", "text": turn.thought})
        if turn.text:
            parts.append({"type": "text", "text": turn.text})
        for call in turn.calls:
            state: JsonObject = {"status": "completed", "input": call.arguments, "output": answers[call.id]}
            parts.append({"type": "tool", "callID": call.id, "tool": call.name, "state": state})
        named = [{"id": f"prt_{place:04}_{n:03}", "messageID": message["id"], **one} for n, one in enumerate(parts)]
        messages.append((message, named))
    return info, messages


def opencode_export(talk: Talk) -> Written:
    """What `opencode export` prints."""
    info, messages = _opencode(talk)
    nested: list[Json] = [{"info": message, "parts": list(parts)} for message, parts in messages]
    return {"export.json": json.dumps({"info": info, "messages": nested}).encode()}


def opencode_storage(talk: Talk) -> Written:
    """Its folder with a file for each piece."""
    info, messages = _opencode(talk)
    found = {"session/p/ses_1.json": json.dumps(info).encode()}
    for message, parts in messages:
        found[f"message/ses_1/{message['id']}.json"] = json.dumps(message).encode()
        for part in parts:
            found[f"part/{message['id']}/{part['id']}.json"] = json.dumps(part).encode()
    return found


def opencode_database(talk: Talk, path: Path) -> None:
    """Its database."""
    _, messages = _opencode(talk)
    with closing(sqlite3.connect(path)) as base:
        base.executescript(
            "CREATE TABLE session (id TEXT, parent_id TEXT, time_created INTEGER);"
            "CREATE TABLE message (id TEXT, session_id TEXT, time_created INTEGER, data TEXT);"
            "CREATE TABLE part (id TEXT, message_id TEXT, session_id TEXT, time_created INTEGER, data TEXT);"
        )
        base.execute("INSERT INTO session VALUES (?, NULL, ?)", ("ses_1", millis(0)))
        for place, (message, parts) in enumerate(messages):
            told = json.dumps({key: one for key, one in message.items() if key not in ("id", "sessionID")})
            base.execute("INSERT INTO message VALUES (?, 'ses_1', ?, ?)", (message["id"], millis(place), told))
            for part in parts:
                data = json.dumps({key: one for key, one in part.items() if key not in ("id", "messageID")})
                row = (part["id"], message["id"], millis(place), data)
                base.execute("INSERT INTO part VALUES (?, ?, 'ses_1', ?, ?)", row)
        base.commit()


def cursor_database(talk: Talk, path: Path) -> None:
    """Cursor's key-value store."""
    answers = {turn.answers: turn.text for turn in talk if turn.who == "tool"}
    bubbles: list[JsonObject] = []
    for place, turn in enumerate(talk):
        told: JsonObject = {"bubbleId": f"b{place}", "createdAt": at(place), "text": turn.text}
        if turn.who == "person":
            bubbles.append({**told, "type": 1})
        elif turn.who == "agent":
            if turn.text or turn.thought:
                bubbles.append({**told, "type": 2, "thinking": {"text": turn.thought}})
            for number, call in enumerate(turn.calls):
                tool: JsonObject = {
                    "name": call.name,
                    "toolCallId": call.id,
                    "rawArgs": _text(call),
                    "status": "completed",
                    "result": answers[call.id],
                }
                bubbles.append(
                    {
                        "bubbleId": f"b{place}-{number}",
                        "createdAt": at(place),
                        "type": 2,
                        "text": "",
                        "toolFormerData": tool,
                    }
                )
    order: list[Json] = [{"bubbleId": one["bubbleId"], "type": one["type"]} for one in bubbles]
    chat: JsonObject = {"composerId": "c1", "name": "x", "createdAt": millis(0), "fullConversationHeadersOnly": order}
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE cursorDiskKV (key TEXT UNIQUE, value BLOB)")
        base.execute("INSERT INTO cursorDiskKV VALUES ('composerData:c1', ?)", (json.dumps(chat),))
        base.executemany(
            "INSERT INTO cursorDiskKV VALUES (?, ?)",
            [(f"bubbleId:c1:{one['bubbleId']}", json.dumps(one)) for one in bubbles],
        )
        base.commit()


def _anthropic(talk: Talk, *, ids: bool = True) -> list[JsonObject]:
    found: list[JsonObject] = []
    for turn in talk:
        if turn.who == "person":
            found.append({"role": "user", "content": [{"type": "text", "text": turn.text}]})
        elif turn.who == "tool":
            answer: JsonObject = {"type": "tool_result", "tool_use_id": turn.answers}
            found.append({"role": "user", "content": [{**answer, "content": [{"type": "text", "text": turn.text}]}]})
        else:
            blocks: list[Json] = [{"type": "thinking", "thinking": turn.thought}] if turn.thought else []
            blocks += [{"type": "text", "text": turn.text}] if turn.text else []
            for call in turn.calls:
                named: JsonObject = {"id": call.id} if ids else {}
                blocks.append({"type": "tool_use", **named, "name": call.name, "input": call.arguments})
            found.append({"role": "assistant", "content": blocks})
    return found


def anthropic(talk: Talk) -> Written:
    """A request to the Messages API."""
    messages: list[Json] = [*_anthropic(talk)]
    return {"request.json": json.dumps({"model": "m", "max_tokens": 9, "messages": messages}).encode()}


def cursor(talk: Talk) -> Written:
    """The agent's transcript."""
    records: list[Json] = [{"role": one["role"], "message": {"content": one["content"]}} for one in _anthropic(talk)]
    return {"0195-transcript.jsonl": lines(*records, {"type": "turn_ended", "status": "success"})}


def claude_code(talk: Talk) -> Written:
    """A session file."""
    found: list[Json] = [
        {
            "type": one["role"],
            "uuid": f"u{place}",
            "parentUuid": f"u{place - 1}" if place else None,
            "sessionId": SESSION,
            "cwd": "/srv/shop",
            "isSidechain": False,
            "timestamp": at(place),
            "message": {"id": f"msg_{place}", "type": "message", "model": "m", **one},
        }
        for place, one in enumerate(_anthropic(talk))
    ]
    return {f"{SESSION}.jsonl": lines(*found)}


def claude_ai(talk: Talk) -> Written:
    """An export; calls and their answers are in one message there."""
    messages: list[JsonObject] = []
    for place, one in enumerate(_anthropic(talk)):
        content = one["content"]
        assert isinstance(content, list)
        is_answer = isinstance(content[0], dict) and content[0].get("type") == "tool_result"
        if is_answer and messages:
            before = messages[-1]["content"]
            assert isinstance(before, list)
            before += content
            continue
        sender = "human" if one["role"] == "user" else "assistant"
        messages.append({"uuid": f"m{place}", "sender": sender, "created_at": at(place), "content": list(content)})
    chat: JsonObject = {"uuid": SESSION, "name": "x", "created_at": at(0), "chat_messages": [*messages]}
    return {"conversations.json": json.dumps([chat]).encode()}


def chatgpt(talk: Talk) -> Written:
    """An export, in its archive; calls name the tool as their recipient, and have no ids."""
    mapping: JsonObject = {"root": {"id": "root", "parent": None, "children": ["n0"], "message": None}}
    last = "root"

    def add(role: str, kind: str, content: JsonObject, recipient: str = "all") -> None:
        nonlocal last
        id_ = f"n{len(mapping) - 1}"
        message: JsonObject = {
            "id": id_,
            "author": {"role": role},
            "create_time": millis(len(mapping)) / 1000,
            "content": {"content_type": kind, **content},
            "recipient": recipient,
        }
        mapping[id_] = {"id": id_, "parent": last, "children": [], "message": message}
        last = id_

    for turn in talk:
        if turn.who == "person":
            add("user", "text", {"parts": [turn.text]})
        elif turn.who == "tool":
            add("tool", "execution_output", {"text": turn.text})
        else:
            if turn.thought:
                add("assistant", "thoughts", {"thoughts": [{"summary": "", "content": turn.thought}]})
            if turn.text:
                add("assistant", "text", {"parts": [turn.text]})
            for call in turn.calls:
                add("assistant", "code", {"language": "json", "text": _text(call)}, call.name)
    chat: JsonObject = {"conversation_id": SESSION, "title": "x", "create_time": 1_773_478_800.0, "current_node": last}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps([{**chat, "mapping": mapping}]))
        archive.writestr("user.json", "{}")
    return {"export.zip": packed.getvalue()}


def openai(talk: Talk, *, reasoning: str = "reasoning_content") -> list[Json]:
    """Messages of Chat Completions."""
    found: list[Json] = []
    for turn in talk:
        if turn.who == "person":
            found.append({"role": "user", "content": turn.text})
        elif turn.who == "tool":
            found.append({"role": "tool", "tool_call_id": turn.answers, "content": turn.text})
        else:
            said: JsonObject = {"role": "assistant", "content": turn.text or None}
            if turn.thought and reasoning:
                said[reasoning] = turn.thought
            if turn.calls:
                said["tool_calls"] = [
                    {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": _text(one)}}
                    for one in turn.calls
                ]
            found.append(said)
    return found


def openai_chat(talk: Talk) -> Written:
    """A list of messages, without thoughts, which the API does not have."""
    return {"chat.json": json.dumps(openai(talk, reasoning="")).encode()}


def hermes(talk: Talk) -> Written:
    """A session of Hermes."""
    head: JsonObject = {"session_id": SESSION, "platform": "cli", "session_start": at(0)}
    return {"session_1.json": json.dumps({**head, "messages": openai(talk, reasoning="reasoning")}).encode()}


def swe_agent(talk: Talk) -> Written:
    """A trajectory of SWE-agent that calls functions."""
    told: Json = {"role": "system", "content": "Set up.", "agent": "main", "message_type": "system_prompt"}
    history: list[Json] = [told, *openai(talk, reasoning="thinking")]
    return {"x.traj": json.dumps({"trajectory": [], "history": history, "info": {"exit_status": "submitted"}}).encode()}


def mini_swe_agent(talk: Talk) -> Written:
    """A trajectory of mini-swe-agent that calls functions."""
    info: JsonObject = {"exit_status": "Submitted", "submission": "x", "mini_version": "2.0.0"}
    return {"x.traj.json": json.dumps({"info": info, "messages": openai(talk, reasoning="reasoning_content")}).encode()}


def langchain(talk: Talk) -> Written:
    """What `messages_to_dict` makes."""
    found: list[Json] = []
    for turn in talk:
        if turn.who == "person":
            found.append({"type": "human", "data": {"content": turn.text, "type": "human"}})
        elif turn.who == "tool":
            data: JsonObject = {"content": turn.text, "tool_call_id": turn.answers, "status": "success"}
            found.append({"type": "tool", "data": data})
        else:
            blocks: list[Json] = [{"type": "thinking", "thinking": turn.thought}] if turn.thought else []
            blocks += [{"type": "text", "text": turn.text}] if turn.text else []
            calls: list[Json] = [{"id": one.id, "name": one.name, "args": one.arguments} for one in turn.calls]
            found.append({"type": "ai", "data": {"content": blocks, "tool_calls": calls, "type": "ai"}})
    return {"messages.json": json.dumps(found).encode()}


def sharegpt(talk: Talk) -> Written:
    """A line of a data set; one call at a time, without ids and thoughts."""
    found: list[Json] = []
    for turn in talk:
        if turn.who == "person":
            found.append({"from": "human", "value": turn.text})
        elif turn.who == "tool":
            found.append({"from": "observation", "value": turn.text})
        else:
            found += [{"from": "gpt", "value": turn.text}] if turn.text else []
            found += [
                {"from": "function_call", "value": json.dumps({"name": one.name, "arguments": one.arguments})}
                for one in turn.calls
            ]
    return {"set.jsonl": lines({"id": "x", "conversations": found})}


def gemini_api(talk: Talk) -> Written:
    """A request to Gemini."""
    records = qwen_code(talk)[f"{SESSION}.jsonl"].splitlines()
    contents: list[Json] = [json.loads(record)["message"] for record in records]
    return {"request.json": json.dumps({"contents": contents}).encode()}


def openhands(talk: Talk) -> Written:
    """Events of the SDK, in the folder of a conversation."""
    events: list[JsonObject] = []
    for place, turn in enumerate(talk):
        told: JsonObject = {"timestamp": at(place)}
        if turn.who == "tool":
            found: JsonObject = {"kind": "ToolObservation", "content": [{"type": "text", "text": turn.text}]}
            events.append(
                {
                    **told,
                    "kind": "ObservationEvent",
                    "source": "environment",
                    "tool_call_id": turn.answers,
                    "observation": found,
                }
            )
            continue
        role = "user" if turn.who == "person" else "assistant"
        said: list[Json] = [{"type": "text", "text": turn.text}] if turn.text else []
        if not turn.calls:
            message: JsonObject = {"role": role, "content": said, "reasoning_content": turn.thought or None}
            source = "user" if role == "user" else "agent"
            events.append({**told, "kind": "MessageEvent", "source": source, "llm_message": message})
        for number, call in enumerate(turn.calls):
            called: JsonObject = {"id": call.id, "name": call.name, "arguments": _text(call), "origin": "completion"}
            events.append(
                {
                    **told,
                    "kind": "ActionEvent",
                    "source": "agent",
                    "thought": [] if number else said,
                    "reasoning_content": "" if number else turn.thought,
                    "tool_name": call.name,
                    "tool_call_id": call.id,
                    "tool_call": called,
                }
            )
    return {
        f"{SESSION}/events/event-{n:05}-e{n}.json": json.dumps({"id": f"e{n}", **one}).encode()
        for n, one in enumerate(events)
    }


def _inspect_sample(talk: Talk) -> JsonObject:
    messages: list[Json] = []
    for turn in talk:
        if turn.who == "person":
            messages.append({"role": "user", "content": "attachment://a1", "source": "input"})
        elif turn.who == "tool":
            messages.append({"role": "tool", "tool_call_id": turn.answers, "content": turn.text})
        else:
            blocks: list[Json] = [{"type": "reasoning", "reasoning": turn.thought}] if turn.thought else []
            blocks += [{"type": "text", "text": turn.text}] if turn.text else []
            calls: list[Json] = [
                {"id": one.id, "function": one.name, "arguments": one.arguments, "type": "function"}
                for one in turn.calls
            ]
            messages.append({"role": "assistant", "content": blocks, "tool_calls": calls})
    attachments: JsonObject = {}
    for number, (turn, message) in enumerate(zip(talk, messages, strict=True)):
        if turn.who == "person" and isinstance(message, dict):
            message["content"] = f"attachment://a{number}"
            attachments[f"a{number}"] = turn.text
    scores: JsonObject = {"match": {"value": "C"}}
    return {"id": 1, "epoch": 1, "messages": messages, "scores": scores, "attachments": attachments}


def inspect_json(talk: Talk) -> Written:
    """A log of one sample."""
    log: JsonObject = {"version": 2, "status": "success", "eval": {"eval_id": "E1", "created": at(0)}}
    return {"log.json": json.dumps({**log, "samples": [_inspect_sample(talk)]}).encode()}


def inspect_eval(talk: Talk) -> Written:
    """The same as an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"eval_id": "E1", "created": at(0)}}))
        archive.writestr("samples/1_epoch_1.json", json.dumps(_inspect_sample(talk)))
    return {"log.eval": packed.getvalue()}


def atif(talk: Talk) -> Written:
    """A trajectory."""
    steps: list[JsonObject] = []
    for place, turn in enumerate(talk):
        if turn.who == "tool":
            results = steps[-1].setdefault("observation", {"results": []})
            assert isinstance(results, dict)
            listed = results["results"]
            assert isinstance(listed, list)
            listed.append({"source_call_id": turn.answers, "content": turn.text})
            continue
        step: JsonObject = {"step_id": len(steps) + 1, "timestamp": at(place), "message": turn.text}
        step["source"] = "user" if turn.who == "person" else "agent"
        if turn.thought:
            step["reasoning_content"] = turn.thought
        if turn.calls:
            step["tool_calls"] = [
                {"tool_call_id": one.id, "function_name": one.name, "arguments": one.arguments} for one in turn.calls
            ]
        steps.append(step)
    agent: JsonObject = {"name": "a", "version": "1"}
    whole: JsonObject = {"schema_version": "ATIF-v1.6", "session_id": SESSION, "agent": agent, "steps": [*steps]}
    return {"trajectory.json": json.dumps(whole).encode()}


def _otel_message(turn: Turn) -> JsonObject:
    if turn.who == "person":
        return {"role": "user", "parts": [{"type": "text", "content": turn.text}]}
    if turn.who == "tool":
        return {"role": "tool", "parts": [{"type": "tool_call_response", "id": turn.answers, "response": turn.text}]}
    parts: list[Json] = [{"type": "reasoning", "content": turn.thought}] if turn.thought else []
    parts += [{"type": "text", "content": turn.text}] if turn.text else []
    parts += [{"type": "tool_call", "id": one.id, "name": one.name, "arguments": one.arguments} for one in turn.calls]
    return {"role": "assistant", "parts": parts}


def otel(talk: Talk) -> Written:
    """A collector's file: a span for each answer of the model, whose input is all that was said before."""
    found: list[Json] = []
    said = [_otel_message(turn) for turn in talk]
    ends = [place for place, turn in enumerate(talk) if turn.who == "agent"]
    for place in [*ends, *([len(said)] if talk[-1].who != "agent" else [])]:
        attributes: list[Json] = [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            {"key": "gen_ai.conversation.id", "value": {"stringValue": SESSION}},
            {"key": "gen_ai.input.messages", "value": {"stringValue": json.dumps(said[:place])}},
        ]
        if place < len(said):
            answer = json.dumps([{**said[place], "finish_reason": "stop"}])
            attributes.append({"key": "gen_ai.output.messages", "value": {"stringValue": answer}})
        span: JsonObject = {
            "traceId": "t",
            "name": "chat m",
            "startTimeUnixNano": f"{millis(place)}000000",
            "attributes": attributes,
        }
        found.append({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    return {"spans.jsonl": lines(*found)}


def openclaw(talk: Talk) -> Written:
    """A session of OpenClaw or pi."""
    found: list[Json] = [{"type": "session", "version": 3, "id": SESSION, "timestamp": at(0), "cwd": "/srv"}]
    for place, turn in enumerate(talk):
        if turn.who == "person":
            message: JsonObject = {"role": "user", "content": [{"type": "text", "text": turn.text}]}
        elif turn.who == "tool":
            content: list[Json] = [{"type": "text", "text": turn.text}]
            message = {"role": "toolResult", "toolCallId": turn.answers, "content": content, "isError": False}
        else:
            blocks: list[Json] = [{"type": "thinking", "thinking": turn.thought}] if turn.thought else []
            blocks += [{"type": "text", "text": turn.text}] if turn.text else []
            blocks += [
                {"type": "toolCall", "id": one.id, "name": one.name, "arguments": one.arguments} for one in turn.calls
            ]
            message = {"role": "assistant", "content": blocks, "model": "m"}
        parent = f"m{place - 1}" if place else None
        found.append(
            {"type": "message", "id": f"m{place}", "parentId": parent, "timestamp": at(place), "message": message}
        )
    return {f"{SESSION}.jsonl": lines(*found)}


def copilot(talk: Talk) -> Written:
    """The events of the command line."""
    found: list[Json] = [
        {"type": "session.start", "id": "e", "timestamp": at(0), "data": {"sessionId": SESSION, "version": 1}}
    ]
    for place, turn in enumerate(talk):
        data: JsonObject = {"content": turn.text, "attachments": []}
        if turn.who == "person":
            kind = "user.message"
        elif turn.who == "tool":
            kind = "tool.execution_complete"
            data = {"toolCallId": turn.answers, "success": True, "result": {"content": turn.text}}
        else:
            kind = "assistant.message"
            calls: list[Json] = [
                {"toolCallId": one.id, "name": one.name, "arguments": _text(one)} for one in turn.calls
            ]
            data = {"content": turn.text, "reasoningText": turn.thought or None, "toolRequests": calls}
        found.append({"type": kind, "id": f"e{place}", "timestamp": at(place), "data": data})
    return {"events.jsonl": lines(*found)}


def responses(talk: Talk) -> Written:
    """A logged response of OpenAI: the items of its input, and those of its output."""
    items = [json.loads(line) for line in codex(talk)[f"rollout-{DAY}T09-00-00-{SESSION}.jsonl"].splitlines()]
    said: list[Json] = [one["payload"] for one in items if one["type"] == "response_item"][1:]
    return {
        "response.json": json.dumps({"id": "r", "object": "response", "input": said[:-1], "output": said[-1:]}).encode()
    }


def langfuse(talk: Talk) -> Written:
    """An exported generation."""
    said = openai(talk, reasoning="reasoning_content")
    record: JsonObject = {"id": "g", "traceId": "t", "input": {"messages": said[:-1]}, "output": said[-1]}
    return {"generations.jsonl": lines(record)}


def langsmith(talk: Talk) -> Written:
    """An exported run."""
    said = openai(talk, reasoning="reasoning_content")
    inputs: JsonObject = {"messages": [said[:-1]]}
    run: JsonObject = {"id": "g", "trace_id": "t", "run_type": "llm", "inputs": inputs}
    return {"runs.jsonl": lines({**run, "outputs": {"generations": [[{"message": said[-1]}]]}})}


WRITERS: dict[str, Callable[[Talk], Written]] = {
    one.__name__: one
    for one in (
        codex,
        gemini_cli_json,
        gemini_cli_lines,
        qwen_code,
        opencode_export,
        opencode_storage,
        cursor,
        claude_code,
        claude_ai,
        chatgpt,
        anthropic,
        openai_chat,
        hermes,
        swe_agent,
        mini_swe_agent,
        langchain,
        sharegpt,
        gemini_api,
        openhands,
        inspect_json,
        inspect_eval,
        atif,
        otel,
        openclaw,
        copilot,
        responses,
        langfuse,
        langsmith,
    )
}
BASES: dict[str, Callable[[Talk, Path], None]] = {
    "opencode.db": opencode_database,
    "state.vscdb": cursor_database,
}


def write(name: str, talk: Talk, folder: Path) -> Path:
    """A conversation as a program writes it; the folder or file to give to `learn`."""
    if name in BASES:
        (folder / name).unlink(missing_ok=True)
        BASES[name](talk, folder / name)
        return folder / name
    written = WRITERS[name](talk)
    for file, content in written.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / next(iter(written)) if len(written) == 1 else folder
