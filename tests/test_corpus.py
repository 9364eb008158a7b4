"""What fuzzing starts from and what it has found: no target raises anything but what a user is told."""

import importlib
import random
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from impasto.errors import ImpastoError

ROOT = Path(__file__).parents[1]
CORPUS = sorted(path for path in (ROOT / "tests" / "corpus").glob("*/*"))
DAMAGED = 6
"""Damaged copies of each file that are tried too; scripts/fuzz.py tries as many as one wants."""


@pytest.fixture(scope="module")
def targets():
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return importlib.import_module("fuzz_targets").TARGETS
    finally:
        sys.path.pop(0)


def damaged(data, chance):
    """Return data with a byte changed, a part cut out, or a part doubled."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    changed = bytearray(data)
    changed[chance.randrange(len(data))] = chance.randrange(256)
    return chance.choice((bytes(changed), data[:start] + data[end:], data[:end] + data[start:]))


def test_every_target_has_seeds(targets):
    assert {path.parent.name for path in CORPUS} == set(targets)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_of_the_corpus_and_damaged_copies(targets, path):
    target, data, chance = targets[path.parent.name], path.read_bytes(), random.Random(path.name)
    copies = DAMAGED if len(data) < 20_000 else 1
    for case in (data, *(damaged(data, chance) for _ in range(copies))):
        with suppress(ImpastoError):
            target(case)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_seeds_are_right_so_that_more_than_the_first_check_is_fuzzed(targets, path):
    if path.name.startswith("finding-") or path.name in ("expression-3", "list.m3u8") or path.parent.name == "quantity":
        pytest.skip("it is meant to be refused")
    refused = {"expression-4", "expression-5", "expression-2"}
    if path.name in refused or path.name == "plain-True.png":
        pytest.skip("it names files that are not there")
    targets[path.parent.name](path.read_bytes())
