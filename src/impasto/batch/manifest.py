"""Collections as tables: one row a photo, in CSV or Parquet.

Columns: path (of the photo; relative ones are below the table's folder) and, if wanted, style, options (JSON, such as
{"strength": 0.5}) and output (where the painting goes, below the output).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from impasto.batch.chunks import Entry, painted_name
from impasto.batch.ledger import FOLDER
from impasto.batch.places import inside_of, is_local, local_path, opened, read_errors
from impasto.batch.recipe import Recipe, Resolve
from impasto.batch.store import Store
from impasto.errors import EngineUnavailable, ImpastoError, InvalidOption
from impasto.image import format_of

__all__ = ["MANIFESTS", "rows"]

MANIFESTS = (".csv", ".parquet", ".pq")
COLUMNS = ("path", "style", "options", "output")
KEPT = 256
"""Styles that are kept ready."""


def rows(url: str, output: Store, suffix: str, resolve: Resolve, *, styled: bool) -> Iterator[Entry]:
    """Yield the photos of a table in its order; a row that is wrong becomes an entry with a problem.

    suffix: the ending of the paintings, or ""; resolve: makes a style a recipe; styled: whether there is a style for
    rows without one.
    Raises InvalidOption for a file that is no such table, and EngineUnavailable if reading it needs what is absent.
    """
    table = _parquet(url) if PurePosixPath(inside_of(url)).suffix.lower() != ".csv" else _csv(url)
    reader = _Rows(url, output, suffix, resolve, styled)
    for number, row in enumerate(table, start=1):
        yield reader.entry(number, row)


class _Rows:
    """Makes entries of rows."""

    def __init__(self, url: str, output: Store, suffix: str, resolve: Resolve, styled: bool) -> None:
        self.url, self.output, self.suffix, self.resolve, self.styled = url, output, suffix, resolve, styled
        self.base = url.rpartition("/")[0] or "."
        self.recipes: dict[str, Recipe] = {}
        self.changed: dict[str, Recipe] = {}

    def entry(self, number: int, row: Mapping[Any, Any]) -> Entry:
        """Return what a row says, or what is wrong with it."""
        try:
            if None in row:
                raise InvalidOption("there are more fields than columns")
            path = _text(row, "path")
            photo = self._photo(path)
            return Entry(photo, self._output(row, path, photo), self._recipe(row))
        except ImpastoError as error:
            here = f"{self.url}, row {number}"
            return Entry(here, here, problem=str(error))

    def _photo(self, path: str) -> str:
        if not path:
            raise InvalidOption("there is no path")
        return f"{self.base}/{path}" if _is_relative(path) and self.base != "." else path

    def _output(self, row: Mapping[Any, Any], path: str, photo: str) -> str:
        name = _text(row, "output")
        if name:
            format_of(name)
        else:
            name = painted_name(str(PurePosixPath(path if _is_relative(path) else inside_of(path))), self.suffix)
        where = PurePosixPath(name)
        if where.is_absolute() or ".." in where.parts or "://" in name or where.parts[0] == FOLDER:
            raise InvalidOption(f"the output {name} is not below the output's folder; give another in a column output")
        local = local_path(photo)
        if local is not None and is_local(self.output.fs) and str(local.absolute()) == self.output.at(name):
            raise InvalidOption("the painting would replace its photo; give it another output")
        return str(where)

    def _recipe(self, row: Mapping[Any, Any]) -> Recipe | None:
        style, options = _text(row, "style"), _options(row.get("options"))
        if not style and not self.styled:
            raise InvalidOption("there is no style, neither here nor with --style")
        if not style and not options:
            return None
        key = json.dumps([style, options], sort_keys=True)
        if key not in self.changed:
            if len(self.changed) >= KEPT:
                self.changed.clear()
            if style not in self.recipes:
                self.recipes[style] = self.resolve(style)
            self.changed[key] = self.recipes[style].changed(options)
        return self.changed[key]


def _is_relative(path: str) -> bool:
    return "://" not in path and not path.startswith("/")


def _text(row: Mapping[Any, Any], column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidOption(f"{column} must be text, got {value!r}")
    return value.strip()


def _options(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value.strip() or "{}")
        except ValueError as error:
            raise InvalidOption(f"options is not JSON ({error})") from error
    if isinstance(value, list) and all(isinstance(pair, tuple) for pair in value):
        value = dict(value)  # as Parquet's maps come
    if not value:
        return {}
    if not isinstance(value, dict):
        raise InvalidOption(f'options is a JSON object such as {{"strength": 0.5}}, got {value!r}')
    return {str(name): each for name, each in value.items() if each is not None}


def _csv(url: str) -> Iterator[Mapping[Any, Any]]:
    with read_errors(url):
        fs, path = opened(url)
        with fs.open(path, "rb") as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)  # which puts what has no column under None
            try:
                _check_columns(url, list(reader.fieldnames or ()))
                yield from reader
            except (csv.Error, UnicodeDecodeError) as error:
                where = f"after line {reader.line_num}"
                raise InvalidOption(f"{url}: cannot be read as CSV in UTF-8 {where} ({error})") from error


def _parquet(url: str) -> Iterator[dict[str, Any]]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ModuleNotFoundError as error:
        raise EngineUnavailable("Parquet needs pyarrow; pip install 'impasto[batch]'") from error
    with read_errors(url):
        fs, path = opened(url)
        with fs.open(path, "rb") as stream:
            try:
                table = parquet.ParquetFile(stream)
                names = table.schema_arrow.names
                _check_columns(url, names)
                for batch in table.iter_batches(columns=[name for name in COLUMNS if name in names]):
                    yield from batch.to_pylist()
            except ArrowInvalid as error:
                raise InvalidOption(f"{url}: cannot be read as Parquet ({error})") from error


def _check_columns(url: str, names: list[str]) -> None:
    if "path" not in names:
        raise InvalidOption(f"{url}: has no column path; it has {', '.join(names) or 'none'}")
