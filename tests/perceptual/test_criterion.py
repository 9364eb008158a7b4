"""The criterion: distances of pictures to photos and paintings as VGG-19 sees them."""

import pytest
import torch

from impasto.errors import InvalidOption
from impasto.perceptual import losses
from impasto.perceptual.criterion import CONTENT_LAYERS, STYLE_LAYERS, PerceptualCriterion


@pytest.fixture(scope="module")
def relative(vgg):
    return PerceptualCriterion(vgg)


@pytest.fixture(scope="module")
def absolute(vgg):
    return PerceptualCriterion(vgg, family="absolute")


@pytest.fixture(params=["relative", "absolute"])
def criterion(request):
    return request.getfixturevalue(request.param)


def small(picture, top=0, size=32):
    return picture[:, :, top : top + size, top : top + size]


def tiled(picture):
    return picture.repeat(1, 1, 2, 2)


def distances(criterion, picture, photo, painting):
    with torch.no_grad():
        found = criterion(picture, criterion.content_target(photo), criterion.style_target(painting))
    return found.content, found.style


def test_a_picture_is_at_no_distance_from_itself(criterion, astronaut):
    content, style = distances(criterion, small(astronaut), small(astronaut), small(astronaut))
    assert content.item() == style.item() == 0


def test_relative_distances_do_not_depend_on_size(relative, astronaut, coffee):
    """All but the borders and seams are the same when all pictures are tiled to four times their area."""
    content, style = distances(relative, astronaut, coffee, coffee)
    tiled_content, tiled_style = distances(relative, tiled(astronaut), tiled(coffee), tiled(coffee))
    torch.testing.assert_close(tiled_content, content, rtol=0.1, atol=0)
    torch.testing.assert_close(tiled_style, style, rtol=0.15, atol=0)
    assert distances(relative, tiled(astronaut), tiled(astronaut), astronaut)[1] < 0.05 * style


def test_relative_distances_are_of_the_order_of_one(relative, astronaut, coffee):
    content, style = distances(relative, astronaut, coffee, coffee)
    assert 0.3 < content < 5
    assert 0.1 < style < 10


def test_relative_distances_are_means_over_layers(vgg, astronaut, coffee):
    ours, theirs = small(astronaut), small(coffee)
    layers = ("relu1_2", "relu2_2")
    content, style = distances(
        PerceptualCriterion(vgg, content_layers=layers, style_layers=layers), ours, theirs, theirs
    )
    ours, theirs = vgg(ours, layers), vgg(theirs, layers)
    ratios = [(ours[n] - theirs[n]).square().sum() / theirs[n].square().sum() for n in layers]
    torch.testing.assert_close(content[0], sum(ratios) / 2)
    grams = [(losses.gram(ours[n]), losses.gram(theirs[n])) for n in layers]
    ratios = [(a - b).square().sum() / b.square().sum() for a, b in grams]
    torch.testing.assert_close(style[0], sum(ratios) / 2)


def test_absolute_distances_are_johnsons(vgg, absolute, astronaut, coffee):
    ours, theirs = small(astronaut), small(coffee)
    content, style = distances(absolute, ours, theirs, theirs)
    ours, theirs = vgg(ours, (*CONTENT_LAYERS, *STYLE_LAYERS)), vgg(theirs, (*CONTENT_LAYERS, *STYLE_LAYERS))
    torch.testing.assert_close(content[0], (ours["relu4_2"] - theirs["relu4_2"]).square().mean())
    summed = 0
    for layer in STYLE_LAYERS:
        ours_flat, theirs_flat = ours[layer][0].flatten(1), theirs[layer][0].flatten(1)
        summed += ((ours_flat @ ours_flat.T - theirs_flat @ theirs_flat.T) / ours_flat.numel()).square().sum()
    torch.testing.assert_close(style[0], summed, rtol=1e-4, atol=0)


def test_gradients_go_to_the_picture_only(criterion, astronaut, coffee):
    picture, photo, painting = (small(x).clone().requires_grad_() for x in (astronaut, coffee, coffee))
    content, style = criterion.content_target(photo), criterion.style_target(painting)
    assert not any(target.requires_grad for target in (*content.values(), *style.values()))
    found = criterion(picture, content, style)
    for distance in (found.content, found.style):
        picture.grad = None
        distance.sum().backward(retain_graph=True)
        assert picture.grad.isfinite().all()
        assert picture.grad.abs().sum() > 0
    assert photo.grad is None
    assert painting.grad is None
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in criterion.parameters())


def test_following_the_gradient_brings_a_picture_nearer(relative, astronaut, coffee):
    content, style = relative.content_target(small(astronaut)), relative.style_target(small(coffee))
    picture = small(astronaut).clone().requires_grad_()
    before = relative(picture, content, style).style
    before.sum().backward()
    step = 0.01 * picture.grad / picture.grad.abs().max()
    assert relative((picture - step).detach(), content, style).style < before


def test_distances_are_float32_and_nearly_the_same_in_autocast(criterion, astronaut, coffee):
    exact = distances(criterion, small(astronaut), small(coffee), small(coffee))
    with torch.autocast("cpu", torch.bfloat16):
        rough = distances(criterion, small(astronaut).bfloat16(), small(coffee), small(coffee))
        targets = criterion.style_target(small(coffee))
    assert all(value.dtype == torch.float32 for value in (*rough, *targets.values()))
    torch.testing.assert_close(rough, exact, rtol=0.03, atol=0)


def test_one_style_serves_a_batch_and_each_picture_may_have_its_own(criterion, astronaut, coffee):
    pictures = torch.cat([small(astronaut), small(coffee, 40), small(astronaut, 64)])
    one, other = criterion.style_target(small(coffee)), criterion.style_target(small(astronaut, 32))
    content = criterion.content_target(pictures.flip(3))
    with torch.no_grad():
        together = criterion(pictures, content, one).style
        repeated = criterion(pictures, content, {layer: gram.repeat(3, 1, 1) for layer, gram in one.items()}).style
        each = {layer: torch.cat([one[layer], other[layer], one[layer]]) for layer in one}
        mixed = criterion(pictures, content, each)
    assert together.shape == mixed.content.shape == (3,)
    assert torch.equal(together, repeated)
    assert torch.equal(mixed.style[[0, 2]], together[[0, 2]])
    torch.testing.assert_close(
        mixed.style[1:2], distances(criterion, pictures[1:2], pictures[1:2], small(astronaut, 32))[1]
    )


def test_a_painting_may_have_another_size_than_the_picture(relative, astronaut, coffee):
    _, style = distances(relative, small(astronaut), small(astronaut), coffee[:, :, :48, :64])
    assert style.isfinite().all()


def test_only_the_layers_that_are_needed_are_computed(vgg, astronaut):
    criterion = PerceptualCriterion(vgg, content_layers=("relu2_2",), style_layers=("relu1_1", "relu3_1"))
    computed = []
    handle = vgg.convolutions["conv3_2"].register_forward_hook(lambda *_: computed.append("conv3_2"))
    distances(criterion, small(astronaut), small(astronaut), small(astronaut))
    handle.remove()
    assert computed == []
    assert set(criterion.style_target(small(astronaut))) == {"relu1_1", "relu3_1"}


def test_unknown_names_are_named(vgg, astronaut):
    with pytest.raises(InvalidOption, match="relative or absolute, not 'mean'"):
        PerceptualCriterion(vgg, family="mean")
    with pytest.raises(InvalidOption, match="no layer 'relu9_9'"):
        PerceptualCriterion(vgg, style_layers=("relu9_9",)).style_target(small(astronaut))
