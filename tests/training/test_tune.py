"""Studies of tiny runs."""

import json

import pytest

from impasto.errors import InvalidOption, TrainingError
from impasto.training import run, tune
from impasto.training.config import TrainConfig, TuneConfig
from impasto.training.recipe import read_recipe

optuna = pytest.importorskip("optuna")


@pytest.fixture
def base(make_config, tmp_path):
    return make_config(output=str(tmp_path / "study"), network="impasto:channels=8,blocks=1,decoder=8x8", steps=2)


@pytest.fixture
def config(pictures):
    return TuneConfig(judge=(str(pictures / "photos/3.jpg"),), trials=3, widths=(4, 8))


@pytest.fixture(autouse=True)
def _eyes(small_eyes, monkeypatch):
    from training.samples import SmallEyes

    monkeypatch.setattr(tune, "load_vgg19", lambda source, pooling: SmallEyes())


def trials(tmp_path):
    return optuna.load_study(study_name="impasto", storage=f"sqlite:///{tmp_path / 'study/study.db'}").trials


def test_a_study_finds_the_best_of_its_trials_and_goes_on(base, config, tmp_path):
    lines = []
    best = tune.tune(base, config, lines.append)
    assert len(lines) == best.trials == 3
    assert best.objective == min(trial.value for trial in trials(tmp_path))
    recipe = TrainConfig.from_dict({**base.to_dict(), **read_recipe(best.recipe)})
    assert 5e-4 <= recipe.lr <= 8e-3
    assert recipe.vector_lr == pytest.approx(3 * recipe.lr)
    assert recipe.network in ("impasto:channels=4,blocks=1,decoder=8x8", "impasto:channels=8,blocks=1,decoder=8x8")
    more = TuneConfig(**{**vars(config), "trials": 4})
    assert tune.tune(base, more, lines.append).trials == 4
    assert len(lines) == 4
    assert tune.tune(base, more, lines.append).trials == 4
    assert len({json.dumps(trial.params) for trial in trials(tmp_path)}) == 4


def test_a_trial_that_was_interrupted_goes_on_from_its_checkpoint(base, config, tmp_path, monkeypatch):
    usual, seen = run.begin, []

    def interrupted(chosen):
        usual(TrainConfig.from_dict({**chosen.to_dict()}))
        seen.append(chosen.output)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "begin", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune.tune(base, config)
    monkeypatch.setattr(run, "begin", usual)
    resumed, resume = [], run.resume
    monkeypatch.setattr(run, "resume", lambda folder: resumed.append(str(folder)) or resume(folder))
    assert tune.tune(base, config).trials == 3
    assert resumed == seen


def test_a_trial_that_diverges_is_an_answer_too(base, config, monkeypatch):
    def diverges(chosen):
        raise TrainingError("the loss became nan at step 1")

    monkeypatch.setattr(run, "begin", diverges)
    lines = []
    with pytest.raises(TrainingError, match="no trial came to its end"):
        tune.tune(base, config, lines.append)
    assert len(lines) == 3
    assert all("became nan" in line for line in lines)


def test_a_study_of_other_options_is_refused(base, config):
    tune.tune(base, TuneConfig(**{**vars(config), "trials": 1}))
    with pytest.raises(InvalidOption, match="holds a study with another judge_weight"):
        tune.tune(base, TuneConfig(**{**vars(config), "judge_weight": 5.0}))


def test_what_it_needs_and_what_is_no_range(base, config):
    with pytest.raises(InvalidOption, match="--judge"):
        tune.tune(base, TuneConfig())
    with pytest.raises(InvalidOption, match="--output"):
        tune.tune(TrainConfig.from_dict({**base.to_dict(), "output": ""}), config)
    for wrong in ((1e-3,), (1e-2, 1e-3)):
        with pytest.raises(InvalidOption, match="--lr-range is two rising numbers"):
            TuneConfig(lr_range=wrong)
