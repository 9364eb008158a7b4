import json
import logging
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.errors import (
    DataError,
    EngineUnavailable,
    InvalidOption,
    TrainingError,
    UnreadablePicture,
    WeightsError,
)
from impasto.training import hooks
from impasto.training import run as run_module
from impasto.training.distributed import World
from impasto.training.run import begin, resume, trained
from training.samples import TINY, checkpoint, differing

TWO_PHASES = {"size": (64, 32), "batch_size": (2, 3), "style_size": (64, 96), "share": (0.5, 0.5)}


class Stop(Exception):
    """What ends a run from inside."""


class Watched:
    """The photos of a folder; notes which are read."""

    def __init__(self, folder):
        self.paths, self.read_ones = sorted(folder.iterdir()), []

    def __len__(self):
        return len(self.paths)

    def name(self, index):
        return str(self.paths[index])

    def read(self, index):
        self.read_ones.append(index)
        return self.paths[index].read_bytes()


@pytest.fixture
def stop_after(monkeypatch):
    """Return a function that makes the next run end, by an error, in the hook of a step that is not yet recorded."""

    def arrange(step, error=Stop):
        recorded = hooks.Record.after_step

        def after_step(self, state, report, photos):
            if state.step == step and not done:
                done.append(step)
                raise error
            recorded(self, state, report, photos)

        done = []
        monkeypatch.setattr(hooks.Record, "after_step", after_step)

    return arrange


def record(run):
    return [json.loads(line) for line in (run / "record.jsonl").read_text().splitlines()]


def without_time(lines):
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


