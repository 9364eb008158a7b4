"""An OpenVINO model in compiled forms: one for any size, and one each for the sizes that pay for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.runtime.engines.kept import digest, keep, kept
from impasto.runtime.engines.offline import ops, ov

__all__ = ["Compiled"]

FORM = "rows"
"""What is made of models' files before they are compiled: what is kept of another form is another's."""

Inputs = Mapping[str, NDArray[np.float32]]
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, eq=False)
class Form:
    """What is compiled for inputs of some shapes, and maybe for what some of them hold: these are `fixed`."""

    shapes: Shapes
    request: Any
    fixed: Inputs = field(default_factory=dict)

    def takes(self, inputs: Inputs) -> bool:
        """Return whether it gives the output of these inputs."""
        return self.shapes == _shapes(inputs) and all(
            np.array_equal(values, inputs[name]) for name, values in self.fixed.items()
        )

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output."""
        return _output(self.request, {name: values for name, values in inputs.items() if name not in self.fixed})


class Compiled:
    """Runs a model whose one output is a picture, in rows as its input (see `rows`).

    What is compiled for one size runs faster than what is compiled for any, whose elementwise operations are not
    joined and whose maps are laid out anew between some of them, but compiling takes a fifth of a second.  So a size
    gets a form of its own once what it has lost without is what compiling costs: whatever sizes come, that takes at
    most twice the time of the best choice in hindsight (the "ski rental" of Karlin et al. 1988).  The two forms differ
    by rounding only.  A form can also have some of the inputs in it, a style's numbers, which saves what applies them.
    The form for any size is kept in the user's cache; with it, the model is not even read.  A model that spells out
    its moments as means has none in bfloat16, in which OpenVINO would take them: the variance of a flat picture would
    be rounding, and the picture noise.
    read: gives the model; origin: the bytes of its file; device, hint: OpenVINO's device and properties; exact:
    whether it computes in float32.
    """

    GAIN = 0.3
    """Part of the time that a form of its own saves."""
    COST = 0.2
    """Seconds that compiling takes, on 2 cores."""
    KEPT = 4
    """Forms of their own that are kept; those used longest ago go first, as each holds memory."""

    def __init__(
        self,
        core: ov.Core,
        read: Callable[[], ov.Model],
        origin: bytes,
        device: str,
        hint: Mapping[str, str],
        *,
        exact: bool,
    ) -> None:
        self.core, self.read, self.origin, self.device, self.hint = core, read, origin, device, dict(hint)
        self.exact = exact
        self.clear()

    @cached_property
    def model(self) -> ov.Model:
        """The model, read when it is first needed."""
        return self.read()

    def clear(self) -> None:
        """Forget all forms, and give back their memory."""
        self.any_size: dict[tuple[str, ...], Any] = {}
        self.own: list[Form] = []
        self.lost: dict[Shapes, float] = {}

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output of inputs; those that are not named are zeros, and cost nothing."""
        shapes = _shapes(inputs)
        if (form := self._own_form(inputs)) is None:
            lost = self.lost.get(shapes, 0.0)
            if lost <= self.COST and (request := self._for_any_size(tuple(inputs))) is not None:
                began = time.perf_counter()
                output = _output(request, inputs)
                self.lost[shapes] = lost + self.GAIN * (time.perf_counter() - began)
                return output
            self.prepare(inputs)
            form = self.own[-1]
        self.own.remove(form)
        self.own.append(form)  # as the last one used
        return form(inputs)

    def prepare(self, inputs: Inputs, fixed: Collection[str] = ()) -> None:
        """Compile for inputs of these shapes, of which many are to come; `fixed` names those that stay the same."""
        kept = {name: inputs[name].copy() for name in fixed}
        if any(form.takes(inputs) and form.fixed.keys() == kept.keys() for form in self.own):
            return
        del self.own[: max(0, len(self.own) - self.KEPT + 1)]
        shapes = _shapes(inputs)
        model = self._with(tuple(inputs))
        model.reshape({name: list(shape) for name, shape in shapes})
        _fix(model, kept)
        request = self.core.compile_model(model, self.device, self.hint).create_infer_request()
        self.own.append(Form(shapes, request, kept))
        self.lost.pop(shapes, None)

    def _own_form(self, inputs: Inputs) -> Form | None:
        """Return the form that takes these inputs and has most of them in it, or None."""
        forms = (form for form in self.own if form.takes(inputs))
        return max(forms, key=lambda form: len(form.fixed), default=None)

    def _for_any_size(self, names: tuple[str, ...]) -> Any:
        """Return a request of the form for any size with inputs of these names, or None if there is to be none."""
        if names not in self.any_size:
            compiled = self._kept(names)
            self.any_size[names] = None if compiled is None else compiled.create_infer_request()
        return self.any_size[names]

    def _kept(self, names: tuple[str, ...]) -> ov.CompiledModel | None:
        """Return the model for any size, from the cache if it is there, or None if its moments would be rounded."""
        processor = self.core.get_property(self.device, "FULL_DEVICE_NAME")
        name = digest(
            [self.origin, FORM, ov.get_version(), self.device, processor, repr(sorted(self.hint.items())), *names]
        )
        if (content := kept(name)) is not None:
            with suppress(RuntimeError):  # OpenVINO finds that it is of another machine or version
                return self.core.import_model(content, self.device, self.hint)
        if not self.exact and any(node.get_type_name() == "ReduceMean" for node in self.model.get_ops()):
            return None
        compiled = self.core.compile_model(self._with(names), self.device, self.hint)
        keep(name, compiled.export_model().getvalue())
        return compiled

    def _with(self, names: tuple[str, ...]) -> ov.Model:
        """Return a copy of the model with inputs of these names; the others are zeros for good."""
        model = self.model.clone()
        others = [each for each in model.inputs if each.any_name not in names]
        _fix(model, {each.any_name: np.zeros(each.shape, np.float32) for each in others})
        return model


def _fix(model: ov.Model, values: Inputs) -> None:
    """Put values in place of a model's inputs of these names."""
    for input_ in [each for each in model.inputs if each.any_name in values]:
        parameter = input_.get_node()
        parameter.output(0).replace(ops.constant(values[input_.any_name]).output(0))
        model.remove_parameter(parameter)


def _shapes(inputs: Inputs) -> Shapes:
    return tuple((name, values.shape) for name, values in inputs.items())


def _output(request: Any, inputs: Inputs) -> NDArray[np.float32]:
    output: NDArray[np.float32] = request.infer(dict(inputs), share_inputs=True)[0]
    return output
