"""A collection from its source to its report, in this process."""

import numpy as np
import pytest
from PIL import Image

from impasto import api
from impasto.batch import run as running
from impasto.batch.config import BatchOptions
from impasto.errors import InvalidOption, UnreadablePicture, UnwritableOutput
from impasto.image import read

from .conftest import BAD, NETWORK, ledger, paintings, report, stamps

NAMES = [
    *(f"{n:02d}.{('jpeg', 'png', 'gif.png')[n % 3]}" for n in range(0, 12, 2)),
    *(f"deep/er/{n:02d}.{('jpeg', 'png', 'gif.png')[n % 3]}" for n in range(1, 12, 2)),
]


def test_a_folder_is_painted_as_stylize_paints(paint, album, tmp_path):
    done = paint(album, tmp_path / "out", strength=1.0)
    assert paintings(tmp_path / "out") == sorted(NAMES)
    assert (done.painted, done.painted_now, len(done.failed), done.whole) == (12, 12, len(BAD), True)
    whole = np.asarray(api.stylize(album / "10.png", "starry-night", **NETWORK), np.int16)
    assert np.abs(read(tmp_path / "out/10.png").pixels.astype(np.int16) - whole).max() <= 1


def test_what_is_no_photo_is_reported_and_does_not_stop_the_rest(paint, album, tmp_path):
    done = paint(album, tmp_path / "out")
    lines = report(tmp_path / "out")
    assert {line["photo"] for line in lines if "error" in line} == {str(album / name) for name in BAD}
    assert all(line["error"] for line in lines if "error" in line)
    assert done.report == str(tmp_path / "out/report.jsonl")


def test_a_second_run_paints_nothing(paint, album, tmp_path):
    first = paint(album, tmp_path / "out")
    before = stamps(tmp_path / "out")
    second = paint(album, tmp_path / "out")
    assert stamps(tmp_path / "out") == before
    assert (second.painted, second.painted_now, second.failed) == (12, 0, first.failed)


@pytest.mark.parametrize("options", [{}, {"chunk": 2}, {"chunk": 100}])
def test_it_goes_on_where_an_error_ended_it(paint, album, tmp_path, monkeypatch, options):
    """However chunks are made the second time, nothing is painted twice and nothing is left out."""
    monkeypatch.setattr("impasto.batch.worker.encode", failing_after(5))
    with pytest.raises(UnwritableOutput, match="disk"):
        paint(album, tmp_path / "out", chunk=4)
    before = stamps(tmp_path / "out")
    assert 0 < len(before) < 12
    monkeypatch.undo()
    done = paint(album, tmp_path / "out", **options)
    after = stamps(tmp_path / "out")
    assert sorted(after) == sorted(NAMES)
    assert {name: after[name] for name in before} == before
    assert (done.painted, done.painted_now) == (12, 12 - len(before))
    assert {path.name for path in (tmp_path / "out/.impasto").iterdir()} == {"run.json", "done", "lock"}


def failing_after(count):
    from impasto.image import encode

    calls = []

    def failing(*arguments):
        calls.append(1)
        if len(calls) > count:
            raise UnwritableOutput("out", "the disk is full")
        return encode(*arguments)

    return failing


def test_failures_are_tried_again_when_asked(paint, album, tmp_path, bytes_of):
    paint(album, tmp_path / "out")
    before = stamps(tmp_path / "out")
    (album / "empty.jpg").write_bytes(bytes_of())
    assert len(paint(album, tmp_path / "out").failed) == 3
    done = paint(album, tmp_path / "out", retry=True)
    assert [name for name, _ in done.failed] == [str(album / "cut.jpg"), str(album / "text.png")]
    after = stamps(tmp_path / "out")
    assert set(after) - set(before) == {"empty.jpg"}
    assert {name: after[name] for name in before} == before
    assert len(report(tmp_path / "out")) == len(done.failed) + len(done.notices)


def test_a_report_goes_when_there_is_nothing_to_report(paint, album, tmp_path):
    paint(album, tmp_path / "out", chunk=100)
    for name in BAD:
        (album / name).unlink()
    for file in album.rglob("*.gif"):
        file.unlink()
    done = paint(album, tmp_path / "out", chunk=100)
    assert (done.failed, done.report) == ([], "")
    assert not (tmp_path / "out/report.jsonl").exists()