@pytest.mark.usefixtures("small_eyes")
class TestARun:
    def test_makes_a_network_and_a_vector_for_each_painting_and_the_identity(self, make_config):
        made = begin(make_config())
        assert list(made.vectors) == ["dots", "waves", "identity"]
        assert {vector.shape for vector in made.vectors.values()} == {(made.net.style_parameters,)}
        assert {vector.dtype for vector in made.vectors.values()} == {torch.float32}
        assert not any(vector.requires_grad for vector in made.vectors.values())
        assert not made.net.training
        assert made.facts["steps"] == 6
        assert made.facts["vgg"] == "caffe"
        assert made.facts["network"] == TINY
        assert not {"data", "output", "preview"} & set(made.facts["config"])
        json.dumps(made.facts)

    def test_leaves_its_config_its_record_and_its_checkpoint(self, make_config):
        config = make_config(log_every=2)
        begin(config)
        run = Path(config.output)
        assert json.loads((run / "config.json").read_text()) == config.to_dict()
        assert [line["step"] for line in record(run)] == [2, 4, 6]
        assert set(record(run)[0]) == {
            "step", "seconds", "loss", "content", "style", "tv", "range", "steady", "identity",
        }  # fmt: skip
        assert checkpoint(run)["step"] == 6
        assert list((run / "tensorboard").iterdir())
        assert not list(run.glob(".impasto-*"))

    def test_without_an_identity_gives_none(self, make_config):
        assert list(begin(make_config(identity_weight=0.0, steps=1)).vectors) == ["dots", "waves"]

    def test_gives_the_average_that_trained_gives_from_the_checkpoint(self, make_config):
        config = make_config()
        made = begin(config)
        again = trained(Path(config.output))
        assert differing(made.net.state_dict(), again.net.state_dict()) == []
        assert differing(made.vectors, again.vectors) == []
        assert made.facts == again.facts
        weights = checkpoint(Path(config.output))
        assert torch.equal(made.vectors["waves"], weights["average"]["module.vectors"][1])
        assert not torch.equal(made.vectors["waves"], weights["model"]["vectors"][1])

    def test_is_the_same_again_and_another_with_another_seed(self, make_config, tmp_path):
        configs = [make_config(output=str(tmp_path / name), seed=int(name == "c"), steps=3) for name in "abc"]
        for config in configs:
            begin(config)
        first, second, third = (checkpoint(Path(config.output)) for config in configs)
        assert differing(first, second) == []
        assert differing(first["model"], third["model"]) != []

    def test_leaves_the_global_random_state_alone(self, make_config):
        before = torch.get_rng_state()
        begin(make_config(steps=1))
        assert torch.equal(torch.get_rng_state(), before)

    def test_paints_previews_of_any_photo(self, make_config, save):
        pixels = np.random.default_rng(0).integers(0, 256, (500, 500, 3), np.uint8)
        photos = [save("odd.png", pixels[:101, :77]), save("dot.png", pixels[:1, :1]), save("line.png", pixels[:, :1])]
        config = make_config(preview=tuple(map(str, photos)), preview_every=2, steps=2)
        begin(config)
        [sheet] = (Path(config.output) / "previews").iterdir()
        assert sheet.name == "step-000002.png"
        height, width = Image.open(sheet).size[::-1]
        assert height > 3 * 384
        assert width > 3 * 384

    def test_of_several_sizes_uses_each_for_its_steps(self, make_config, monkeypatch):
        seen = []
        steps = run_module.StyleTask.loss

        def loss(self, model, photos, step):
            seen.append((step, tuple(photos.shape), self.targets["relu1_1"].clone()))
            return steps(self, model, photos, step)

        monkeypatch.setattr(run_module.StyleTask, "loss", loss)
        begin(make_config(**TWO_PHASES))
        assert [(step, shape) for step, shape, _ in seen] == [
            *((step, (2, 3, 64, 64)) for step in (0, 1, 2)),
            *((step, (3, 3, 32, 32)) for step in (3, 4, 5)),
        ]
        assert torch.equal(seen[0][2], seen[2][2])
        assert not torch.equal(seen[2][2], seen[3][2])

    def test_sees_every_photo_once_in_an_epoch(self, make_config, pictures, monkeypatch):
        source = Watched(pictures / "photos")
        monkeypatch.setattr(run_module, "open_sources", lambda data: source)
        made = begin(make_config(steps=0, epochs=1.0, blank=0.0))
        assert made.facts["steps"] == 4
        assert sorted(source.read_ones) == list(range(8))

    def test_reports_an_unreadable_photo_once_and_goes_on(self, make_config, pictures, tmp_path, caplog):
        shutil.copytree(pictures / "photos", tmp_path / "photos")
        (tmp_path / "photos" / "3.jpg").write_bytes(b"no photo")
        with caplog.at_level(logging.WARNING):
            begin(make_config(data=(str(tmp_path / "photos"),), steps=8, blank=0.0))
        assert [message for message in caplog.messages if "3.jpg" in message] != []
        assert len([message for message in caplog.messages if "3.jpg" in message]) == 1

    def test_can_decode_photos_in_other_processes(self, make_config, tmp_path):
        for workers in (0, 1):
            begin(make_config(output=str(tmp_path / str(workers)), workers=workers, steps=2))
        assert differing(checkpoint(tmp_path / "0"), checkpoint(tmp_path / "1")) == []

    @pytest.mark.parametrize("network", ["johnson:norm=batch,channels=8", "johnson:norm=conditional,channels=8"])
    def test_trains_johnsons_networks_on_the_papers_losses(self, make_config, network):
        styles = make_config().style if "conditional" in network else make_config().style[:1]
        config = make_config(network=network, losses="absolute", style=styles, tv_weight=1e-6, steps=2)
        made = begin(config)
        expected = ["dots", "waves", "identity"] if "conditional" in network else ["dots"]
        assert list(made.vectors) == expected
        assert all(np.isfinite(line["loss"]) for line in record(Path(config.output)))
        assert all(value.isfinite().all() for value in made.net.state_dict().values())

    @pytest.mark.parametrize("options", [{}, {"auto": True}, {"auto": True, "losses": "absolute"}])
    def test_on_one_grey_photo_with_larger_batches_and_a_flat_painting_stays_finite(self, make_config, save, options):
        photo = save("grey/photo.png", np.full((70, 90), 130, np.uint8))
        flat = save("flat.png", np.full((80, 80, 3), (200, 30, 30), np.uint8))
        made = begin(make_config(data=(str(photo.parent),), style=(str(flat),), batch_size=(5,), **options))
        assert made.facts["steps"] == 6
        assert all(value.isfinite().all() for value in [*made.net.state_dict().values(), *made.vectors.values()])

    def test_in_bfloat16_is_close_to_one_in_float32(self, make_config, tmp_path):
        for precision in ("f32", "bf16"):
            begin(make_config(output=str(tmp_path / precision), precision=precision, steps=2))
        exact, rough = (record(tmp_path / precision)[-1]["loss"] for precision in ("f32", "bf16"))
        assert exact != rough
        assert rough == pytest.approx(exact, rel=0.05)


