import logging
import multiprocessing
import pickle
import subprocess
import sys
import time
from itertools import islice

import numpy as np
import pytest
import torch

from impasto.data import PhotoStream, open_source, photo_batches
from impasto.data import __all__ as public_names
from impasto.errors import DataError, InvalidOption


@pytest.fixture
def source(zip_path):
    return open_source(zip_path)


@pytest.fixture
def spoilt(folder):
    """A source in which three of twelve files are damaged, each in its own way."""
    (folder / "photo_00.jpg").write_bytes(b"")
    (folder / "a/photo_01.jpg").write_bytes(b"<html>not found</html>")
    whole = (folder / "photo_03.jpg").read_bytes()
    (folder / "photo_03.jpg").write_bytes(whole[: len(whole) // 2])
    return open_source(folder)


def batches(source, steps=5, **options):
    return list(photo_batches(source, **{"size": 33, "batch_size": 3, "seed": 7, "workers": 0} | options, steps=steps))


def assert_same(some, others):
    assert len(some) == len(others)
    assert all(torch.equal(one, other) for one, other in zip(some, others, strict=True))


def test_shape_type_and_memory_order(source):
    (batch,) = batches(source, steps=1)
    assert batch.shape == (3, 3, 33, 33)
    assert batch.dtype == torch.uint8
    assert batch.is_contiguous(memory_format=torch.channels_last)
    batch += 1  # belongs to the caller: no warning, no error


@pytest.mark.parametrize("workers", [1, 2])
def test_the_number_of_workers_changes_nothing(source, workers):
    assert_same(batches(source, workers=workers), batches(source))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("done", [1, 6])
def test_a_resumed_run_is_the_uninterrupted_one(source, workers, done):
    whole = batches(source, steps=9)  # more than two epochs of twelve photos
    assert_same(batches(source, steps=9 - done, first_sample=done * 3, workers=workers), whole[done:])


def test_a_resumed_run_over_unreadable_files(spoilt):
    assert_same(batches(spoilt, steps=5, first_sample=9, workers=2), batches(spoilt, steps=8)[3:])


def test_a_later_phase_goes_on_with_the_photos_not_yet_seen(source):
    stream = PhotoStream(source, 16, 7)
    first = [stream.photo_of(n) for n in range(2 * 3)]
    then = [stream.photo_of(n) for n in range(2 * 3, 12)]
    assert sorted(first + then) == list(range(12))


def test_seeds_and_epochs_differ(source):
    def order(seed, epoch):
        stream = PhotoStream(source, 16, seed)
        return [stream.photo_of(12 * epoch + n) for n in range(12)]

    assert all(sorted(order(seed, epoch)) == list(range(12)) for seed in (0, 1) for epoch in (0, 1, 2))
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1, 2)}) == 6
    assert not torch.equal(batches(source, seed=1)[0], batches(source, seed=2)[0])


def test_a_photo_that_comes_again_is_cropped_anew(source):
    stream = PhotoStream(source, 33, 7, blank=0.0)
    first, second = (n for n in range(24) if stream.photo_of(n) == 5)
    assert (stream.samples([first]).pixels != stream.samples([second]).pixels).any()


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_share_out_the_stream_of_a_single_one(source, world_size):
    alone = torch.cat(batches(source, steps=4 * world_size))
    shares = [torch.cat(batches(source, steps=4, rank=r, world_size=world_size)) for r in range(world_size)]
    assert torch.equal(torch.stack(shares, 1).flatten(0, 1), alone)


def test_ranks_resume_too(source):
    options = {"rank": 1, "world_size": 2}
    assert_same(batches(source, steps=2, first_sample=2 * 3 * 2, **options), batches(source, steps=4, **options)[2:])


def test_an_epoch_over_two_ranks_shows_every_photo_once(source, photos):
    stream = PhotoStream(source, 16, 7)
    shown = [[stream.photo_of(n) for n in range(rank, len(photos), 2)] for rank in (0, 1)]
    assert not set(shown[0]) & set(shown[1])
    assert sorted(shown[0] + shown[1]) == list(range(len(photos)))


@pytest.mark.parametrize("workers", [0, 2])
def test_unreadable_files_are_reported_once_and_replaced(spoilt, caplog, workers):
    with caplog.at_level(logging.WARNING, "impasto.data"):
        shown = batches(spoilt, steps=12, blank=0.0, workers=workers)
        batches(spoilt, steps=12, first_sample=36, workers=workers)  # the next phase of the same run
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert all("\n" not in line and line.endswith("; skipped") for line in lines)
    for name in ("photo_00.jpg: the file is empty", "photo_01.jpg: not a picture", "photo_03.jpg: "):
        assert sum(name in line for line in lines) == 1
    assert all(picture.float().std() > 5 for batch in shown for picture in batch)


