"""A page that says what may be asked for, from the OpenAPI description, without anything from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

__all__ = ["page"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
code { background: #f3f0ea; padding: 0 .3em } td { padding: .15rem .8rem .15rem 0; vertical-align: top }
h2 { border-top: 1px solid #ddd; padding-top: 1rem; margin-top: 2rem } summary { cursor: pointer }
"""


def page(openapi: dict[str, Any]) -> str:
    """Return the page as HTML."""
    info = openapi["info"]
    requests = [
        _request(method.upper(), path, facts)
        for path, methods in openapi["paths"].items()
        for method, facts in methods.items()
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f'<p>{escape(info["description"])} Machines read <a href="/openapi.json">/openapi.json</a>.</p>'
        f"{''.join(requests)}</body></html>"
    )


def _request(method: str, path: str, facts: dict[str, Any]) -> str:
    words = " ".join(facts.get("description", "").split())
    content = facts.get("requestBody", {}).get("content", {})
    form = content.get("multipart/form-data", {}).get("schema", {}).get("properties", {})
    files = {name: schema for name, schema in form.items() if "binary" in str(schema)}
    fields = {each["name"]: each["schema"] for each in facts.get("parameters", []) if each["in"] == "query"}
    rows = [_row(name, {**schema, "type": "file"}) for name, schema in files.items()]
    rows += [_row(name, schema) for name, schema in fields.items()]
    table = f"<details><summary>Files and fields</summary><table>{''.join(rows)}</table></details>" if rows else ""
    bodies = f"<p>Body: {', '.join(f'<code>{escape(kind)}</code>' for kind in content)}.</p>" if content else ""
    title = f"<h2><code>{method} {escape(path)}</code></h2>"
    return f"{title}<p>{escape(facts.get('summary', ''))}. {escape(words)}</p>{bodies}{table}"


def _row(name: str, schema: dict[str, Any]) -> str:
    one = schema.get("items", schema) if schema.get("type") == "array" else schema
    known = [str(one.get("type", ""))]
    known += [", ".join(each for each in one["enum"] if each)] if "enum" in one else []
    known += [f"from {one['minimum']:g}"] if "minimum" in one else []
    known += [f"to {one['maximum']:g}"] if "maximum" in one else []
    known += [f"default {schema['default']}"] if "default" in schema else []
    words = escape(schema.get("description", ""))
    return f"<tr><td><code>{escape(name)}</code></td><td>{words}</td><td>{escape('; '.join(known))}</td></tr>"
