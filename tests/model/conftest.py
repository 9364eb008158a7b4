"""Styles in the place of the bundled ones."""

import numpy as np
import pytest

from impasto.model import Credits, Style, bundled, write_style


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """Return a function that puts styles in the place of the bundled ones."""
    monkeypatch.setitem(bundled.MODELS, "main", tmp_path / "assets" / "network.onnx")
    folder = tmp_path / "assets" / "styles"
    folder.mkdir(parents=True)

    def written(styles):
        for style in styles:
            write_style(style, folder / f"{style.name}.style")

    return written


NAMES = (
    "van-gogh-starry-night",
    "van-gogh-sunflowers",
    "monet-water-lilies",
    "turner-night",
    "hokusai-great-wave",
    "repin-great-wave-off-yalta",
)


@pytest.fixture
def gallery(bundle):
    """Put styles in the place of the bundled ones, the nth with the vector (n, 0), and return their names."""
    vectors = np.float32([[index, 0] for index in range(len(NAMES))])
    bundle(
        Style(name, vector, "net", Credits(artist=name.split("-")[0]))
        for name, vector in zip(NAMES, vectors, strict=True)
    )
    return NAMES
