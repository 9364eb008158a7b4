"""Checkpoints of other programs, whose networks are said here once more, in modules whose weights have their names."""

import pytest
import torch
from torch import nn

from impasto.errors import ModelError
from impasto.export.checkpoint import import_checkpoint, read_checkpoint
from impasto.runtime.session import Session

WIDTH = 4


class Reflected(nn.Module):
    """A convolution padded by reflection, with a norm, under names to choose."""

    def __init__(self, inputs, outputs, kernel, stride, convolution="conv_layer", norm="norm_layer"):
        super().__init__()
        self.of, self.norm = convolution, norm
        setattr(self, convolution, nn.Conv2d(inputs, outputs, kernel, stride))
        if norm:
            setattr(self, norm, nn.InstanceNorm2d(outputs, affine=True))

    def forward(self, x):
        convolution = getattr(self, self.of)
        x = convolution(nn.functional.pad(x, [convolution.kernel_size[0] // 2] * 4, mode="reflect"))
        return getattr(self, self.norm)(x) if self.norm else x


class Doubled(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_transpose = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, 1)
        self.norm_layer = nn.InstanceNorm2d(outputs, affine=True)

    def forward(self, x):
        return self.norm_layer(self.conv_transpose(x))


class Pair(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2 = Reflected(width, width, 3, 1), Reflected(width, width, 3, 1)

    def forward(self, x):
        return x + self.conv2(self.conv1(x).relu())


class Rrmina(nn.Module):
    """Blue, green, red in 0..255 in and out."""

    def __init__(self, width=WIDTH):
        super().__init__()
        first = [Reflected(3, width, 9, 1), Reflected(width, 2 * width, 3, 2), Reflected(2 * width, 4 * width, 3, 2)]
        self.ConvBlock = nn.Sequential(*(each for layer in first for each in (layer, nn.ReLU())))
        self.ResidualBlock = nn.Sequential(*(Pair(4 * width) for _ in range(5)))
        last = Reflected(width, 3, 9, 1, norm="")
        up = [Doubled(4 * width, 2 * width), nn.ReLU(), Doubled(2 * width, width), nn.ReLU(), last]
        self.DeconvBlock = nn.Sequential(*up)

    def forward(self, x):
        return self.DeconvBlock(self.ResidualBlock(self.ConvBlock(x)))

    def paint(self, rgb):
        return self(255 * rgb.flip(1)).flip(1) / 255

    def loud(self):
        self.DeconvBlock[-1].conv_layer.weight.data *= 300
        self.DeconvBlock[-1].conv_layer.bias.data += 127
        return self


class Plain(Reflected):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__(inputs, outputs, kernel, stride, "conv2d", "")


class Nearest(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv2d = Plain(inputs, outputs, 3)

    def forward(self, x):
        return self.conv2d(nn.functional.interpolate(x, scale_factor=2, mode="nearest"))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2 = Plain(width, width, 3), Plain(width, width, 3)
        self.in1, self.in2 = (nn.InstanceNorm2d(width, affine=True) for _ in range(2))

    def forward(self, x):
        return x + self.in2(self.conv2(self.in1(self.conv1(x)).relu()))


class Gordicaleksa(nn.Module):
    """ImageNet's normalised red, green, blue in and out."""

    def __init__(self, width=WIDTH):
        super().__init__()
        self.conv1, self.conv2 = Plain(3, width, 9), Plain(width, 2 * width, 3, 2)
        self.conv3 = Plain(2 * width, 4 * width, 3, 2)
        for number in range(1, 6):
            setattr(self, f"res{number}", Block(4 * width))
        self.up1, self.up2, self.up3 = Nearest(4 * width, 2 * width), Nearest(2 * width, width), Plain(width, 3, 9)
        for number, channels in enumerate((width, 2 * width, 4 * width, 2 * width, width), 1):
            setattr(self, f"in{number}", nn.InstanceNorm2d(channels, affine=True))

    def forward(self, x):
        for number, layer in enumerate((self.conv1, self.conv2, self.conv3), 1):
            x = getattr(self, f"in{number}")(layer(x)).relu()
        for number in range(1, 6):
            x = getattr(self, f"res{number}")(x)
        return self.up3(self.in5(self.up2(self.in4(self.up1(x)).relu())).relu())

    def paint(self, rgb):
        mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        return self((rgb - mean) / deviation) * deviation + mean

    def loud(self):
        return self


@pytest.fixture(params=[Rrmina, Gordicaleksa])
def theirs(request):
    torch.manual_seed(0)
    net = request.param().eval()
    for module in net.modules():
        if isinstance(module, nn.InstanceNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.3, 0.3)
    return net.loud()


@pytest.mark.parametrize("size", [(32, 48), (20, 44)])
def test_the_network_paints_as_the_checkpoint_does(theirs, saved, size):
    metadata = {"commit_hash": "abc", "content_weight": 1.0, "state_dict": theirs.state_dict()}
    trained = read_checkpoint(saved(metadata))
    picture = torch.rand(1, 3, *size, generator=torch.manual_seed(1))
    with torch.inference_mode():
        ours, expected = trained.net(picture, torch.zeros(1, 0)), theirs.paint(picture)
    assert expected.std() > 0.05
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)
    assert (ours.flip(1) - expected).abs().max() > 0.05  # the order of the channels matters
    assert trained.facts["program"].startswith(("rrmina/", "gordicaleksa/"))


def test_what_is_written_paints_so_too(theirs, saved, tmp_path, photo):
    import_checkpoint(saved(theirs.state_dict()), tmp_path / "mosaic.onnx")
    session = Session.open(tmp_path / "mosaic.onnx", precision="f32")
    planes = torch.rand(1, 3, 64, 64, generator=torch.manual_seed(2))
    painted = session.engine.run(planes[0].permute(1, 2, 0).contiguous().numpy(), torch.zeros(1, 0).numpy())
    inside = slice(4, -4)  # the last convolution sees zeros beyond the border, which margins hide
    with torch.inference_mode():
        expected = theirs.paint(planes)[..., inside, inside]
    ours = torch.from_numpy(painted).permute(2, 0, 1)[None, ..., inside, inside]
    torch.testing.assert_close(ours, expected, atol=2e-3, rtol=1e-3)


def test_a_tanh_that_the_weights_do_not_tell_of_is_noticed(saved):
    torch.manual_seed(0)
    with pytest.raises(ModelError, match=r"candy.pth: paints .* likely TransformerNetworkTanh, .*export it as ONNX"):
        read_checkpoint(saved(Rrmina().state_dict()))


def test_a_relative_of_another_architecture_is_refused_by_its_names(theirs, saved):
    weights = dict(theirs.state_dict())
    weights["attention.weight"] = torch.zeros(3)
    with pytest.raises(ModelError, match=f"than {type(theirs).__name__.lower()}/.*not known, such as attention.weight"):
        read_checkpoint(saved(weights))
