"""From the last message to `completed`: what the pipeline adds once a session is flushed, and once it has been quiet.

Sessions with one small request each, learned by the rules engine on one server. `flush` measures from the flush
request to the status; `quiet` from the last message to the status, less the quiet time that was configured.
"""

import argparse
import statistics
import time

from acontext import AcontextClient
from openai.types.chat import ChatCompletionAssistantMessageParam, ChatCompletionUserMessageParam

from server import running

QUIET_SECONDS = 0.5
POLL_SECONDS = 0.005


def main() -> None:
    """Measure both ways and print percentiles in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100)
    options = parser.parse_args()
    with running(quiet_seconds=str(QUIET_SECONDS)) as server:
        client = AcontextClient(api_key=server.key, base_url=f"{server.url}/api/v1")
        for name, flush in (("flush", True), ("quiet", False)):
            space = client.learning_spaces.create()
            taken = sorted(_one(client, space.id, flush) for _ in range(options.sessions))
            p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
            print(f"{name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {taken[-1]:.0f} ms over {len(taken)} sessions")


def _message(role: str, text: str) -> ChatCompletionUserMessageParam | ChatCompletionAssistantMessageParam:
    if role == "user":
        return {"role": "user", "content": text}
    return {"role": "assistant", "content": text}


def _one(client: AcontextClient, space_id: str, flush: bool) -> float:
    session = client.sessions.create()
    client.learning_spaces.learn(space_id, session_id=session.id)
    for role, text in (
        ("user", "Please rename the file report.txt to report-final.txt."),
        ("assistant", "Done, the file is now called report-final.txt."),
        ("user", "Perfect, thanks!"),
        ("assistant", "You are welcome."),
    ):
        client.sessions.store_message(session.id, blob=_message(role, text))
    started = time.perf_counter()
    if flush:
        client.sessions.flush(session.id)
    while client.learning_spaces.get_session(space_id, session_id=session.id).status != "completed":
        time.sleep(POLL_SECONDS)
    waited = time.perf_counter() - started
    return 1000 * (waited if flush else waited - QUIET_SECONDS)


if __name__ == "__main__":
    main()
