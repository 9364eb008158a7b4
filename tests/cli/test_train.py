import json
import signal
import subprocess
import sys

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from impasto.cli import train
from impasto.model import Manifest

from .conftest import with_source

FAST = (
    *(
        "--network",
        "impasto:channels=8,blocks=1,decoder=8x8",
        "--steps",
        4,
        "--size",
        64,
        "--share",
        1,
        "--batch-size",
        2,
    ),
    *("--style-size", 64, "--workers", 0, "--precision", "f32", "--device", "cpu", "--log-every", 1),
)


@pytest.fixture
def pictures(folder):
    """Put three photos into photos/ and two paintings into paintings/, one with a comma in its name."""
    for name in ("photos/astronaut", "photos/chelsea", "photos/rocket", "paintings/coffee", "paintings/sky, deep"):
        pixels = getattr(skimage.data, {"sky, deep": "hubble_deep_field"}.get(name.split("/")[1], name.split("/")[1]))()
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).resize((96, 80)).save(f"{name}.jpg")


def test_a_run_is_interrupted_goes_on_and_its_styles_paint(impasto, pictures, folder, monkeypatch):
    clip, calls = torch.nn.utils.clip_grad_norm_, []

    def interrupt_once(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return clip(*arguments, **options)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", interrupt_once)
    options = ("--style", "paintings", "--data", "photos", "-o", "run", "--preview", "photos/rocket.jpg")
    result = impasto("train", *options, "--preview-every", 2, *FAST)
    assert result.code == 130
    assert "impasto: interrupted" in result.err
    assert (folder / "run/checkpoint.pt").exists()
    assert not (folder / "run/network.onnx").exists()

    impasto("train", *options, *FAST).refused("--output", "run", "--resume run", code=2)

    result = impasto("train", "--resume", "run")
    assert result.code == 0
    assert len(calls) == 4
    assert result.out.splitlines() == [
        f"run/{name}"
        for name in ("network.safetensors", "network.onnx", "styles/coffee.style", "styles/sky, deep.style")
    ]
    record = [json.loads(line)["step"] for line in (folder / "run/record.jsonl").read_text().splitlines()]
    assert record == [1, 2, 3, 4]
    assert (folder / "run/previews/step-000004.png").exists()
    facts = Manifest.read(folder / "run/network.safetensors").training
    assert facts["steps"] == 4

    for style in ("run/styles/coffee.style", "run/styles/sky, deep.style"):
        assert impasto("stylize", "photos/rocket.jpg", "-s", style, "-o", "x.png").code == 0
        with Image.open("x.png") as painting:
            assert painting.size == (96, 80)
            assert np.asarray(painting).std() > 1


def test_resume_takes_no_other_options(impasto, folder, names):
    impasto("train", "--resume", "run", "--steps", 9).refused("--resume", code=2)
    impasto("train", "--resume", "run", "--config", "recipe.toml").refused("--resume", code=2)
    impasto("train", "--resume", "run").refused("run", "checkpoint.pt")
    assert names() == []


def test_what_a_run_needs(impasto, pictures, names):
    before = names()
    impasto("train").refused("--style", code=2)
    impasto("train", "--style", "paintings/coffee.jpg").refused("--data", code=2)
    impasto("train", "--style", "paintings/coffee.jpg", "--data", "photos").refused("--output", code=2)
    assert names() == before


@pytest.mark.parametrize(
    ("wrong", "words", "code"),
    [
        (("--style", "absent.jpg"), ["absent.jpg"], 1),
        (("--style", ""), ["empty"], 2),
        (("--style", "photos/*.png"), ["photos/*.png"], 2),
        (("--data", "absent"), ["absent"], 1),
        (("--data", "empty"), ["empty"], 1),
        (("--steps", "-1"), ["--steps"], 2),
        (("--steps", "many"), ["--steps"], 2),
        (("--size", "128,large"), ["--size"], 2),
        (("--size", "8"), ["--size"], 2),
        (("--lr", "nan"), ["--lr"], 2),
        (("--losses", "none"), ["--losses"], 2),
        (("--network", "resnet"), ["resnet"], 2),
        (("--network", "impasto:depth=3"), ["depth"], 2),
        (("--config", "absent.toml"), ["absent.toml"], 2),
        (("--config", "broken.toml"), ["broken.toml"], 2),
        (("--config", "unknown.toml"), ["stile"], 2),
        (("--device", "abacus"), ["abacus"], 1),
    ],
)
def test_wrong_options_are_one_line_and_nothing_is_written(impasto, pictures, folder, names, wrong, words, code):
    (folder / "empty").mkdir()
    (folder / "broken.toml").write_text("steps = = 4")
    (folder / "unknown.toml").write_text('stile = ["a.jpg"]')
    before = names()
    usual = {"--style": "paintings/coffee.jpg", "--data": "photos", "--output": "run"}
    usual.update([wrong])
    impasto("train", *(word for pair in usual.items() for word in pair)).refused(*words, code=code)
    assert names() == before


def test_a_recipe_gives_what_the_command_line_does_not(folder, pictures):
    recipe = folder / "recipe.toml"
    recipe.write_text('style = ["paintings"]\ndata = "photos"\noutput = "there"\nsteps = 7\nlr = 1\nsize = [64, 96]')
    config = train.config_of(str(recipe), {"steps": 3})
    assert (config.steps, config.lr, config.size, config.output) == (3, 1.0, (64, 96), "there")
    assert config.style == ("paintings/coffee.jpg", "paintings/sky, deep.jpg")


def test_a_network_goes_where_the_recipe_says(impasto, folder, pictures, make_trained, monkeypatch):
    monkeypatch.setattr("impasto.training.run.begin", lambda config: make_trained())
    monkeypatch.setattr("impasto.export.write_model", lambda trained, folder: [folder / "network.onnx"])
    (folder / "recipe.toml").write_text('style = "paintings/coffee.jpg"\ndata = "photos"\noutput = "there"')
    assert impasto("train", "--config", "recipe.toml").out == "there/network.onnx\n"
    assert impasto("train", "--config", "recipe.toml", "-o", "here").out == "here/network.onnx\n"


def test_without_torch_it_says_what_to_install(folder):
    program = (
        "import sys; sys.modules['torch'] = None; from impasto.cli import main; main(['train', '--resume', 'run'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=with_source(), timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "impasto: training needs torch; pip install 'impasto[train]'\n"


def test_the_help_needs_no_torch(folder):
    program = "import sys; sys.modules['torch'] = None; from impasto.cli import main; main(['train', '--help'])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=with_source(), timeout=60, check=False
    )
    assert done.returncode == 0
    assert "--style-weight" in done.stdout


def test_what_is_true_or_false_is_a_flag(impasto, folder, pictures, make_trained, monkeypatch):
    seen = []
    monkeypatch.setattr("impasto.training.run.begin", lambda config: seen.append(config) or make_trained())
    monkeypatch.setattr("impasto.export.write_model", lambda trained, folder: [])
    (folder / "recipe.toml").write_text('style = "paintings/coffee.jpg"\ndata = "photos"\noutput = "run"\nauto = true')
    for flags in ((), ("--no-auto",), ("--auto",)):
        assert impasto("train", "--config", "recipe.toml", *flags).code == 0
    assert [config.auto for config in seen] == [True, False, True]


def test_only_the_leading_process_writes_the_network(impasto, folder, pictures, make_trained, monkeypatch):
    monkeypatch.setattr("impasto.training.run.begin", lambda config: make_trained())
    monkeypatch.setattr("impasto.export.write_model", lambda trained, folder: [folder / "network.onnx"])
    given = ("train", "--style", "paintings/coffee.jpg", "--data", "photos", "-o", "run")
    monkeypatch.setenv("RANK", "1")
    assert impasto(*given).out == ""
    monkeypatch.setenv("RANK", "0")
    assert impasto(*given).out == "run/network.onnx\n"
