"""What OpenAPI says of requests whose bodies are read by hand."""

from __future__ import annotations

from typing import Any

from impasto.server.fields import Fields

__all__ = ["described"]

_ERROR = {
    "type": "object",
    "properties": {
        "error": {"type": "object", "properties": {"type": {"type": "string"}, "message": {"type": "string"}}}
    },
}
_ERRORS = {
    "400": "The form cannot be read",
    "401": "The key is wrong or missing",
    "403": "The request comes from a page of another site",
    "408": "The body comes too slowly",
    "413": "Too many bytes or pixels",
    "415": "Wrong content type",
    "422": "A field or a file cannot be used; the message says why",
    "429": "Too much to do; Retry-After says when to come again",
    "501": "This server lacks what that needs",
}


def described(fields: Fields, *, files: dict[str, str], several: tuple[str, ...] = (), raw: str = "") -> dict[str, Any]:
    """Return a request's OpenAPI: fields in the query or in a form, files of the form, and one of these as the body.

    files: {name: sentence}, of which the first is needed; several: those of which there may be more; raw: the content
    type of a body that is the first file alone.
    """
    schemas = fields.schemas()
    file: dict[str, Any] = {"type": "string", "format": "binary"}
    parts = {
        name: {**({"type": "array", "items": file} if name in several else file), "description": sentence}
        for name, sentence in files.items()
    }
    form = {"type": "object", "properties": {**parts, **{n: s for n, s in schemas.items() if n not in parts}}}
    content: dict[str, Any] = {"multipart/form-data": {"schema": {**form, "required": [next(iter(files))]}}}
    if raw:
        content[raw] = {"schema": file}
    parameters = [
        {"name": name, "in": "query", "required": False, "description": schema["description"], "schema": schema}
        for name, schema in schemas.items()
    ]
    errors = {
        status: {"description": sentence, "content": {"application/json": {"schema": _ERROR}}}
        for status, sentence in _ERRORS.items()
    }
    return {"parameters": parameters, "requestBody": {"required": True, "content": content}, "responses": errors}
