"""Studies of tiny runs."""

import json

import pytest

from impasto.errors import Diverged, InvalidOption, TrainingError
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
        raise Diverged("the loss became nan at step 1")

    monkeypatch.setattr(run, "begin", diverges)
    lines = []
    with pytest.raises(TrainingError, match="no trial came to its end"):
        tune.tune(base, config, lines.append)
    assert len(lines) == 3
    assert all("became nan" in line for line in lines)


def test_a_trial_that_a_full_disk_has_ended_is_no_answer_and_is_made_again(base, config, tmp_path, monkeypatch):
    usual, params = run.begin, []

    def full(chosen):
        raise TrainingError("checkpoint.pt cannot be written at step 1 (No space left on device)")

    monkeypatch.setattr(run, "begin", full)
    for _ in range(2):
        with pytest.raises(TrainingError, match="No space left on device"):
            tune.tune(base, config)
        params.append(trials(tmp_path)[-1].params)
    monkeypatch.setattr(run, "begin", usual)
    assert tune.tune(base, config).trials == 3
    made = [trial.params for trial in trials(tmp_path) if trial.state == optuna.trial.TrialState.COMPLETE]
    assert params == [made[0], made[0]]


def test_what_is_no_study_is_named(base, config, tmp_path):
    study = tmp_path / "study/study.db"
    study.parent.mkdir()
    study.write_bytes(b"not a database" * 100)
    with pytest.raises(TrainingError, match=r"study\.db cannot be used \(file is not a database\)"):
        tune.tune(base, config)
    assert study.read_bytes() == b"not a database" * 100


def test_a_study_that_is_damaged_in_its_middle_is_named(base, config, tmp_path):
    tune.tune(base, TuneConfig(**{**vars(config), "trials": 1}))
    study = tmp_path / "study/study.db"
    content = study.read_bytes()
    study.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(TrainingError, match=r"study\.db cannot be used \(.*malformed\)"):
        tune.tune(base, config)


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
