"""Every error that Impasto raises on purpose; the command prints each as one sentence.

ImpastoError
 ├─ InvalidOption            an option or an argument has a value that cannot be used
 │   └─ UnknownStyle         no style of that name; carries the nearest ones
 ├─ PictureError             a picture file; carries its name
 │   ├─ UnreadablePicture    absent, empty, truncated or not a picture
 │   ├─ PictureTooLarge      more pixels than the limit
 │   ├─ FilmError            a film: absent, damaged, without pictures; or one of its frames, with its time
 │   └─ UnwritableOutput     the result could not be written there
 ├─ ModelError               a network or style file is damaged or does not fit
 ├─ EngineUnavailable        an inference engine or a device is not there
 ├─ DataError                a folder or archive holds nothing to train on
 ├─ WeightsError             weights of the perceptual network are absent or wrong
 ├─ ParityError              an exported graph disagrees with the network it came from
 ├─ TrainingError            a run cannot go on; names the step where it matters
 │   └─ Diverged             its loss is no number, or stays far above the usual
 └─ OptimizationError        the optimisation of a picture cannot go on
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "DataError",
    "Diverged",
    "EngineUnavailable",
    "FilmError",
    "ImpastoError",
    "InvalidOption",
    "ModelError",
    "OptimizationError",
    "ParityError",
    "PictureError",
    "PictureTooLarge",
    "TrainingError",
    "UnknownStyle",
    "UnreadablePicture",
    "UnwritableOutput",
    "WeightsError",
]


class ImpastoError(Exception):
    """Base of all errors that Impasto raises on purpose."""


class InvalidOption(ImpastoError):
    """An option or argument has a value that cannot be used; the message names it."""


class UnknownStyle(InvalidOption):
    """No style has this name.

    name: what was asked for; nearest: names that it may have meant, best first; network: beside which it was looked
    for, where that is no bundled one.
    """

    def __init__(self, name: str, nearest: Sequence[str] = (), network: str = "") -> None:
        self.name, self.nearest = name, tuple(nearest)
        hint = f"; did you mean {' or '.join(self.nearest)}?" if nearest else ""
        where = f" beside the network {network}" if network else ""
        super().__init__(f"no style{where} is called {name!r}{hint or ' (impasto styles lists them)'}")


class PictureError(ImpastoError):
    """Something is wrong with one picture file.

    name: the file as the user named it; reason: what is wrong and what to do.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"{name}: {reason}")


class UnreadablePicture(PictureError):
    """The file is absent, empty, truncated or not a picture."""


class PictureTooLarge(PictureError):
    """The picture has more pixels than the limit allows."""


class FilmError(PictureError):
    """A film is absent, damaged or without pictures, or one of its frames, whose time is said, cannot be painted."""


class UnwritableOutput(PictureError):
    """The result could not be written there."""


class ModelError(ImpastoError):
    """A network or style file is damaged, or one does not fit the other."""


class EngineUnavailable(ImpastoError):
    """An inference engine, a device or a precision is not available here."""


class DataError(ImpastoError):
    """A folder or archive holds nothing that can be trained on."""


class WeightsError(ImpastoError):
    """The perceptual network's weights are absent, damaged or of another network."""


class ParityError(ImpastoError):
    """An exported graph does not give what the network it came from gives."""


class TrainingError(ImpastoError):
    """A training run cannot start or cannot go on."""


class Diverged(TrainingError):
    """The loss of a step or its gradient is no number, or the loss has risen and going back does not help."""


class OptimizationError(ImpastoError):
    """The optimisation of a picture cannot go on: its loss is no longer a number, or memory does not suffice."""
