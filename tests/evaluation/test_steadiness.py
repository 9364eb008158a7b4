import pytest
import torch

from impasto.evaluation.steadiness import _distance


class Elsewhere:
    """A criterion on a device that is not the pictures', which notes where those are that it is shown."""

    def __init__(self):
        self.shown = []

    def parameters(self):
        return iter([torch.empty(1, device="meta")])

    def style_target(self, picture):
        self.shown.append(picture.device.type)
        return {}

    def style_distance(self, grams, style):
        return torch.ones(1)


def test_pictures_go_where_the_criterion_is(save, photo):
    criterion = Elsewhere()
    distance = _distance(criterion, "photo", [str(save("photo.png", photo))])
    assert distance([photo.copy()] * 6) == pytest.approx(1)
    assert criterion.shown == ["meta"] * 7
