"""Small photos in every container, made from the pictures that come inside scikit-image."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data


def _jpeg(pixels, size=(96, 72)):
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").resize(size).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def photos() -> dict[str, bytes]:
    """Names, at several depths, and the files of twelve small photos, all different."""
    pictures = (data.astronaut(), data.camera(), data.coffee(), data.chelsea())
    turned = [np.rot90(picture, turns) for picture in pictures for turns in range(3)]
    folders = ("", "a/", "b/deep/er/")
    return {f"{folders[i % 3]}photo_{i:02}.jpg": _jpeg(pixels) for i, pixels in enumerate(turned)}


@pytest.fixture
def folder(tmp_path, photos) -> Path:
    root = tmp_path / "photos"
    for name, content in photos.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@pytest.fixture
def zip_path(tmp_path, photos) -> Path:
    return write_zip(tmp_path / "photos.zip", photos)


@pytest.fixture
def tar_path(tmp_path, photos) -> Path:
    return write_tar(tmp_path / "photos.tar", photos)


def write_zip(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(name="write_zip", scope="session")
def _write_zip():
    return write_zip


@pytest.fixture(name="write_tar", scope="session")
def _write_tar():
    return write_tar