def test_photos_that_come_later_are_painted_then(paint, album, tmp_path, bytes_of):
    paint(album, tmp_path / "out")
    before = stamps(tmp_path / "out")
    (album / "05a.jpg").write_bytes(bytes_of())
    done = paint(album, tmp_path / "out")
    after = stamps(tmp_path / "out")
    assert set(after) - set(before) == {"05a.jpg"}
    assert {name: after[name] for name in before} == before
    assert (done.painted, done.painted_now) == (13, 1)


def test_paintings_that_were_there_stay(paint, album, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/10.png").write_bytes(b"mine")
    done = paint(album, tmp_path / "out")
    assert (tmp_path / "out/10.png").read_bytes() == b"mine"
    assert (done.painted, done.painted_now) == (12, 11)


@pytest.mark.parametrize(
    ("again", "words"),
    [
        ({"style": "great-wave"}, "style van-gogh-starry-night, not hokusai-great-wave"),
        ({"format": "png"}, "--format"),
        ({"quality": 50}, "--quality 95, not 50"),
        ({"to": "tars"}, "--to"),
        ({"strength": 0.5}, "--strength 0.0, not 0.5"),
    ],
)
def test_an_output_is_of_one_kind(paint, album, tmp_path, again, words):
    paint(album, tmp_path / "out", limit=1)
    with pytest.raises(InvalidOption, match=words):
        paint(album, tmp_path / "out", **again)


def test_limit_and_then_the_rest(paint, album, tmp_path):
    paint(album, tmp_path / "out", limit=5)
    first = stamps(tmp_path / "out")
    assert len(first) == 5
    paint(album, tmp_path / "out")
    assert sorted(stamps(tmp_path / "out")) == sorted(NAMES)
    assert {name: stamps(tmp_path / "out")[name] for name in first} == first


def test_shards_are_all_of_it_and_each_once(paint, album, tmp_path):
    done = [paint(album, tmp_path / "out", shard=f"{part}/3") for part in (1, 2, 3)]
    assert paintings(tmp_path / "out") == sorted(NAMES)
    assert sum(each.painted_now for each in done) == 12
    assert sum(len(each.failed) for each in done) == 3
    reported = [line for part in (1, 2, 3) for line in report(tmp_path / "out", f"report-{part}-of-3.jsonl")]
    assert len([line for line in reported if "error" in line]) == 3


def test_shards_are_painted_at_once_and_whole_runs_one_by_one(paint, album, tmp_path):
    """A run within a run stands for a second command."""
    out, began = tmp_path / "out", []

    def refused(**options):
        with pytest.raises(UnwritableOutput, match=rf"^{out}: another command is painting there"):
            paint(album, out, **options)

    def beside_all(_):
        refused()
        refused(shard="1/2")

    def beside_a_shard(_):
        refused()
        refused(shard="01/2")
        if not began:
            began.append(paint(album, out, shard="2/2").painted_now)

    one = paint(album, out, shard="1/2", chunk=2, follow=beside_a_shard)
    assert one.painted_now + began[0] == 12
    (album / "00.jpeg").rename(album / "new.jpeg")
    assert paint(album, out, follow=beside_all).painted_now == 1
    assert sorted(paintings(out)) == sorted([*NAMES, "new.jpeg"])


def test_another_format(paint, album, tmp_path):
    paint(album, tmp_path / "out", format="webp")
    assert "00.jpeg.webp" in paintings(tmp_path / "out")
    with Image.open(tmp_path / "out/00.jpeg.webp") as image:
        assert (image.format, image.size) == ("WEBP", (30, 40))


def test_photos_that_would_be_one_painting(paint, tmp_path, bytes_of):
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / "a.gif").write_bytes(bytes_of(0, "GIF"))
    (folder / "a.gif.png").write_bytes(bytes_of(1, "PNG"))
    done = paint(folder, tmp_path / "out")
    assert done.painted == 1
    ((name, reason),) = done.failed
    assert name.endswith("a.gif.png")
    assert "of another" in reason


def test_the_output_may_lie_among_the_photos(paint, album):
    paint(album, album / "out")
    assert paint(album, album / "out", chunk=3).painted_now == 0
    assert paintings(album / "out") == sorted(NAMES)
    with pytest.raises(UnwritableOutput, match="folder of the photos"):
        paint(album, album)


