"""Painting in strips: the same picture as at once, whatever its size, the strips' and the style."""

from dataclasses import replace

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.export import write_model
from impasto.model import read_style
from impasto.runtime.engines import scratch, streaming
from impasto.runtime.engines.scratch import Map, scratch_folder
from impasto.runtime.engines.streaming import _Moments, _Padded
from impasto.runtime.session import MARGIN, Session, padded

ROOM = 1 << 30


@pytest.fixture(scope="module")
def session(tiny_model):
    return Session.open(tiny_model.network, precision="f32")


@pytest.fixture
def style(tiny_model):
    return read_style(tiny_model.style("dots"))


def photo(size, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (*size, 3), dtype, endpoint=True)


def streamed(session, pixels, style):
    return np.concatenate(list(session.engine.stream(pixels, style.vector, style.mixing, MARGIN, lambda: ROOM)))


def rooms(*sizes):
    """Return a room that is so large, and then so large, as when memory was given back in between."""
    return iter(sizes).__next__


def whole(session, pixels, style):
    return session.paint(pixels.astype(np.float32) / np.iinfo(pixels.dtype).max, style)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (37, 61), (64, 64), (203, 30)])
@pytest.mark.parametrize("rows", [2, 3, 7, 64])
def test_strips_make_the_painting_of_the_whole(session, style, monkeypatch, size, rows):
    monkeypatch.setattr(streaming, "LEAST", 8)
    monkeypatch.setattr(streaming, "MOST", 4 * rows)
    pixels = photo(size)
    painting = streamed(session, pixels, style)
    assert painting.dtype == np.float32
    np.testing.assert_allclose(painting, whole(session, pixels, style), atol=1e-4)


@pytest.mark.parametrize("decoder", ["8", "4x4", "8x4x2", "4x4,inner=4", "4x4,inner=12"])
@pytest.mark.parametrize("normed", ["twice", "once"])
@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_networks_of_other_sizes(make_trained, tmp_path, monkeypatch, blocks, normed, decoder):
    once = ",normed_once=true" if normed == "once" else ""
    write_model(make_trained(f"impasto:channels=8,blocks={blocks},decoder={decoder}{once}"), tmp_path)
    monkeypatch.setattr(streaming, "MOST", 32)
    wide = Session.open(tmp_path / "network.onnx", precision="f32")
    dots, pixels = read_style(tmp_path / "styles" / "dots.style"), photo((130, 45))
    np.testing.assert_allclose(streamed(wide, pixels, dots), whole(wide, pixels, dots), atol=1e-4)


def test_a_style_that_mixes_and_pictures_of_16_bits(session, style, tiny_model):
    mixing = np.random.default_rng(1).normal(0, 0.05, tiny_model.trained.net.mixing_parameters).astype(np.float32)
    mixed, pixels = replace(style, mixing=mixing), photo((50, 70), np.uint16)
    painting = streamed(session, pixels, mixed)
    np.testing.assert_allclose(painting, whole(session, pixels, mixed), atol=1e-4)
    assert np.abs(painting - whole(session, pixels, style)).max() > 0.01


def test_a_session_streams_what_has_no_room(session, style):
    pixels = photo((120, 90))
    at_once = list(session.strips(pixels, style, lambda: ROOM))
    in_strips = list(session.strips(pixels, style, rooms(120 * 90 * session.engine.bytes_a_pixel - 1, ROOM)))
    assert len(at_once) == 1
    np.testing.assert_allclose(np.concatenate(in_strips), at_once[0], atol=1e-4)


def test_too_little_memory_says_what_it_takes(session, style):
    with pytest.raises(MemoryError, match=r"even strip by strip takes \d+ MB, and 0 MB are left"):
        list(session.strips(photo((400, 400)), style, lambda: 1000))


def test_too_little_scratch_says_what_it_takes(session, style, monkeypatch):
    monkeypatch.setattr(scratch.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1000}))
    with pytest.raises(MemoryError, match="of scratch files; set TMPDIR"):
        streamed(session, photo((40, 40)), style)


def test_scratch_files_are_on_a_disk_where_there_is_one(monkeypatch):
    kind = type("Partition", (), {})
    memory = kind()
    memory.mountpoint, memory.fstype = "/tmp", "tmpfs"
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [memory])
    monkeypatch.setattr(scratch, "gettempdir", lambda: "/tmp")
    monkeypatch.setattr(scratch, "_mount_of", str)
    assert str(scratch_folder(1000)) == "/var/tmp"


def test_other_engines_say_that_they_paint_whole_pictures_only(sessions, style):
    for name in ("onnxruntime", "torch"):
        with pytest.raises(MemoryError, match="paints whole pictures only; the engine openvino paints in strips"):
            list(sessions[name].strips(photo((40, 40)), style, lambda: 1000))


def test_johnsons_network_is_painted_whole_only(tiny_johnson):
    session = Session.open(tiny_johnson.network)
    with pytest.raises(MemoryError, match="whole pictures only"):
        session.engine.stream(photo((40, 40)), np.zeros(0, np.float32), None, MARGIN, lambda: ROOM)


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 20))
@settings(max_examples=50)
def test_padded_strips_are_rows_of_the_padded_picture(height, width, first):
    pixels = photo((height, width))
    source = _Padded(pixels, MARGIN, fold=4)
    whole = padded(pixels.astype(np.float32), 4)
    assert whole.shape[:2] == (4 * source.rows, 4 * source.columns)
    first = min(first, source.rows - 2)
    np.testing.assert_array_equal(source.strip(first, first + 2)[0], whole[4 * first : 4 * first + 8])


def test_maps_are_reflected_beyond_their_ends(tmp_path):
    values = np.random.default_rng(0).random((1, 3, 9, 5)).astype(np.float32)
    kept = Map(tmp_path, 3, 9, 5, np.dtype(np.float32))
    kept.write(0, values[:, :, :4])
    kept.write(4, values[:, :, 4:])
    np.testing.assert_array_equal(kept.read(2, 7), values[:, :, 2:7])
    expected = np.pad(values, ((0, 0), (0, 0), (1, 1), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(kept.read(-1, 10), expected)
    kept.close()
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_moments_of_strips_are_those_of_the_whole(counts):
    values = np.random.default_rng(0).normal(3, 2, (2, sum(counts)))
    moments, start = _Moments(), 0
    for count in counts:
        part = values[:, start : start + count]
        moments.add(count, part.mean(1), part.var(1))
        start += count
    np.testing.assert_allclose(moments.mean, values.mean(1))
    np.testing.assert_allclose(moments.squares / moments.count, values.var(1), atol=1e-12)
