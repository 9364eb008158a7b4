import pytest
import torch

from impasto.errors import InvalidOption, TrainingError
from impasto.training import run
from training.samples import TINY

pytestmark = pytest.mark.usefixtures("small_eyes")

STILL = {"lr": 0.0, "vector_lr": 0.0}


def test_a_run_starts_from_the_weights_and_vectors_of_its_base(make_config, tmp_path):
    first = run.begin(make_config(output=str(tmp_path / "first")))
    second = run.begin(make_config(output=str(tmp_path / "second"), base=str(tmp_path / "first"), **STILL))
    for key, value in first.net.state_dict().items():
        assert torch.allclose(second.net.state_dict()[key], value, atol=1e-6)
    assert list(second.vectors) == ["dots", "waves", "identity"]
    for name, vector in first.vectors.items():
        assert torch.allclose(second.vectors[name], vector, atol=1e-6)
    assert second.facts["base"]["steps"] == first.facts["steps"]


def test_a_style_that_the_base_does_not_know_starts_as_the_mean_of_its_styles(make_config, pictures, tmp_path):
    first = run.begin(make_config(output=str(tmp_path / "first")))
    new = tmp_path / "new.png"
    new.write_bytes((pictures / "paintings/dots.png").read_bytes())
    styles = (str(pictures / "paintings/waves.png"), str(new))
    second = run.begin(
        make_config(output=str(tmp_path / "second"), base=str(tmp_path / "first"), style=styles, **STILL)
    )
    assert torch.allclose(second.vectors["waves"], first.vectors["waves"], atol=1e-6)
    mean = (first.vectors["dots"] + first.vectors["waves"]) / 2
    assert torch.allclose(second.vectors["new"], mean, atol=1e-6)


def test_of_a_larger_base_the_channels_are_taken_that_matter_most(make_config, tmp_path):
    first = run.begin(make_config(output=str(tmp_path / "first")))
    second = run.begin(
        make_config(output=str(tmp_path / "second"), base=str(tmp_path / "first"), network=f"{TINY},inner=5", **STILL)
    )
    assert second.net.shape.inner == 5
    own, kernel = (net.trunk[1].first.layer.weights.weight for net in (second.net, first.net))
    rows = [next(i for i, row in enumerate(kernel) if torch.allclose(row, mine, atol=1e-6)) for mine in own]
    assert rows == sorted(set(rows))
    assert list(second.vectors) == list(first.vectors)


def test_without_a_network_it_is_the_bases(make_config, tmp_path):
    run.begin(make_config(output=str(tmp_path / "first"), network=f"{TINY},inner=5"))
    second = run.begin(make_config(output=str(tmp_path / "second"), base=str(tmp_path / "first"), network="", **STILL))
    assert second.net.shape.inner == 5
    assert second.facts["config"]["network"] == f"{TINY},inner=5"
    assert run.architecture(make_config(network="")) == "impasto"
    bundled = {run.architecture(make_config(network="", base=name)) for name in ("bundled", "main")}
    assert len(bundled) == 1


def test_a_base_of_another_network_is_refused(make_config, tmp_path):
    run.begin(make_config(output=str(tmp_path / "first")))
    with pytest.raises(InvalidOption, match="--base"):
        run.begin(
            make_config(output=str(tmp_path / "second"), base=str(tmp_path / "first"), network="impasto:blocks=1")
        )


def test_a_base_without_a_run_is_refused(make_config, tmp_path):
    with pytest.raises(TrainingError, match="holds no run"):
        run.begin(make_config(output=str(tmp_path / "second"), base=str(tmp_path / "nothing")))


def test_a_run_imitates_a_finished_one(make_config, tmp_path):
    run.begin(make_config(output=str(tmp_path / "first")))
    imitation = {"teacher": str(tmp_path / "first"), "content_weight": 0.0, "style_weight": 0.0}
    second = run.begin(make_config(output=str(tmp_path / "second"), network="impasto:channels=4,blocks=0", **imitation))
    assert list(second.vectors) == ["dots", "waves", "identity"]
    assert "teacher" in (tmp_path / "second" / "record.jsonl").read_text("utf-8")
    assert "teacher" not in second.facts["config"]


def test_a_teacher_that_does_not_know_a_style_is_refused(make_config, tmp_path):
    with pytest.raises(InvalidOption, match="--teacher: main knows no style dots"):
        run.begin(make_config(output=str(tmp_path / "run"), teacher="main"))
    with pytest.raises(TrainingError, match=r"--teacher: .*nothing holds no run"):
        run.begin(make_config(output=str(tmp_path / "run"), teacher=str(tmp_path / "nothing")))