@pytest.mark.usefixtures("small_eyes")
class TestResuming:
    @pytest.mark.parametrize("network", [TINY, "johnson:norm=batch,channels=4"])
    @pytest.mark.parametrize("after", [2, 3, 4])
    def test_is_exact_within_a_phase_and_across_phases(self, make_config, tmp_path, stop_after, after, network):
        styles = make_config().style[: 2 if network == TINY else 1]
        options = {**TWO_PHASES, "network": network, "style": styles, "checkpoint_every": 100, "weight_decay": 0.01}
        begin(make_config(output=str(tmp_path / "whole"), **options))
        stop_after(after)
        config = make_config(output=str(tmp_path / "parts"), **options)
        with pytest.raises(Stop):
            begin(config)
        assert checkpoint(tmp_path / "parts")["step"] == after
        made = resume(tmp_path / "parts")
        assert differing(checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "parts")) == []
        assert differing(made.vectors, trained(tmp_path / "whole").vectors) == []
        missing = [line for line in without_time(record(tmp_path / "whole")) if line["step"] != after]
        assert without_time(record(tmp_path / "parts")) == missing

    def test_from_an_old_checkpoint_repeats_the_steps_and_their_lines(self, make_config, tmp_path):
        whole = make_config(output=str(tmp_path / "whole"))
        begin(whole)
        begin(make_config(output=str(tmp_path / "old"), checkpoint_every=4))
        old = make_config(output=str(tmp_path / "parts"), checkpoint_every=2)

        class Killed(hooks.Checkpoints):
            """Saves the second step and never again, as if the machine had lost its power after the fifth."""

            def after_step(self, state, report, photos):
                if state.step == 2:
                    super().after_step(state, report, photos)
                if state.step == 5:
                    raise Stop

            def close(self):
                pass

        with pytest.MonkeyPatch.context() as patch, pytest.raises(Stop):
            patch.setattr(hooks, "Checkpoints", Killed)
            begin(old)
        assert [line["step"] for line in record(tmp_path / "parts")] == [1, 2, 3, 4, 5]
        assert checkpoint(tmp_path / "parts")["step"] == 2
        resume(tmp_path / "parts")
        assert without_time(record(tmp_path / "parts")) == without_time(record(tmp_path / "whole"))
        assert differing(checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "parts")) == []

    def test_after_ctrl_c_in_a_hook_starts_from_the_last_whole_step(self, make_config, tmp_path, stop_after):
        begin(make_config(output=str(tmp_path / "whole")))
        config = make_config(output=str(tmp_path / "parts"), checkpoint_every=3)
        stop_after(4, KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            begin(config)
        assert checkpoint(tmp_path / "parts")["step"] == 4
        resume(tmp_path / "parts")
        assert differing(checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "parts")) == []

    def test_a_finished_run_returns_it_untouched(self, make_config, monkeypatch):
        config = make_config()
        made = begin(config)
        run = Path(config.output)
        before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
        monkeypatch.setattr(run_module, "load_vgg19", lambda *_, **__: pytest.fail("nothing is to be trained"))
        again = resume(run)
        assert differing(made.vectors, again.vectors) == []
        assert made.facts == again.facts
        assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before

    def test_a_finished_run_is_returned_without_its_pictures(self, make_config, pictures, tmp_path):
        config = make_config(
            style=(str(shutil.copy(pictures / "paintings/dots.png", tmp_path)),),
            data=(str(shutil.copytree(pictures / "photos", tmp_path / "photos")),),
        )
        made = begin(config)
        shutil.rmtree(tmp_path / "photos")
        (tmp_path / "dots.png").unlink()
        assert differing(made.vectors, resume(Path(config.output)).vectors) == []

    def test_a_run_that_was_moved_goes_on_where_it_is(self, make_config, tmp_path, stop_after):
        stop_after(3)
        config = make_config()
        with pytest.raises(Stop):
            begin(config)
        Path(config.output).rename(tmp_path / "moved")
        resume(tmp_path / "moved")
        assert checkpoint(tmp_path / "moved")["step"] == 6
        assert not Path(config.output).exists()

    def test_a_run_that_is_not_there_is_refused(self, tmp_path):
        for function in (resume, trained):
            with pytest.raises(TrainingError, match="holds no run"):
                function(tmp_path / "nothing")

    def test_a_run_whose_options_are_unknown_is_refused(self, make_config, tmp_path):
        config = make_config(steps=1)
        begin(config)
        path = Path(config.output) / "checkpoint.pt"
        saved = torch.load(path, weights_only=True)
        saved["config"]["telepathy"] = 3
        torch.save(saved, path)
        with pytest.raises(InvalidOption, match="no training option 'telepathy'"):
            resume(path.parent)

    def test_a_loss_that_is_no_number_keeps_the_state_before_it(self, make_config, monkeypatch):
        steps = run_module.StyleTask.loss

        def loss(self, model, photos, step):
            value, terms = steps(self, model, photos, step)
            return (value * float("nan") if step == 4 else value), terms

        monkeypatch.setattr(run_module.StyleTask, "loss", loss)
        config = make_config(checkpoint_every=3)
        with pytest.raises(TrainingError, match="the loss became nan at step 5"):
            begin(config)
        saved = checkpoint(Path(config.output))
        assert saved["step"] == 4
        assert all(value.isfinite().all() for value in saved["model"].values())