def test_the_replacement_is_the_next_readable_photo(spoilt):
    stream = PhotoStream(spoilt, 33, 7, blank=0.0)
    everything = stream.samples(range(12))
    bad = {i for i in range(12) if spoilt.name(i) in everything.unreadable}
    assert len(bad) == 3
    for number in range(12):
        tried = []
        while not tried or tried[-1] in bad:
            tried.append(stream.photo_of(number, len(tried)))
        found = stream.samples([number])
        assert set(found.unreadable) == {spoilt.name(photo) for photo in tried[:-1]}
        assert (found.pixels[0] == everything.pixels[number]).all()


@pytest.mark.parametrize("workers", [0, 2])
def test_nothing_readable_is_one_sentence(tmp_path, workers):
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(b"?")
    with pytest.raises(DataError, match=r"^3 pictures in a row cannot be read, such as [^\n]*jpg \(not a picture\)$"):
        batches(open_source(tmp_path), workers=workers, blank=0.0)


def test_the_search_for_a_readable_photo_is_bounded():
    class Broken:
        tries = 0

        def __len__(self):
            return 1_000_000

        def name(self, index):
            return f"{index}.jpg"

        def read(self, index):
            self.tries += 1
            return b"?"

    source = Broken()
    with pytest.raises(DataError, match="100 pictures in a row"):
        PhotoStream(source, 8, 0, blank=0.0).samples([0])
    assert source.tries == 100


@pytest.mark.parametrize(("blank", "expected"), [(0.0, 0), (0.3, 60), (1.0, 200)])
def test_the_fraction_of_blank_samples(source, blank, expected):
    pixels = PhotoStream(source, 9, 7, blank=blank).samples(range(200)).pixels.astype(float)
    smooth = np.abs(np.diff(pixels, 2, axis=2)).mean((1, 2, 3)) < 9
    assert smooth.sum() == pytest.approx(expected, abs=16 if 0 < blank < 1 else 0)


def test_the_callers_random_numbers_are_left_alone(source):
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = torch.rand(1), np.random.rand()  # noqa: NPY002
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    batches(source, workers=1)
    assert (torch.rand(1), np.random.rand()) == expected  # noqa: NPY002


def test_workers_end_with_the_iterator(source):
    iterator = photo_batches(source, size=16, batch_size=2, seed=0, workers=2)  # without end
    assert len(list(islice(iterator, 3))) == 3
    assert len(multiprocessing.active_children()) >= 2
    iterator.close()
    deadline = time.monotonic() + 5
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not multiprocessing.active_children()


def test_forked_workers_after_torch_has_used_its_threads(source):
    convolved = torch.nn.functional.conv2d(torch.rand(4, 16, 64, 64), torch.rand(16, 16, 3, 3))
    assert convolved.shape[0] == 4
    assert len(batches(source, workers=2)) == 5


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_start_afresh(zip_path, source, tmp_path, method):
    program = """
import multiprocessing, pickle, sys
from impasto.data import open_source, photo_batches
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[2])
    options = dict(size=33, batch_size=3, seed=7, steps=2, workers=2)
    found = [b.numpy() for b in photo_batches(open_source(sys.argv[1]), **options)]
    pickle.dump(found, open(sys.argv[3], "wb"))
"""
    (tmp_path / "run.py").write_text(program)
    subprocess.run([sys.executable, tmp_path / "run.py", zip_path, method, tmp_path / "found"], check=True, timeout=120)
    found = pickle.loads((tmp_path / "found").read_bytes())
    assert_same([torch.from_numpy(batch) for batch in found], batches(source, steps=2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"batch_size": 0},
        {"seed": -1},
        {"first_sample": -1},
        {"workers": -1},
        {"rank": 2, "world_size": 2},
        {"world_size": 0},
        {"scale": (0.5, 1.0)},
        {"scale": (1.5, 1.2)},
        {"blank": 1.5},
    ],
)
def test_wrong_options_are_refused_at_once_by_name(source, wrong):
    with pytest.raises(InvalidOption, match=next(iter(wrong))):
        photo_batches(source, **{"size": 8, "batch_size": 1, "seed": 0} | wrong)


def test_public_names_exist():
    import impasto.data

    assert list(public_names) == sorted(public_names)
    assert all(hasattr(impasto.data, name) for name in public_names)
