"""Impasto's network cut at its norms: OpenVINO models that each take a few rows of maps, whatever the picture's height.

Between two norms nothing depends on more of the picture than on a row above and below, so the network can be run stage
by stage over strips, with each norm's moments collected from all strips before the next stage begins.  What comes out
is what the whole network gives, up to rounding.

Maps are (1, C, rows, columns), a `fold`-th of the picture's size, most often a quarter.  A stage of one convolution
looks at a row more at either side than it gives, one of two convolutions at two; beyond the picture's border the caller
gives the rows that reflection gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.runtime.engines.offline import ops, ov
from impasto.runtime.engines.styled import Array, Line, StyledWeights, column

__all__ = ["HALO", "Inside", "Stages"]

HALO = 2
"""Rows more at either side that stages of two or more convolutions look at."""
TAKE_TURNS = {"first", "second"}
"""Stages that come again when others have been run; what is compiled for one of the others is given back then."""
Inside = tuple[bool, bool]
"""Whether there is more of the picture above and below."""


class Stages:
    """The stages of a network in one style.

    net: its weights; dtype: of maps, float16 or float32; device, hint: OpenVINO's device and properties.
    """

    def __init__(self, net: StyledWeights, dtype: Any, device: str, hint: Mapping[str, str]) -> None:
        self.net, self.dtype, self.device, self.hint = net, np.dtype(dtype), device, dict(hint)
        self.core = ov.Core()
        self._compiled: dict[tuple[Any, ...], Any] = {}

    def stem(self, pixels: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the first convolution's map, (1, C, rows, columns), and mean and variance of it, (C,) each.

        pixels: (1, fold * (rows + 2), fold * columns, 3) uint8 or uint16 RGB.
        """

        def build(given: Any) -> list[Any]:
            folded = ops.space_to_depth(_centred(given), "depth_first", self.net.fold)
            return self._with_moments(_convolved(folded, *self._constants(0)))

        return self._run("stem", [pixels], build)

    def second(self, block: int, y: NDArray[Any], line: Line) -> list[NDArray[Any]]:
        """Return the map of a block's second convolution and its moments; y: the first one's, line: its norm's.

        block: from 0.
        """

        def build(y: Any, scale: Any, shift: Any, weight: Any, bias: Any) -> list[Any]:
            return self._with_moments(_convolved(ops.relu(_on(y, scale, shift)), weight, bias))

        return self._run("second", [y, *line, *self._weights(2 * block + 2)], build)

    def first(self, block: int, x: NDArray[Any] | None, y: NDArray[Any], line: Line) -> list[NDArray[Any]]:
        """Return the map that a block begins with, the map of its first convolution, and moments of the latter.

        x: what the block before began with; y: the map of its second convolution, line: its norm's.  For the first
        block x is None, and y the stem's map.
        """

        def build(y: Any, scale: Any, shift: Any, weight: Any, bias: Any, x: Any = None) -> list[Any]:
            joined = ops.relu(_on(y, scale, shift)) if x is None else _joined(x, y, scale, shift)
            convolved = self._with_moments(_convolved(joined, weight, bias))
            return [ops.convert(_rows(joined, 1, -1), self.dtype), *convolved]

        given = [y, *line, *self._weights(2 * block + 1)]
        return self._run("first", given if x is None else [*given, x], build)

    def onward(
        self, block: int, x: NDArray[Any], y: NDArray[Any], line: Line, places: NDArray[np.int32]
    ) -> list[NDArray[Any]]:
        """Return the map that a block normed once ends with, the next one's first convolution's, and its moments.

        Of the last block it is the map that it ends with, and moments of that.
        x: what the block begins with, with a row more at either side; y: the map of its first convolution, with HALO
        rows more; line: its norm's; places: (rows + 2,), the number in x of the row that the next convolution sees at
        each place, which reflection gives where the picture ends.
        """
        is_last = block == self.net.blocks - 1

        def build(x: Any, y: Any, places: Any, *numbers: Any) -> list[Any]:
            scale, shift, weight, bias, gamma, beta, *following = numbers
            refined = _convolved(ops.relu(_on(y, scale, shift)), weight, bias)
            joined = _joined(x, refined, gamma, beta)
            own = _rows(joined, 1, -1)
            if is_last:
                return self._with_moments(own)
            mirrored = ops.gather(joined, places, np.int32(2))  # what was computed beyond the border is no reflection
            return [ops.convert(own, self.dtype), *self._with_moments(_convolved(mirrored, *following))]

        affine = map(column, self.net.norms[2 * block + 2])
        following = [] if is_last else self._weights(2 * block + 3)
        given = [x, y, places, *line, *self._weights(2 * block + 2), *affine, *following]
        return self._run(("onward", is_last), given, build)

    def end(self, x: NDArray[Any] | None, y: NDArray[Any], line: Line) -> list[NDArray[Any]]:
        """Return the map that the last block ends with and its moments; arguments as of `first`, without halos."""

        def build(y: Any, scale: Any, shift: Any, x: Any = None) -> list[Any]:
            return self._with_moments(ops.relu(_on(y, scale, shift)) if x is None else _joined(x, y, scale, shift))

        given = [y, *line]
        return self._run("end", given if x is None else [*given, x], build)

    def decode(self, x: NDArray[Any], line: Line, pixels: NDArray[Any], inside: Inside) -> Array:
        """Return the painting, (1, 3, fold * rows, fold * columns) float32, about [0, 1].

        x: the trunk's map, with HALO rows more at its top and at its bottom where these lie inside the picture;
        pixels: (1, fold * rows, fold * columns, 3), without halos.
        """

        def build(x: Any, scale: Any, shift: Any, given: Any) -> list[Any]:
            x = _on(x, scale, shift)
            beyond = [int(not each) for each in inside]
            for convolution, (gamma, beta) in zip(self.net.upsamplings, self.net.affines, strict=True):
                padded = ops.pad(x, [0, 0, beyond[0], 1], [0, 0, beyond[1], 1], "edge")
                upsampled = ops.convolution_backprop_data(
                    padded, ops.constant(convolution.upsampling), [2, 2], None, [3, 3], [3, 3], [1, 1]
                )
                with_bias = ops.add(upsampled, ops.constant(convolution.bias))
                x = ops.relu(_on(with_bias, ops.constant(column(gamma)), ops.constant(column(beta))))
            painted = _convolved(_beyond(x, inside), *self._constants(-1))
            painted = _rows(painted, int(inside[0]), -int(inside[1]) or None)
            photo = ops.multiply(_centred(given), ops.constant(column(self.net.skip[0])))
            return [ops.add(ops.add(painted, photo), np.float32(0.5))]

        (painted,) = self._run(("decode", inside), [x, *line, pixels], build)
        return painted

    def _weights(self, index: int) -> list[Array]:
        convolution = self.net.convolutions[index]
        return [convolution.weight, convolution.bias]

    def _constants(self, index: int) -> list[Any]:
        return [ops.constant(values) for values in self._weights(index)]

    def _with_moments(self, y: Any) -> list[Any]:
        mean = ops.reduce_mean(y, np.array([2, 3]), keep_dims=True)
        deviation = ops.subtract(y, mean)
        variance = ops.reduce_mean(ops.multiply(deviation, deviation), np.array([2, 3]), keep_dims=True)
        flat = np.array([-1])
        return [ops.convert(y, self.dtype), *(ops.reshape(each, flat, special_zero=False) for each in (mean, variance))]

    def _run(self, name: Any, given: Sequence[NDArray[Any]], build: Any) -> list[NDArray[Any]]:
        for done in [each for each in self._compiled if each[0] != name and not {each[0], name} <= TAKE_TURNS]:
            del self._compiled[done]
        key = (name, *((values.shape, values.dtype) for values in given))
        if key not in self._compiled:
            parameters = [ops.parameter(list(values.shape), values.dtype) for values in given]
            model = ov.Model(build(*parameters), parameters)
            self._compiled[key] = self.core.compile_model(model, self.device, self.hint).create_infer_request()
        request = self._compiled[key]
        request.infer(dict(enumerate(given)), share_inputs=True)
        return [request.get_output_tensor(index).data for index in range(len(request.results))]