class TestRefusals:
    """Before any step, and before VGG-19 is loaded."""

    @pytest.fixture(autouse=True)
    def _never_so_far(self, monkeypatch):
        monkeypatch.setattr(run_module, "load_vgg19", lambda *_, **__: pytest.fail("VGG-19 was loaded"))

    @pytest.mark.parametrize(
        ("changes", "error", "words"),
        [
            ({"style": ()}, InvalidOption, "training needs --style"),
            ({"data": ()}, InvalidOption, "training needs --data"),
            ({"output": ""}, InvalidOption, "training needs --output"),
            ({"style": ("absent.jpg",)}, UnreadablePicture, "absent.jpg: there is no such file"),
            ({"style": ("a/x.jpg", "b/x.jpg")}, InvalidOption, "two paintings are called 'x'"),
            ({"preview": ("absent.jpg",)}, UnreadablePicture, "absent.jpg: there is no such file"),
            ({"data": ("absent",)}, DataError, "absent"),
            ({"network": "magic"}, InvalidOption, "there is no family 'magic'"),
            ({"network": "johnson"}, InvalidOption, "it takes 1 --style, not 2"),
            ({"size": (66,)}, InvalidOption, "--size must be a multiple of 4 for this network, got 66"),
            ({"content_layers": ("relu9_9",)}, InvalidOption, "--content-layers: VGG-19 has no layer 'relu9_9'"),
            ({"style_layers": ("relu1_1", "x")}, InvalidOption, "--style-layers: VGG-19 has no layer 'x'"),
            ({"device": "warp"}, EngineUnavailable, "--device is auto, cpu, cuda or cuda:N, got 'warp'"),
        ],
    )
    def test_options_that_cannot_be_used(self, make_config, changes, error, words):
        config = make_config(**changes)
        with pytest.raises(error) as refused:
            begin(config)
        assert words in str(refused.value)
        assert "\n" not in str(refused.value)
        assert not config.output or not Path(config.output).exists()

    def test_a_painting_that_is_no_picture(self, make_config, save):
        with pytest.raises(UnreadablePicture, match=r"bad\.jpg"):
            begin(make_config(style=(str(save("bad.jpg", b"text")),)))

    def test_a_folder_without_photos(self, make_config, tmp_path):
        (tmp_path / "empty").mkdir()
        with pytest.raises(DataError, match="holds no pictures"):
            begin(make_config(data=(str(tmp_path / "empty"),)))

    def test_an_output_that_is_a_file_or_lies_in_one(self, make_config, save):
        path = save("file", b"x")
        for output in (path, path / "run"):
            with pytest.raises(TrainingError, match="--output: cannot write to"):
                begin(make_config(output=str(output)))

    def test_an_output_that_may_not_be_written_to(self, make_config, tmp_path, unprivileged):
        (tmp_path / "closed").mkdir()
        (tmp_path / "closed").chmod(0o555)
        config = make_config(output=str(tmp_path / "closed" / "run"))
        with unprivileged(), pytest.raises(TrainingError, match="--output: cannot write to"):
            run_module._make_folder(Path(config.output), config)

    def test_a_folder_that_holds_a_run(self, make_config):
        config = make_config()
        Path(config.output).mkdir()
        (Path(config.output) / "checkpoint.pt").write_bytes(b"")
        with pytest.raises(InvalidOption) as refused:
            begin(config)
        assert str(refused.value) == (
            f"--output: {config.output} holds a run; go on with it by --resume {config.output}, or name another folder"
        )


