from dataclasses import replace

import numpy as np
import pytest

from impasto.errors import ModelError
from impasto.model import Style, read_style
from impasto.runtime.session import MARGIN, Session

SIZES = [(1, 1), (3, 5), (17, 33), (67, 101), (16, 16)]
TOLERANCE = {"openvino f32": 1e-4, "openvino auto": 0.03, "onnxruntime": 1e-4}


def picture(size, seed=0):
    return np.random.default_rng(seed).random((*size, 3), np.float32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["dots", "lines"])
def test_engines_agree_and_give_the_pictures_size(sessions, tiny_model, size, name):
    style = read_style(tiny_model.style(name))
    paintings = {engine: session.paint(picture(size), style) for engine, session in sessions.items()}
    for engine, painting in paintings.items():
        assert painting.shape == (*size, 3)
        assert painting.dtype == np.float32
        assert np.abs(painting - paintings["torch"]).max() <= TOLERANCE.get(engine, 0)


@pytest.mark.parametrize("size", [(1, 1), (17, 33)])
def test_engines_agree_on_a_network_with_its_style_in_its_weights(johnson_sessions, size):
    style = Style("only", np.zeros(0, np.float32), johnson_sessions["torch"].manifest.fingerprint)
    paintings = {engine: session.paint(picture(size), style) for engine, session in johnson_sessions.items()}
    for engine, painting in paintings.items():
        assert painting.shape == (*size, 3)
        assert np.abs(painting - paintings["torch"]).max() <= TOLERANCE.get(engine, 0)


def test_the_networks_answer_is_torchs(sessions, tiny_model):
    import torch

    photo = picture((16, 20))
    around = np.pad(photo, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="symmetric")
    net, vector = tiny_model.trained.net, tiny_model.trained.vectors["dots"]
    with torch.inference_mode():
        painted = net(torch.from_numpy(around).permute(2, 0, 1)[None], vector[None])[0].permute(1, 2, 0).numpy()
    painting = sessions["onnxruntime"].paint(photo, read_style(tiny_model.style("dots")))
    np.testing.assert_allclose(painting, painted[MARGIN:-MARGIN, MARGIN:-MARGIN], atol=1e-4)


def test_styles_differ(sessions, tiny_model):
    session = sessions["openvino f32"]
    dots, lines = (session.paint(picture((16, 16)), read_style(tiny_model.style(name))) for name in ("dots", "lines"))
    assert np.abs(dots - lines).mean() > 0.01


def test_a_painting_stays_as_it_is_when_the_next_is_painted(sessions, tiny_model):
    style = read_style(tiny_model.style("dots"))
    for session in sessions.values():
        first = session.paint(picture((16, 16)), style)
        before = first.copy()
        session.paint(picture((16, 16), seed=1), style)
        np.testing.assert_array_equal(first, before)


def test_a_picture_is_not_changed_and_may_be_a_view(sessions, tiny_model):
    style, whole = read_style(tiny_model.style("dots")), picture((40, 40))
    for session in sessions.values():
        view = whole[::2, ::-2]
        before = view.copy()
        np.testing.assert_array_equal(session.paint(view, style), session.paint(before, style))
        np.testing.assert_array_equal(view, before)


def test_a_style_that_mixes_is_painted_alike_by_every_engine(sessions, tiny_model):
    style, photo = read_style(tiny_model.style("dots")), picture((37, 50))
    mixing = np.random.default_rng(0).normal(0, 0.05, tiny_model.trained.net.mixing_parameters).astype(np.float32)
    mixed = replace(style, mixing=mixing)
    plain, expected = sessions["torch"].paint(photo, style), sessions["torch"].paint(photo, mixed)
    assert np.abs(plain - expected).max() > 0.02
    for name in ("openvino f32", "onnxruntime"):
        np.testing.assert_allclose(sessions[name].paint(photo, mixed), expected, atol=1e-4)
        np.testing.assert_allclose(sessions[name].paint(photo, style), plain, atol=1e-4)
    with pytest.raises(ModelError, match="dots"):
        sessions["torch"].check(replace(style, mixing=mixing[1:]))


def test_a_style_of_another_network_is_refused_naming_both(sessions, tiny_model):
    own = read_style(tiny_model.style("dots"))
    foreign = Style("sunrise", own.vector, "feedfeedfeedfeed")
    with pytest.raises(ModelError) as caught:
        sessions["torch"].paint(picture((4, 4)), foreign)
    for name in ("sunrise", "feedfeedfeedfeed", "network.onnx", own.network):
        assert name in str(caught.value)
    with pytest.raises(ModelError, match="short"):
        sessions["torch"].check(Style("short", own.vector[1:], own.network))


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Exception from allocator.cpp:79:\nstd::bad_alloc"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 801280512 bytes."),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        ValueError("bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal failed"),
        MemoryError(),
    ],
)
def test_too_little_memory_is_a_memory_error_in_every_engine(sessions, tiny_model, error):
    with pytest.raises(MemoryError):
        failing(sessions, error).paint(picture((4, 4)), read_style(tiny_model.style("dots")))


def test_other_errors_of_an_engine_come_as_they_are(sessions, tiny_model):
    with pytest.raises(RuntimeError, match="shapes differ"):
        failing(sessions, RuntimeError("shapes differ")).paint(picture((4, 4)), read_style(tiny_model.style("dots")))


def failing(sessions, error):
    opened = sessions["torch"]

    class Engine:
        name, metadata = "broken", opened.engine.metadata

        def run(self, picture, style, mixing):
            raise error

    return Session(opened.network, Engine())
