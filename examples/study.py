"""A study of settings with Optuna (pip install optuna), by a score of your own.

python examples/study.py photo.jpg painting.jpg 12
"""

import sys

import numpy as np
import optuna

import impasto


def score(pixels):
    """Return how good a painting is; yours to write.  This one likes colours."""
    return float(np.ptp(pixels.astype(float), axis=2).mean())


def attempt(trial):
    settings = {
        "style_strength": trial.suggest_float("style_strength", 0.2, 0.8),
        "stroke": trial.suggest_float("stroke", 0.5, 2),
        "style_loss": trial.suggest_categorical("style_loss", ["gram", "wasserstein", "nearest"]),
    }
    return score(impasto.optimize(sys.argv[1], sys.argv[2], size=192, steps=25, **settings).pixels)


study = optuna.create_study(direction="maximize")
study.optimize(attempt, n_trials=int(sys.argv[3]))
print(study.best_params)
