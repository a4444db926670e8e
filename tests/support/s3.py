"""An S3 server of the tests' own: moto's, on 127.0.0.1 on a free port, for one test process."""

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import obstore
from obstore.store import S3Store

BUCKET = "seasoned-tests"


class S3:
    """A running server with one bucket."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._store = S3Store(
            BUCKET,
            endpoint=endpoint,
            region="us-east-1",
            access_key_id="tests",
            secret_access_key="tests",
            client_options={"allow_http": True},
        )

    def address(self) -> str:
        """What `SEASONED_BLOBS` is set to: a prefix that nothing is under yet."""
        return f"s3://{BUCKET}/{uuid.uuid4().hex}/blobs"

    def environment(self) -> Mapping[str, str]:
        """The variables that lead an S3 client here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
        }

    def keys(self, address: str) -> list[str]:
        """The keys of the objects under an address, sorted."""
        prefix = address.removeprefix(f"s3://{BUCKET}/")
        batches = obstore.list(self._store, prefix=prefix)
        return sorted(one["path"] for batch in batches for one in batch)

    def put(self, key: str, data: bytes) -> None:
        """Put bytes under a key, as somebody else could."""
        obstore.put(self._store, key, data)


@contextmanager
def s3_server() -> Iterator[S3]:
    """A server that runs until the block ends."""
    # Takes a while, and few tests need it.
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        httpx.put(f"http://{host}:{port}/{BUCKET}").raise_for_status()
        yield S3(f"http://{host}:{port}")
    finally:
        server.stop()
