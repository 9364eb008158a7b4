"""A painting network as an ONNX graph."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.export.config import OPSET
from impasto.nets.base import PaintingNet
from impasto.nets.blocks import Convolution, Normed, SpaceToDepth, UnconditionalNorm, Upsampled
from impasto.nets.norm import EPSILON, Affine, Conditioning, InstanceNorm
from impasto.runtime.session import MARGIN

__all__ = [
    "FoldedConvolution",
    "FoldedSpaceToDepth",
    "FoldedUpsampled",
    "bake",
    "fold",
    "onnx_program",
    "program_of",
    "write_onnx",
]


class FoldedSpaceToDepth(nn.Module):
    """What `SpaceToDepth` computes, of pixels as they lie in memory.

    A row of pixels is a row of pieces of `fold` pixels without moving any, and the kernel steps down `fold` rows at
    once.  Equal up to rounding.
    """

    def __init__(self, layer: SpaceToDepth) -> None:
        super().__init__()
        self.register_buffer("kernel", layer.weights.weight.detach())
        self.register_buffer("bias", layer.weights.bias.detach())  # type: ignore[union-attr]
        self.fold, self.mixing = layer.fold, layer.mixing

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the convolved map, (N, outputs, H / fold, W / fold), of x, (N, inputs, H, W)."""
        fold = self.fold
        kernel = self.kernel if self.mixing is None else self.mixing(self.kernel, conditioning)
        blocks = kernel.unflatten(1, (-1, fold, fold))  # type: ignore[operator]
        across = blocks.permute(0, 3, 1, 4, 2, 5).flatten(3, 4).flatten(1, 2)
        pieces = x.permute(0, 2, 3, 1).unflatten(2, (-1, fold)).flatten(3)  # type: ignore[no-untyped-call]
        pieces = torch.cat([pieces[:, fold : 2 * fold], pieces, pieces[:, -2 * fold : -fold]], 1)
        padded = F.pad(pieces.permute(0, 3, 1, 2), (1, 1, 0, 0), mode="reflect")
        return F.conv2d(padded, across, self.bias, stride=(fold, 1))  # type: ignore[arg-type]


class FoldedUpsampled(nn.Module):
    """What `Upsampled` computes, with four ninths of its multiplications.

    After nearest-neighbour upsampling each output phase sees the same low-resolution sample under two of three taps.
    Adding those taps up gives a 4x4 transposed convolution of stride two; reflection at the high resolution is
    replication at the low one.  Equal up to rounding.

    mirrored: whether its input is continued beyond its border; otherwise zeros are there, which takes no time, and
    the map is another within a pixel of its border.
    """

    def __init__(self, upsampled: Upsampled, mirrored: bool = True) -> None:
        super().__init__()
        convolution = upsampled.convolution.weights
        kernel = _phases(_phases(convolution.weight.detach(), 2), 3)
        self.register_buffer("kernel", kernel.transpose(0, 1).contiguous())
        self.register_buffer("bias", convolution.bias.detach())  # type: ignore[union-attr]
        self.mixing, self.mirrored = upsampled.convolution.mixing, mirrored

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the convolved map at twice the size, (N, outputs, 2 H, 2 W)."""
        kernel = self.kernel if self.mixing is None else self.mixing(self.kernel, conditioning, dim=0)
        if self.mirrored:
            x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        pad = 3 if self.mirrored else 1
        return F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=pad)  # type: ignore[arg-type]


class FoldedConvolution(nn.Module):
    """What a `Convolution` of stride one to a picture's three channels computes, four pixels at once.

    Engines fill their vectors with output channels, 16 or so, which three leave mostly empty.  Those of four pixels
    side by side are twelve, and lie in memory as the pixels do; a kernel three wider sees all that they depend on.
    Equal up to rounding, but within half a kernel of the border, since zeros are beyond it.
    Its input's width must be a multiple of TOGETHER.
    """

    TOGETHER = 4

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        weights, together = convolution.weights, self.TOGETHER
        channels, inputs, size, _ = weights.weight.shape
        kernel = torch.zeros(together, channels, inputs, size, size + together - 1)
        for across in range(together):
            kernel[across, ..., across : across + size] = weights.weight.detach()
        self.register_buffer("kernel", kernel.flatten(0, 1))
        self.register_buffer("bias", weights.bias.detach().repeat(together))  # type: ignore[union-attr]
        self.pad, self.mixing = convolution.pad, convolution.mixing

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the convolved map, (N, outputs, H, W)."""
        kernel = self.kernel if self.mixing is None else self.mixing(self.kernel, conditioning)
        fours = F.conv2d(x, kernel, self.bias, (1, self.TOGETHER), self.pad)  # type: ignore[arg-type]
        pixels: Tensor = fours.permute(0, 2, 3, 1).unflatten(3, (self.TOGETHER, -1))  # type: ignore[no-untyped-call]
        return pixels.flatten(2, 3).permute(0, 3, 1, 2)


