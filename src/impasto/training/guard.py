"""Going back to the last good state when a run's loss spikes."""

from __future__ import annotations

import logging
from copy import deepcopy
from statistics import median
from typing import Any

from impasto.errors import Diverged
from impasto.training.state import Memory, TrainState

__all__ = ["Guard"]

logger = logging.getLogger("impasto.training")

WINDOW = 50
"""Good steps whose median loss is what is usual."""
KNOWN = 20
"""Before so many good steps nothing is known to be unusual."""
SPIKE = 3.0
"""A loss is a spike when it is so many times the usual."""
IN_A_ROW = 5
"""A single spike is a strange photo; so many in a row are a network that has left its way."""
SLOWER = 0.5
"""What learning rates are multiplied by after going back."""
MOST = 5
"""A run that had to go back so often since a state was last kept cannot be helped."""


class Guard:
    """Keeps the last good state in memory, and puts it back.

    state: of the run, which is watched from there on, or goes on being watched; every: steps between states that are
    kept.  All that is remembered is a part of the state, and so of its checkpoints.
    What is put back is all but the steps done, so that other photos come next, and the learning rates, which are
    halved.  Every process of a run has its own and decides the same, as they see the same losses.
    """

    def __init__(self, state: TrainState, every: int) -> None:
        self.every = every
        self.memory = state.memory = state.memory or Memory(_copied(state))

    def after_step(self, state: TrainState, loss: float) -> None:
        """Look at a step's loss, and go back if it is one spike too many."""
        memory = self.memory
        if len(memory.usual) >= KNOWN and loss > SPIKE * median(memory.usual):
            memory.spikes += 1
            if memory.spikes >= IN_A_ROW:
                self.go_back(state, f"the loss was above {SPIKE:g} times the usual for {IN_A_ROW} steps")
            return
        memory.spikes = 0
        memory.usual = [*memory.usual, loss][-WINDOW:]
        if state.step % self.every == 0:
            memory.kept, memory.returns = _copied(state), 0

    def go_back(self, state: TrainState, reason: str) -> None:
        """Put the last good state back; raises Diverged if that did not help several times before."""
        kept = self.memory.kept
        self.memory.returns += 1
        if self.memory.returns > MOST:
            raise Diverged(
                f"{reason} at step {state.step}, and going back {MOST} times with ever smaller learning rates did not "
                "help; lower --lr or --style-weight and begin anew"
            )
        state.model.load_state_dict(kept["model"])
        state.average.load_state_dict(kept["average"])
        # A copy, for an optimiser goes on with the very tensors that it is given, and changes them in place.
        state.optimizer.load_state_dict(deepcopy(kept["optimizer"]))
        state.slowdown *= SLOWER
        self.memory.spikes = 0
        logger.warning(
            "step %d: %s; back to the weights of step %d, learning rates times %g",
            state.step,
            reason,
            kept["step"],
            state.slowdown,
        )


def _copied(state: TrainState) -> dict[str, Any]:
    """Return a copy of what is put back, by the names of a checkpoint."""
    parts = {name: deepcopy(getattr(state, name).state_dict()) for name in ("model", "average", "optimizer")}
    return {**parts, "step": state.step}
