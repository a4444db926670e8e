"""Multipart forms, with limits and clear errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException

from seasoned.errors import Invalid
from seasoned.http.request import ApiRequest

FORM_FIELDS_MAX = 20
FIELD_BYTES_MAX = 1024 * 1024


@asynccontextmanager
async def form_of(
    call: ApiRequest, *, files_max: int = 1, field_bytes_max: int = FIELD_BYTES_MAX
) -> AsyncIterator[FormData]:
    """A request's form; its files are gone after the block. Raises Invalid, TooLarge."""
    call.refuse_packed()
    _, options = parse_options_header(call.request.headers.get("content-type", ""))
    # Some of Python's charsets take quadratic time to decode.
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        raise Invalid("The multipart body's charset is not supported; send UTF-8.")
    try:
        async with call.request.form(
            max_files=files_max, max_fields=FORM_FIELDS_MAX, max_part_size=field_bytes_max
        ) as form:
            _check_texts(form)
            yield form
    except MultiPartException as error:
        raise Invalid(f"Malformed multipart body: {error.message}") from None
    except (UnicodeError, LookupError):
        raise Invalid("The multipart body's charset is not supported; send UTF-8.") from None


def _check_texts(form: FormData) -> None:
    """Some charsets decode to lone surrogates, which cannot be stored. Raises UnicodeEncodeError."""
    for name, value in form.multi_items():
        name.encode()
        (value if isinstance(value, str) else value.filename or "").encode()