class FusedInstanceNorm(nn.Module):
    """What `InstanceNorm` or `UnconditionalNorm` computes, with the operation that engines have for it.

    They take its moments in float32 also where they compute in bfloat16: in that, the variance of a flat picture would
    be rounding, and the picture noise.
    """

    def __init__(self, norm: InstanceNorm | UnconditionalNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return x normalised and restyled, shape and dtype as x, (N, C, H, W)."""
        norm, normalised = self.norm, F.instance_norm(x, eps=EPSILON)
        if isinstance(norm, UnconditionalNorm):
            return normalised * norm.gamma.to(x.dtype) + norm.beta.to(x.dtype)
        gamma, beta, through = (share.to(x.dtype) for share in conditioning.take(norm.parts, norm.channels))
        return normalised * gamma + beta + x * through


def _phases(kernel: Tensor, dim: int) -> Tensor:
    """Turn three taps at the high resolution into the four of the transposed convolution, along one dimension."""
    before, centre, after = kernel.unbind(dim)
    return torch.stack([after, centre + after, before + centre, before], dim)


FUSED: dict[type, Callable[[Any], nn.Module]] = {
    SpaceToDepth: FoldedSpaceToDepth,
    Upsampled: FoldedUpsampled,
    InstanceNorm: FusedInstanceNorm,
    UnconditionalNorm: FusedInstanceNorm,
}


def fold(net: PaintingNet, margin: int) -> PaintingNet:
    """Return a copy of the network that computes the same with less, but for a margin at the border.

    margin: px that are cut off all paintings.  The copy has no moments to give or to take.
    """
    folded = copy.deepcopy(net)
    for module in list(folded.modules()):
        for name, child in list(module.named_children()):
            if isinstance(module, Normed) and isinstance(child, Upsampled) and isinstance(module.norm, Affine):
                # no moments are taken from here on; each doubling doubles what differs, from a pixel on
                module.add_module(name, FoldedUpsampled(child, mirrored=net.stride > margin))
            elif type(child) in FUSED:
                module.add_module(name, FUSED[type(child)](child))
    if net.stride % FoldedConvolution.TOGETHER == 0:
        folded.add_module("last", FoldedConvolution(net.last))
    return folded


def bake(net: PaintingNet, mixing: Tensor) -> PaintingNet:
    """Return a copy of the network with a style's mixing, (1, Q), in its convolutions' weights."""
    baked = copy.deepcopy(net)
    conditioning = Conditioning(torch.zeros(1, 0), mixing=mixing)
    for module in baked.modules():  # registered in the order in which they read the mixing
        if isinstance(module, Convolution) and module.mixing is not None:
            module.weights.weight.data = module.mixing(module.weights.weight.data, conditioning)
            module.mixing = None
    return baked


def write_onnx(net: PaintingNet, path: Path, metadata: dict[str, str]) -> None:
    """Write the network as ONNX with dynamic height and width; see `impasto.model.network` for inputs and outputs.

    net: in evaluation mode, on the CPU.
    """
    side = net.stride * 16
    example = {"picture": torch.rand(1, 3, side, side + net.stride), "style": net.new_style()[None]}
    if net.mixing_parameters:
        example["mixing"] = torch.zeros(1, net.mixing_parameters)
    program = onnx_program(fold(net, MARGIN), example, any_number=False)
    program.model.metadata_props.update(metadata)
    program.save(str(path))


def onnx_program(module: nn.Module, examples: Mapping[str, Tensor], opset: int = OPSET, any_number: bool = True) -> Any:
    """Return a painting module as an ONNX program that says nothing of this machine; arguments as of `program_of`.

    Its inputs have the examples' names, its output is `painting`.
    """
    with warnings.catch_warnings(), _Quiet("torch.onnx", "torch.export"):
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecated calls
        program: Any = torch.onnx.export(
            module,
            tuple(examples.values()),
            dynamo=True,
            opset_version=opset,
            dynamic_shapes=_free(examples, any_number),
            input_names=list(examples),
            output_names=["painting"],
            verbose=False,
        )
    for node in program.model.graph:
        node.metadata_props.clear()  # the exporter's traces, which name the files and folders of this machine
    return program


def program_of(module: nn.Module, examples: Mapping[str, Tensor], any_number: bool = True) -> Any:
    """Return a painting module as torch.export captures it, for any height and width.

    module: in evaluation mode, on the CPU.  examples: its inputs by their names, in order; `picture` is (N, 3, H, W).
    any_number: whether N is free, too.
    """
    with warnings.catch_warnings(), _Quiet("torch.export"):
        warnings.simplefilter("ignore")
        shapes = tuple(_free(examples, any_number).values())
        return torch.export.export(module, tuple(examples.values()), dynamic_shapes=shapes)


def _free(examples: Mapping[str, Tensor], any_number: bool) -> dict[str, dict[int, Any]]:
    free = torch.export.Dim.DYNAMIC
    sizes = {2: free, 3: free}
    return {name: ({0: free, **sizes} if any_number else sizes) if name == "picture" else {} for name in examples}


class _Quiet:
    """Silence loggers that report optional packages as missing."""

    def __init__(self, *names: str) -> None:
        self.loggers = [logging.getLogger(name) for name in names]

    def __enter__(self) -> None:
        self.levels = [logger.level for logger in self.loggers]
        for logger in self.loggers:
            logger.setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        for logger, level in zip(self.loggers, self.levels, strict=True):
            logger.setLevel(level)