def _centred(pixels: Any) -> Any:
    """Return integers, (1, H, W, 3), as (1, 3, H, W) floats in [-0.5, 0.5]."""
    white = np.float32(255 if pixels.get_element_type() == ov.Type.u8 else 65535)
    floats = ops.transpose(ops.convert(pixels, np.float32), np.array([0, 3, 1, 2]))
    return ops.subtract(ops.divide(floats, white), np.float32(0.5))


def _on(y: Any, scale: Any, shift: Any) -> Any:
    return ops.add(ops.multiply(ops.convert(y, np.float32), scale), shift)


def _joined(x: Any, y: Any, scale: Any, shift: Any) -> Any:
    return ops.add(ops.convert(x, np.float32), _on(y, scale, shift))


def _convolved(x: Any, weight: Any, bias: Any) -> Any:
    """Return a 3x3 convolution's map: two rows less, and the columns reflected at their ends."""
    padded = ops.pad(x, [0, 0, 0, 1], [0, 0, 0, 1], "reflect")
    return ops.add(ops.convolution(padded, weight, [1, 1], [0, 0], [0, 0], [1, 1]), bias)


def _beyond(x: Any, inside: Inside) -> Any:
    """Return a map with the row that reflection gives above and below, where the picture ends there."""
    above, below = (int(not each) for each in inside)
    return ops.pad(x, [0, 0, above, 0], [0, 0, below, 0], "reflect")


def _rows(x: Any, first: int, last: int | None) -> Any:
    stop = np.iinfo(np.int64).max if last is None else last
    return ops.slice(x, np.array([first]), np.array([stop]), np.array([1]), np.array([2]))
