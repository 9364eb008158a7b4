"""The folder for transformers, as its users load it: from the disk, offline, without Impasto's own modules."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import impasto
from export.painting import painted_once
from impasto.errors import EngineUnavailable, UnwritableOutput

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub") / "tiny"
    result = impasto.export_network(tiny_model.network, folder, format="transformers")
    assert result.differences["transformers"] < 1e-4
    assert all(path.is_file() for path in result.paths)
    return folder


@pytest.fixture(scope="module")
def model(folder):
    from transformers import AutoModelForImageToImage

    return AutoModelForImageToImage.from_pretrained(folder, trust_remote_code=True).eval()


@pytest.fixture(scope="module")
def processor(folder):
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(folder, trust_remote_code=True)


def painted(model, processor, photo, **given):
    with torch.inference_mode():
        output = model(**processor(Image.fromarray(photo)), **given)
    return np.asarray(processor.postprocess(output)[0]).astype(float)


@pytest.mark.parametrize("options", [{}, {"strength": 0.4}])
@pytest.mark.parametrize("style", ["dots", "lines"])
def test_it_paints_as_impasto_does(model, processor, tiny_model, photo, style, options):
    expected = painted_once(tiny_model.network, photo, impasto.read_style(tiny_model.style(style)), **options)
    np.testing.assert_allclose(painted(model, processor, photo, style=style, **options), expected, atol=1.01)


def test_mixes_files_and_vectors(model, processor, tiny_model, photo):
    expected = painted_once(tiny_model.network, photo, impasto.find_style("dots:3+lines:1", model=tiny_model.network))
    np.testing.assert_allclose(painted(model, processor, photo, style={"dots": 3, "lines": 1}), expected, atol=1.01)
    vector = torch.from_numpy(impasto.read_style(tiny_model.style("lines")).vector)
    by_name = painted(model, processor, photo, style="lines")
    np.testing.assert_array_equal(painted(model, processor, photo, style=vector), by_name)
    np.testing.assert_array_equal(painted(model, processor, photo, style=str(tiny_model.style("lines"))), by_name)


def test_bad_styles_and_pictures(model, processor, photo):
    with pytest.raises(ValueError, match="'dotty' means no style; there are dots, lines"):
        painted(model, processor, photo, style="dotty")
    with pytest.raises(ValueError, match="belongs to another network"):
        painted(model, processor, photo, style=str(impasto.styles()[0].path))
    with pytest.raises(ValueError, match="strength is 0 to 1, got 2"):
        painted(model, processor, photo, strength=2)
    with pytest.raises(ValueError, match="weights of a mix"):
        painted(model, processor, photo, style={"dots": -1})
    with pytest.raises(ValueError, match="one size"):
        processor([photo, photo[1:]])
    with pytest.raises(ValueError, match=r"must be \(H, W, 3\) uint8"):
        processor(photo.astype(np.float32))


def test_the_pipeline_takes_and_gives_pictures(folder, photo, save, tiny_model):
    from transformers import pipeline

    paint = pipeline("image-to-image", model=str(folder), trust_remote_code=True)
    painting = paint(str(save("photo.png", photo)), style="lines", strength=0.5)
    expected = painted_once(tiny_model.network, photo, impasto.read_style(tiny_model.style("lines")), 0.5)
    np.testing.assert_allclose(np.asarray(painting).astype(float), expected, atol=1.01)
    assert [each.size for each in paint([Image.fromarray(photo), Image.fromarray(photo[:40])])] == [(77, 101), (77, 40)]


def test_it_can_be_saved_again(model, processor, tmp_path, photo):
    from transformers import AutoModel

    model.save_pretrained(tmp_path)
    again = AutoModel.from_pretrained(tmp_path, trust_remote_code=True).eval()
    np.testing.assert_array_equal(painted(again, processor, photo), painted(model, processor, photo))


def test_it_needs_neither_impasto_nor_a_connection(folder, photo, save):
    program = (
        "import sys; sys.modules['impasto'] = None\n"
        "from transformers import AutoModel, AutoImageProcessor\n"
        f"model = AutoModel.from_pretrained({str(folder)!r}, trust_remote_code=True)\n"
        f"prepare = AutoImageProcessor.from_pretrained({str(folder)!r}, trust_remote_code=True)\n"
        "from PIL import Image\n"
        f"print(model(**prepare(Image.open({str(save('photo.png', photo))!r}))).reconstruction.shape)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True, env=environment
    )
    assert done.stdout.strip() == "torch.Size([1, 3, 101, 77])"


def test_impasto_too_finds_its_network_and_styles_there(folder, photo):
    assert impasto.load(folder / "styles" / "dots.style")(photo).shape == photo.shape
    card = (folder / "README.md").read_text("utf-8")
    assert 'pipeline("image-to-image"' in card
    config = json.loads((folder / "config.json").read_text())
    assert config["styles"] == ["dots", "lines"]


def test_a_network_with_one_style(tiny_johnson, tmp_path, photo):
    from transformers import AutoImageProcessor, AutoModel

    impasto.export_network(tiny_johnson.network, tmp_path / "johnson", format="transformers")
    model = AutoModel.from_pretrained(tmp_path / "johnson", trust_remote_code=True).eval()
    processor = AutoImageProcessor.from_pretrained(tmp_path / "johnson", trust_remote_code=True)
    expected = painted_once(tiny_johnson.network, photo, strength=0.5)
    np.testing.assert_allclose(painted(model, processor, photo, strength=0.5), expected, atol=1.01)
    with pytest.raises(ValueError, match="in its weights; name none"):
        painted(model, processor, photo, style="dots")


def test_without_transformers_it_says_what_to_install(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'impasto\[transformers\]'"):
        impasto.export_network(tiny_model.network, tmp_path / "a", format="transformers")
    assert not any((tmp_path / "a").iterdir())


def test_a_file_in_the_folders_place(tiny_model, save):
    with pytest.raises(UnwritableOutput, match="this folder cannot be made"):
        impasto.export_network(tiny_model.network, save("file"), format="transformers")
