import threading
import time

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.batch import local
from impasto.batch.jobs import Job
from impasto.batch.local import paint_all
from impasto.errors import PictureTooLarge, UnreadablePicture, UnwritableOutput
from impasto.image import read


@pytest.fixture(scope="module")
def stylizer(tiny_model):
    return impasto.load(tiny_model.style("dots"))


def painted(outcomes):
    return [outcome.job.photo.name for outcome in outcomes if outcome.error is None]


def test_each_outcome_says_what_became_of_it(stylizer, photo, save, tmp_path):
    jobs = [Job(save("a.jpg", photo), tmp_path / "new/deep/a.png"), Job(save("b.png", photo[:50]), tmp_path / "b.jpg")]
    outcomes = list(paint_all(jobs, stylizer))
    assert [outcome.job for outcome in outcomes] == jobs
    assert [outcome.size for outcome in outcomes] == [(101, 77), (50, 77)]
    assert all(outcome.seconds > 0 and not outcome.notices for outcome in outcomes)
    for outcome in outcomes:
        with Image.open(outcome.job.output) as image:
            assert image.size == outcome.size[::-1]


def test_bad_files_in_the_middle_do_not_stop_the_rest(stylizer, photo, save, tmp_path):
    good = save("good.png", photo)
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "folder.png").mkdir()
    names = ("first", "empty", "text", "truncated", "absent", "loop", "folder", "last")
    save("empty.png")
    save("text.png", b"holiday")
    save("truncated.png", good.read_bytes()[:-500])
    for name in ("first.png", "last.png"):
        save(name, good.read_bytes())
    jobs = [Job(tmp_path / f"{name}.png", tmp_path / "out" / f"{name}.png") for name in names]
    outcomes = list(paint_all(jobs, stylizer))
    assert painted(outcomes) == ["first.png", "last.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first.png", "last.png"]
    for outcome in outcomes[1:-1]:
        assert isinstance(outcome.error, UnreadablePicture)
        assert outcome.error.name == str(outcome.job.photo)
        assert outcome.size == (0, 0)


def test_outputs_that_cannot_be_written_do_not_stop_the_rest(stylizer, photo, save, tmp_path):
    source = save("a.png", photo)
    (tmp_path / "taken.png").mkdir()
    outputs = [tmp_path / "taken.png", source / "inside.png", tmp_path / "fine.png"]
    outcomes = list(paint_all([Job(source, output) for output in outputs], stylizer))
    assert [type(outcome.error) for outcome in outcomes] == [UnwritableOutput, UnwritableOutput, type(None)]
    assert [outcome.error.name for outcome in outcomes[:2]] == [str(output) for output in outputs[:2]]


def test_a_painting_that_its_format_cannot_hold_does_not_stop_the_rest(stylizer, save, tmp_path):
    wide = save("wide.png", np.zeros((1, 17000, 3), np.uint8))
    jobs = [Job(wide, tmp_path / "wide.webp"), Job(wide, tmp_path / "wide.bmp")]
    first, second = paint_all(jobs, stylizer)
    assert isinstance(first.error, UnwritableOutput)
    assert "wide.webp" in str(first.error)
    assert "16383" in str(first.error)
    assert second.error is None


def test_a_photo_too_large_to_paint_does_not_stop_the_rest(tiny_model, photo, save, tmp_path):
    limited = impasto.load(tiny_model.style("dots"), max_pixels=2000)
    jobs = [
        Job(save("large.png", photo), tmp_path / "x.png"),
        Job(save("small.png", photo[::2, ::2]), tmp_path / "y.png"),
    ]
    first, second = paint_all(jobs, limited)
    assert isinstance(first.error, PictureTooLarge)
    assert "large.png" in str(first.error)
    assert second.error is None


def test_too_little_memory_for_one_does_not_stop_the_rest(tiny_model, photo, save, tmp_path, monkeypatch):
    stylizer = impasto.load(tiny_model.style("dots"))
    paint = stylizer.session.paint

    calls = []

    def fail_at_first(pixels, style):
        calls.append(pixels.shape)
        if len(calls) == 1:
            raise MemoryError
        return paint(pixels, style)

    monkeypatch.setattr(stylizer.session, "paint", fail_at_first)
    jobs = [Job(save(f"{width}.png", photo[:, :width]), tmp_path / f"{width}.jpg") for width in (51, 50)]
    first, second = paint_all(jobs, stylizer)
    assert "51.png" in str(first.error)
    assert "memory" in str(first.error)
    assert second.error is None


def test_the_next_is_read_and_the_last_is_written_while_one_is_painted(stylizer, photo, save, tmp_path, monkeypatch):
    """With work that only waits, three jobs take about as long as one and two paintings."""
    source = save("a.png", photo)
    jobs = [Job(source, tmp_path / f"{number}.png") for number in range(6)]
    picture = read(source)

    def slow(result):
        time.sleep(0.1)
        return result

    monkeypatch.setattr(local, "read", lambda *_, **__: slow(picture))
    monkeypatch.setattr(local, "write", lambda *_, **__: slow(None))
    monkeypatch.setattr(stylizer, "paint", lambda *_: slow(picture))
    began = time.perf_counter()
    assert len(list(paint_all(jobs, stylizer))) == 6
    assert time.perf_counter() - began < 0.1 * (6 + 2) + 0.3  # one after the other it would be 1.8 seconds


def test_an_error_ends_the_threads(stylizer, photo, save, tmp_path, monkeypatch):
    before = threading.active_count()
    jobs = [Job(save("a.png", photo), tmp_path / f"{number}.png") for number in range(4)]
    monkeypatch.setattr(stylizer, "paint", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(paint_all(jobs, stylizer))
    assert threading.active_count() == before


def test_what_the_user_should_know_about_a_file(stylizer, photo, grey, tmp_path):
    frames = [Image.fromarray(photo), Image.fromarray(photo[::-1])]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    (outcome,) = paint_all([Job(tmp_path / "moving.gif", tmp_path / "still.png")], stylizer)
    assert len(outcome.notices) == 1
    assert "moving.gif" in outcome.notices[0]
    assert "first frame" in outcome.notices[0]


def test_jobs_are_painted_as_they_are_asked_for(stylizer, photo, save, tmp_path):
    source = save("a.png", photo)
    outcomes = paint_all((Job(source, tmp_path / f"{n}.png") for n in range(10**9)), stylizer)
    next(outcomes)
    outcomes.close()
    assert 1 <= len([path for path in tmp_path.iterdir() if path != source]) <= 1 + local.AHEAD


def test_an_interruption_is_no_outcome(stylizer, photo, save, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("impasto.batch.local.write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        next(paint_all([Job(save("a.png", photo), tmp_path / "b.png")], stylizer))


def test_quality_is_passed_on(stylizer, photo, save, tmp_path):
    source = save("a.png", photo)
    for quality in (5, 95):
        list(paint_all([Job(source, tmp_path / f"{quality}.jpg")], stylizer, quality=quality))
    assert (tmp_path / "5.jpg").stat().st_size < (tmp_path / "95.jpg").stat().st_size / 2
