"""The tiny network, open in every engine."""

from __future__ import annotations

import pytest

from impasto.runtime.session import Session

ENGINES = {
    "openvino f32": {"engine": "openvino", "precision": "f32"},
    "openvino auto": {"engine": "openvino"},
    "onnxruntime": {"engine": "onnxruntime"},
    "torch": {"engine": "torch", "device": "cpu"},
}


@pytest.fixture(scope="session")
def sessions(tiny_model):
    return {name: Session.open(tiny_model.network, **options) for name, options in ENGINES.items()}


@pytest.fixture(scope="session")
def johnson_sessions(tiny_johnson):
    return {name: Session.open(tiny_johnson.network, **options) for name, options in ENGINES.items()}