def test_one_photo(paint, album, tmp_path):
    assert paint(album / "10.png", tmp_path / "out").painted == 1
    assert paintings(tmp_path / "out") == ["10.png"]


def test_patterns(paint, album, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paint("album/**/*.png", "out")
    assert paintings("out") == ["04.png", "10.png", "deep/er/01.png", "deep/er/07.png"]
    paint("album/{04,10}.png", "braces")
    assert paintings("braces") == ["04.png", "10.png"]
    with pytest.raises(InvalidOption, match="nothing matches"):
        paint("album/*.bmp", "none")


def test_sources_that_are_not_there(paint, tmp_path):
    with pytest.raises(UnreadablePicture, match=r"absent: there is no such"):
        paint(tmp_path / "absent", tmp_path / "out")
    (tmp_path / "none").mkdir()
    with pytest.raises(InvalidOption, match="no photos"):
        paint(tmp_path / "none", tmp_path / "out")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InvalidOption, match="no folder, manifest"):
        paint(tmp_path / "notes.txt", tmp_path / "out")
    with pytest.raises(InvalidOption, match="nosuch"):
        paint("nosuch://bucket/photos", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_outputs_that_cannot_be_written(paint, album, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnwritableOutput, match="file"):
        paint(album, tmp_path / "file")
    with pytest.raises(UnwritableOutput, match=r"/proc/out.*cannot be made"):
        paint(album, "/proc/out")
    with pytest.raises(InvalidOption, match="nosuch"):
        paint(album, "nosuch://bucket")


def test_a_photo_in_the_way_of_anothers_folder_does_not_stop_the_rest(paint, album, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/deep").write_text("in the way")
    done = paint(album, tmp_path / "out")
    assert (done.painted, len(done.failed)) == (6, 6 + 3)


def test_a_fault_of_our_own_is_one_photos_failure(paint, album, tmp_path, monkeypatch):
    def faulty(picture, *rest):
        if picture.size[0] == 41:
            raise ZeroDivisionError("a fault")
        return original(picture, *rest)

    original = running.Painter.__call__.__globals__["encode"]
    monkeypatch.setattr("impasto.batch.worker.encode", faulty)
    (album / "41.png").write_bytes(b"")
    Image.fromarray(np.zeros((41, 30, 3), np.uint8)).save(album / "41.png")
    done = paint(album, tmp_path / "out")
    assert ("ZeroDivisionError: a fault") in dict(done.failed)[str(album / "41.png")]
    assert done.painted == 12


def test_too_large_a_photo(paint, album, tmp_path, resolve):
    small = resolve("").changed({"max_pixels": 1199})
    done = running.batch(str(album), str(tmp_path / "out"), small, resolve, BatchOptions(workers=1))
    assert done.painted == 0
    assert sum("limit" in reason for _, reason in done.failed) == 12


def test_too_large_a_photo_is_tried_again_with_a_higher_limit(album, tmp_path, resolve):
    out, small = tmp_path / "out", resolve("").changed({"max_pixels": 1199, "max_memory": "3GB"})
    assert running.batch(str(album), str(out), small, resolve, BatchOptions(workers=1)).painted == 0
    retry = BatchOptions(workers=1, retry=True)
    assert running.batch(str(album), str(out), resolve(""), resolve, retry).painted_now == 12


def test_progress_knows_what_is_left(paint, album, tmp_path):
    seen = []
    paint(album, tmp_path / "out", chunk=4, follow=lambda progress: seen.append((progress.part, progress.seconds_left)))
    assert len(seen) == 4
    assert seen[-1] == (1.0, 0.0)
    assert all(part is None or 0 < part <= 1 for part, _ in seen)


def test_the_ledger_has_each_photo_once(paint, album, tmp_path):
    paint(album, tmp_path / "out", chunk=4)
    records = ledger(tmp_path / "out")
    assert len(records) == 4
    assert sum(record["painted"] for record in records) == 12
    assert sorted(name for record in records for name, _ in record["failed"]) == sorted(str(album / n) for n in BAD)
    assert all(record["read"] > 0 < record["written"] for record in records if record["painted"])
