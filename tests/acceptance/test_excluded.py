"""What upstream has and this server has not says so, instead of looking like a path that was mistyped."""

import httpx
import pytest

from tests.support.server import Server
from tests.support.wire import sentence_of, unknown_id

EXCLUDED = [
    ("POST", "/admin/v1/project"),
    ("DELETE", "/admin/v1/project/{id}"),
    ("PUT", "/admin/v1/project/{id}/secret_key"),
    ("GET", "/admin/v1/project/{id}/usages"),
    ("GET", "/admin/v1/project/{id}/statistics"),
    ("GET", "/admin/v1/project/{id}/metrics"),
    ("POST", "/admin/v1/project/encrypt"),
    ("PUT", "/admin/v1/project/secret_key"),
    ("GET", "/admin/v1"),
    ("POST", "/metrics/v1"),
    ("GET", "/metrics/v1/{id}/quota"),
]


@pytest.mark.parametrize(("method", "path"), EXCLUDED)
def test_administration_and_metrics_over_http_are_not_implemented(server: Server, method: str, path: str) -> None:
    response = httpx.request(method, server.url + path.replace("{id}", unknown_id()))
    assert "seasoned" in sentence_of(response, 501)


@pytest.mark.parametrize("path", ["/admin/v2/project", "/administration", "/metrics/v10"])
def test_what_only_looks_like_them_is_unknown(server: Server, path: str) -> None:
    sentence_of(httpx.get(server.url + path), 404)
