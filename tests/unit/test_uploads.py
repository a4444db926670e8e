"""What an uploaded file is, told from its bytes."""

import hashlib

import pytest

from seasoned.engine.uploads import describe
from seasoned.store.files import mime_of


@pytest.mark.parametrize(
    ("filename", "data", "mime"),
    [
        ("x", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("x.txt", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("x", b"GIF89a..", "image/gif"),
        ("x", b"RIFF....WEBPVP8 ", "image/webp"),
        ("x", b"RIFF....WAVEfmt ", "audio/wav"),
        ("x", b"RIFF....", "application/octet-stream"),
        ("x", b"ID3\x04", "audio/mpeg"),
        ("x", b"....ftypisom", "video/mp4"),
        ("x", b"....ftypM4A ", "audio/mp4"),
        ("x.mov", b"....ftypqt  ", "video/quicktime"),
        ("IMG_1.HEIC", b"....ftypheic", "image/heic"),
        ("x", b"....ftypmif1", "image/heif"),
        ("x", b"....ftypavif", "image/avif"),
        ("q.rs", b"fn main() {}", "text/plain"),
        ("q.sql", b"SELECT 1", "text/plain"),
        ("q.xml", b"<a/>", "text/xml"),
        ("q.ts", b"let x = 1", "text/plain"),
        ("tool.exe", b"MZ\x00\x01", "application/octet-stream"),
        ("x.md", b"%PDF-1.7", "application/pdf"),
        ("x", b"PK\x03\x04", "application/zip"),
        ("x.docx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("notes.md", b"# Notes", "text/markdown"),
        ("data.json", b"{}", "application/json"),
        ("x", b"plain words", "text/plain"),
        ("x.png", b"plain words", "text/plain"),
        ("x.html", b"\x00\x01", "application/octet-stream"),
        ("x", b"\x00\x01", "application/octet-stream"),
        ("x", b"", "text/plain"),
    ],
)
def test_a_type_is_told_from_the_bytes_then_the_name(filename: str, data: bytes, mime: str) -> None:
    assert mime_of(filename, data) == mime


@pytest.mark.parametrize(
    ("filename", "name", "ending"),
    [
        ("../../etc/passwd", "passwd", ""),
        ("C:\\Users\\a\\Plan.PDF", "Plan.PDF", ".pdf"),
        ("", "", ""),
        ("a" * 400 + ".png", "a" * 251 + ".png", ".png"),
        ("\ud800.txt", "?.txt", ".txt"),
    ],
)
def test_a_file_keeps_only_the_last_part_of_its_name(filename: str, name: str, ending: str) -> None:
    described = describe("project", filename, b"bytes").upload
    assert described.filename == name
    sha256 = hashlib.sha256(b"bytes").hexdigest()
    assert described.asset.sha256 == sha256
    assert described.asset.size_b == 5
    assert described.asset.s3_key.startswith("assets/project/")
    assert described.asset.s3_key.endswith(f"/{sha256}{ending}")
