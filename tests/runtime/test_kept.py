"""What is compiled is kept, and what is damaged is compiled anew."""

import numpy as np
import pytest

from impasto.model import Manifest
from impasto.runtime.engines import kept, open_engine
from impasto.runtime.engines.kept import digest, keep


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder that compiled models are kept in, of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "impasto" / "compiled"


def painted(network, side=20):
    engine = open_engine(network, engine="openvino", precision="f32")
    style = np.zeros((1, Manifest.from_metadata(engine.metadata, "network").style_parameters), np.float32)
    return engine, engine.run(np.full((side, 16, 3), 0.5, np.float32), style)


def test_what_is_compiled_is_read_the_next_time(tiny_model, folder, monkeypatch):
    _, first = painted(tiny_model.network)
    (file,) = folder.iterdir()
    assert file.stat().st_size > 1000
    from impasto.runtime.engines import compiled

    monkeypatch.setattr(compiled, "keep", lambda *_: pytest.fail("it was kept already"))
    _, second = painted(tiny_model.network)
    np.testing.assert_array_equal(first, second)
    assert list(folder.iterdir()) == [file]


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 5000])
def test_what_is_damaged_is_compiled_anew(tiny_model, folder, damage):
    _, first = painted(tiny_model.network)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage + whole[len(damage) + 100 :])
    _, second = painted(tiny_model.network)
    np.testing.assert_array_equal(first, second)
    assert kept.kept(file.name) is not None


def test_what_openvino_refuses_is_compiled_anew(tiny_model, folder):
    _, first = painted(tiny_model.network)
    (file,) = folder.iterdir()
    keep(file.name, b"not a compiled model")
    _, second = painted(tiny_model.network)
    np.testing.assert_array_equal(first, second)


def test_each_network_and_precision_is_kept_by_itself(tiny_model, tiny_johnson, folder):
    painted(tiny_model.network)
    painted(tiny_johnson.network)
    assert len(list(folder.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_time_only(tiny_model, folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    engine, painting = painted(tiny_model.network)
    assert painting.shape == (20, 16, 3)
    assert engine.compiled.any_size


def test_names_tell_parts_apart():
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest([b"ab"]) == digest(["ab"])
    assert kept.kept("absent") is None


def test_what_is_read_works_in_the_precision_that_it_was_compiled_in(tiny_model, folder):
    _, first = painted(tiny_model.network, side=64)
    _, second = painted(tiny_model.network, side=64)
    np.testing.assert_allclose(second, first, atol=1e-5)
    torch = open_engine(tiny_model.network, engine="torch", precision="f32")
    style = np.zeros((1, Manifest.from_metadata(torch.metadata, "network").style_parameters), np.float32)
    exact = torch.run(np.full((64, 16, 3), 0.5, np.float32), style)
    np.testing.assert_allclose(second, exact, atol=1e-4)