def test_weights_that_are_not_there_are_an_error_before_the_first_step(make_config, tmp_path):
    config = make_config(vgg=str(tmp_path / "absent.pth"))
    with pytest.raises(WeightsError, match=r"absent\.pth"):
        begin(config)
    assert not (Path(config.output) / "checkpoint.pt").exists()


@pytest.mark.usefixtures("small_eyes")
def test_a_folder_left_by_a_run_without_a_checkpoint_can_be_used_again(make_config):
    config = make_config()
    run = Path(config.output)
    run.mkdir()
    (run / "record.jsonl").write_text('{"step": 1}\n{"step": 2}\n')
    begin(config)
    assert [line["step"] for line in record(run)] == [1, 2, 3, 4, 5, 6]


def at(step, samples):
    return SimpleNamespace(step=step, samples=samples)


def test_the_processes_of_a_run_see_different_photos_and_together_all(make_config, pictures):
    config = make_config(blank=0.0, steps=0, epochs=1.0)
    [phase] = config.phases(8, 2)
    sources = [Watched(pictures / "photos") for _ in range(2)]
    for rank, source in enumerate(sources):
        batches = list(run_module._batches(config, phase, at(0, 0), source, World(rank, 2)))
        assert len(batches) == phase.last == 2
    first, second = (source.read_ones for source in sources)
    assert not set(first) & set(second)
    assert sorted(first + second) == list(range(8))


def test_a_process_that_goes_on_sees_what_it_would_have_seen(make_config, pictures):
    config = make_config(**TWO_PHASES)
    source, world, samples = Watched(pictures / "photos"), World(1, 2), 0
    for phase in config.phases(8, 2):
        whole = list(run_module._batches(config, phase, at(phase.first, samples), source, world))
        further = at(phase.first + 1, samples + 2 * phase.batch_size)
        rest = list(run_module._batches(config, phase, further, source, world))
        samples += 3 * 2 * phase.batch_size
        assert len(whole) == 3
        assert differing(whole[1:], rest) == []
