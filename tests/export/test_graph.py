import onnx
import pytest
import torch

from impasto.export.graph import FoldedConvolution, FoldedSpaceToDepth, FoldedUpsampled, fold
from impasto.nets.blocks import Convolution, SpaceToDepth, Upsampled
from impasto.nets.norm import Conditioning


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (3, 2), (7, 9)])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_folded_upsampling_computes_the_same(size, mixed):
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        upsampled, x = Upsampled(5, 3, mixed=mixed), torch.randn(2, 5, *size)
        mixing = torch.randn(1, 25) if mixed else None
        expected = upsampled(x, Conditioning(torch.zeros(1, 0), mixing=mixing))
        folded = FoldedUpsampled(upsampled)(x, Conditioning(torch.zeros(1, 0), mixing=mixing))
    assert expected.shape == folded.shape == (2, 3, 2 * size[0], 2 * size[1])
    torch.testing.assert_close(folded, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(2, 2), (2, 5), (7, 3)])
def test_without_mirrors_an_upsampling_differs_within_a_pixel_of_the_border_only(size):
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        upsampled, x = Upsampled(5, 3), torch.randn(2, 5, *size)
        style = Conditioning(torch.zeros(1, 0))
        expected, folded = upsampled(x, style), FoldedUpsampled(upsampled, mirrored=False)(x, style)
    assert expected.shape == folded.shape
    torch.testing.assert_close(folded[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1], atol=1e-5, rtol=0)
    assert (folded - expected).abs().max() > 1e-2


@pytest.mark.parametrize("fold", [2, 4, 8])
@pytest.mark.parametrize("size", [(2, 2), (2, 5), (4, 3)])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_folded_space_to_depth_computes_the_same(fold, size, mixed):
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        layer, x = SpaceToDepth(3, 5, fold, mixed=mixed), torch.randn(2, 3, *(fold * side for side in size))
        mixing = torch.randn(1, layer.mixing.channels**2) if mixed else None
        expected = layer(x, Conditioning(torch.zeros(1, 0), mixing=mixing))
        folded = FoldedSpaceToDepth(layer)(x, Conditioning(torch.zeros(1, 0), mixing=mixing))
    assert expected.shape == folded.shape == (2, 5, *size)
    torch.testing.assert_close(folded, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("size", [(3, 4), (5, 8), (7, 12)])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_folded_convolution_computes_the_same(size, kernel, outputs, mixed):
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        convolution, x = Convolution(5, outputs, kernel, mixed=mixed), torch.randn(2, 5, *size)
        mixing = torch.randn(1, 25) if mixed else None
        expected = convolution(x, Conditioning(torch.zeros(1, 0), mixing=mixing))
        folded = FoldedConvolution(convolution)(x, Conditioning(torch.zeros(1, 0), mixing=mixing))
    assert expected.shape == folded.shape == (2, outputs, *size)
    inside = slice(kernel // 2, -(kernel // 2) or None)
    torch.testing.assert_close(folded[..., inside, inside], expected[..., inside, inside], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["impasto:channels=4,blocks=1,decoder=4x4", "johnson:channels=4"])
def test_only_what_gives_pixels_is_computed_four_at_once(make_trained, name):
    net = make_trained(name).net
    folded = [module for module in fold(net, 16).modules() if isinstance(module, FoldedConvolution)]
    assert [len(module.bias) for module in folded] == [3 * FoldedConvolution.TOGETHER]


@pytest.mark.parametrize(
    "name",
    [
        "impasto:channels=8,blocks=2,decoder=8x4",
        "impasto:channels=8,blocks=2,decoder=8x4x4",
        "impasto:channels=8,blocks=1,decoder=4",
        "johnson:norm=conditional,channels=4",
        "johnson:channels=4",
    ],
)
@pytest.mark.parametrize("multiples", [(4, 4), (5, 7), (11, 5)])
@pytest.mark.parametrize("margin", [0, 8])
def test_a_folded_network_computes_the_same_within_the_margin(make_trained, name, multiples, margin):
    trained = make_trained(name)
    net, style = trained.net, next(iter(trained.vectors.values()))[None]
    picture = torch.rand(1, 3, *(net.stride * multiple for multiple in multiples), generator=torch.manual_seed(0))
    folded = fold(net, margin)
    edge = net.stride if net.stride <= margin else net.last.pad
    inside = slice(edge, -edge)
    with torch.inference_mode():
        torch.testing.assert_close(
            folded(picture, style)[..., inside, inside], net(picture, style)[..., inside, inside], atol=1e-5, rtol=0
        )
        if net.mixing_parameters:
            mixing = 0.05 * torch.randn(1, net.mixing_parameters, generator=torch.manual_seed(1))
            mixed = net(picture, style, mixing)
            assert (mixed - net(picture, style)).abs().max() > 1e-3
            torch.testing.assert_close(
                folded(picture, style, mixing)[..., inside, inside], mixed[..., inside, inside], atol=1e-5, rtol=0
            )
    assert any(isinstance(module, FoldedUpsampled) for module in folded.modules())
    assert not any(isinstance(module, Upsampled) for module in folded.modules())


def test_folding_leaves_the_network_as_it_was(make_trained):
    net = make_trained().net
    before = {key: value.clone() for key, value in net.state_dict().items()}
    fold(net, 16)
    assert any(isinstance(module, Upsampled) for module in net.modules())
    assert net.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_the_graph_takes_any_height_and_width_and_says_what_it_is(tiny_model):
    model = onnx.load(tiny_model.network)
    onnx.checker.check_model(model)
    inputs = {value.name: value.type.tensor_type.shape.dim for value in model.graph.input}
    assert list(inputs) == ["picture", "style", "mixing"]
    batch, colours, height, width = inputs["picture"]
    assert (batch.dim_value, colours.dim_value) == (1, 3)
    assert height.dim_param
    assert width.dim_param
    assert height.dim_param != width.dim_param
    assert inputs["style"][1].dim_value == tiny_model.trained.net.style_parameters
    assert inputs["mixing"][1].dim_value == tiny_model.trained.net.mixing_parameters > 0
    assert [value.name for value in model.graph.output] == ["painting"]
    assert "impasto" in {entry.key for entry in model.metadata_props}


def test_the_graph_holds_its_weights_and_nothing_of_this_machine(tiny_model):
    model = onnx.load(tiny_model.network, load_external_data=False)
    assert not any(weights.external_data for weights in model.graph.initializer)
    assert str(tiny_model.folder.parent.parent).encode() not in tiny_model.network.read_bytes()
    operations = {node.op_type for node in model.graph.node}
    assert "ConvTranspose" in operations
    assert "Resize" not in operations
