"""A request's body as texts and files: one file as it is, or a form of several."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from impasto.errors import InvalidOption
from impasto.server.refusals import Gone, Refused

__all__ = ["Upload", "received"]

IN_MEMORY = 1 << 20
"""Bytes of a file that are kept in memory; larger ones lie in the scratch folder, without a name."""
MOST_FILES, MOST_TEXTS, LONGEST_TEXT = 16, 64, 4096
RAW = ("image/", "video/", "application/octet-stream")
FORM = "multipart/form-data"


@dataclass
class Upload:
    """What came: texts, of the query and of the form, in their order; files by the names of their fields."""

    texts: list[tuple[str, str]]
    files: dict[str, list[BinaryIO]] = field(default_factory=dict)

    def take(self, name: str) -> list[BinaryIO]:
        """Return the files of a name, at least one; what is left is of other names.  Raises InvalidOption."""
        if not (files := self.files.pop(name, [])):
            raise InvalidOption(f"there is no {name}; send it as the body, or as the file {name} of a form")
        return files

    def take_one(self, name: str) -> BinaryIO:
        """Return the only file of a name; raises InvalidOption."""
        files = self.take(name)
        if len(files) > 1:
            raise InvalidOption(f"{name} is given {len(files)} times; give it once")
        return files[0]


@asynccontextmanager
async def received(request: Request, main: str, folder: Path) -> AsyncIterator[Upload]:
    """Read a body; its files are closed, and gone, at the end.

    main: the name of a file that comes alone; folder: where large ones are kept meanwhile.
    Raises Refused for another content type, a broken form or too many parts, and Gone for one that breaks off.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    upload = Upload(list(request.query_params.multi_items()))
    with ExitStack() as stack:
        try:
            if kind == FORM:
                await _read_form(request, upload, stack)
            elif kind.startswith(RAW) or not kind:
                file = await _read_file(request, folder, stack)
                upload.files[main] = [file]
            else:
                message = f"send a picture or a film as such, or {FORM}; this is {kind[:60]}"
                raise Refused(415, "WrongContentType", message)
        except ClientDisconnect as error:
            raise Gone from error
        yield upload


async def _read_file(request: Request, folder: Path, stack: ExitStack) -> BinaryIO:
    file = stack.enter_context(SpooledTemporaryFile(IN_MEMORY, dir=str(folder)))  # noqa: SIM115
    async for chunk in request.stream():
        file.write(chunk)
    file.seek(0)
    return cast("BinaryIO", file)


async def _read_form(request: Request, upload: Upload, stack: ExitStack) -> None:
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_TEXTS, max_part_size=LONGEST_TEXT)
    except HTTPException as error:  # of Starlette's parser
        raise Refused(400, "BadForm", f"the form cannot be read: {error.detail}") from error
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file: Any = stack.enter_context(value.file)
            upload.files.setdefault(name, []).append(file)
        else:
            upload.texts.append((name, value))
