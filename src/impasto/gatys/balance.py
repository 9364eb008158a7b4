"""A weight of the style that needs no search: it is led until the content is as far away as --style-strength says."""

from __future__ import annotations

from impasto.gatys.config import OptimizeConfig
from impasto.gatys.objective import Evaluation, Weights

__all__ = ["Balance"]

FIRST = 10.0
"""Weight of the style at strength 1/2 to begin with."""
PATIENCE = 9
"""Steps at a scale between two changes of the weight: only a picture that has settled tells what a weight does."""
LAST = 0.9
"""Part of the work after which the weight stays."""
NEAR = 0.05
"""A content distance so near to what is asked, as a part of it, will do."""
GAIN = 1.25
"""Content distance rises about as the weight to the power of 1 / GAIN."""
MOST = 4.0
"""The weight changes so many times at most at once."""


class Balance:
    """The losses' weights in the course of an optimisation.

    With --style-weight they stay.  With --style-strength s the picture is to be as much of the style as a relative
    content distance of s allows, whatever the pair: the weight is the multiplier of that constraint, and is led to it
    from what is reached.  Strength 0 is content only, 1 style only.
    """

    def __init__(self, config: OptimizeConfig) -> None:
        content, style, strength = config.content_weight, config.style_weight, config.style_strength
        self.strength = strength
        self.leads = not style and 0 < strength < 1 and content > 0
        if self.leads:
            style = content * FIRST * strength / (1 - strength)
        elif not style and (strength == 1 or not content):
            content, style = 0.0, 1.0
        self.weights = Weights(content, style, config.tv_weight, config.edge_weight)
        self.begin()

    def begin(self) -> None:
        """Forget what was seen, as another scale begins."""
        self._seen = 0
        self._best: Evaluation | None = None

    def lead(self, evaluation: Evaluation, over: float) -> bool:
        """Look at an evaluation, after a part of the work (0..1), and return whether the weights are others now."""
        self._seen += 1
        if self._best is None or evaluation.loss < self._best.loss:
            self._best = evaluation
        if not self.leads or self._seen < PATIENCE or over > LAST:
            return False
        farther = self.strength / max(self._best.content, 1e-6)
        if abs(farther - 1) <= NEAR:
            return False
        factor = min(max(farther**GAIN, 1 / MOST), MOST)
        old = self.weights
        self.weights = Weights(old.content, old.style * factor, old.tv, old.edges)
        self.begin()
        return True
