"""Checkpoints of other programs."""

import pytest
import torch


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves what a checkpoint holds and returns its path."""

    def save(content, name="candy.pth"):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return save
