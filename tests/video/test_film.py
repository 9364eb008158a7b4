"""Films in, painted films out."""

import threading
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import FilmError, InvalidOption, PictureTooLarge, UnwritableOutput
from impasto.video import stylize_film
from impasto.video.film import paint_film
from impasto.video.reading import FilmReader

from .conftest import look_into, moving, write_film

UNEVEN = [0, 40, 100, 120, 400, 410, 500, 540, 580, 620, 660, 700]
FFV1 = {"codec": "ffv1", "pixels": "yuv444p"}


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov", "out.webm", "out.ts", "out.gif"])
def test_size_times_and_length_are_kept_in_every_container(film, dots, tmp_path, name):
    source = film(sound="aac")
    painted = stylize_film(source, tmp_path / name, dots)
    assert (painted.frames, painted.until, painted.interrupted) == (12, Fraction(12, 25), False)
    before, after = look_into(source), look_into(tmp_path / name)
    assert after.size == before.size
    shift = after.times[0]  # a transport stream begins late
    assert [float(time - shift) for time in after.times] == pytest.approx(
        [float(time) for time in before.times], abs=2e-3
    )
    assert np.abs(after.frames[5].astype(int) - before.frames[5]).mean() > 10  # it is painted


def test_uneven_times_are_kept(film, dots, tmp_path):
    source = film("uneven.mkv", times=UNEVEN)
    for name in ("out.mkv", "out.mp4"):
        stylize_film(source, tmp_path / name, dots)
        assert look_into(tmp_path / name).times == look_into(source).times


def test_a_turned_film_is_painted_upright(film, dots, tmp_path):
    source = film("turned.mp4", turn=-90)
    stylize_film(source, tmp_path / "out.mkv", dots, strength=0.0, codec="ffv1")
    after = look_into(tmp_path / "out.mkv")
    assert after.size == (98, 66)
    upright = np.rot90(look_into(source).frames[3], -1)
    assert np.abs(after.frames[3].astype(int) - upright).mean() < 1.5


def test_rgb_that_loses_nothing_stays_rgb(film, dots, tmp_path):
    source = film("rgb.mkv", codec="ffv1", pixels="bgr0")
    stylize_film(source, tmp_path / "out.mkv", dots, strength=0.0, codec="ffv1")
    for before, after in zip(look_into(source).frames, look_into(tmp_path / "out.mkv").frames, strict=True):
        np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize(
    ("pixels", "color_range", "colorspace"),
    [("yuv420p", 1, 1), ("yuv420p", 2, 5), ("yuv444p", 1, 1), ("yuv422p10le", 1, 9), ("yuv420p", 0, 2)],
)
def test_colours_come_back_as_they_were(film, dots, tmp_path, pixels, color_range, colorspace):
    source = film("c.mkv", codec="ffv1", pixels=pixels, color_range=color_range, colorspace=colorspace)
    stylize_film(source, tmp_path / "out.mkv", dots, strength=0.0, codec="ffv1")
    before, after = look_into(source), look_into(tmp_path / "out.mkv")
    assert after.codec == before.codec
    assert np.abs(after.frames[2].astype(int) - before.frames[2]).mean() < 1.5


def test_sound_is_copied_where_the_container_takes_it_and_coded_anew_where_not(film, dots, tmp_path):
    source = film("spoken.mov", sound="aac")
    for name, codec in (("out.mp4", "aac"), ("out.webm", "opus")):
        assert stylize_film(source, tmp_path / name, dots).notices == ()
        after = look_into(tmp_path / name)
        assert after.sound == codec
        assert after.sound_seconds == pytest.approx(look_into(source).sound_seconds, abs=0.05)
    (notice,) = stylize_film(source, tmp_path / "out.gif", dots).notices
    assert "sound" in notice


def test_a_part_of_a_film(film, dots, tmp_path):
    source = film(sound="aac", frames=moving(30))
    painted = stylize_film(source, tmp_path / "out.mp4", dots, start="0.4", end="0:00:00.8")
    after = look_into(tmp_path / "out.mp4")
    assert (painted.frames, after.times[0]) == (10, 0)
    assert after.sound_seconds == pytest.approx(0.4, abs=0.05)


def test_numbered_pictures_in_and_out(film, dots, tmp_path):
    stylize_film(film(), f"{tmp_path}/frames/", dots)
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names == [f"{number:06d}.png" for number in range(1, 13)]
    stylize_film(tmp_path / "frames", f"{tmp_path}/again/%03d.jpg", dots, rate=10.0)
    assert (tmp_path / "again" / "012.jpg").is_file()
    painted = stylize_film(f"{tmp_path}/again/%03d.jpg", tmp_path / "out.mkv", dots, rate=10.0, start="0.5")
    assert (painted.frames, painted.until) == (7, Fraction(7, 10))


def test_odd_sides(film, dots, tmp_path):
    source = film("odd.gif", [frame[:65, :97] for frame in moving(4)], codec="gif", pixels="rgb8")
    (notice,) = stylize_film(source, tmp_path / "out.mp4", dots).notices
    assert "yuv444p" in notice
    assert look_into(tmp_path / "out.mp4").size == (65, 97)
    assert stylize_film(source, tmp_path / "out.webm", dots).notices == ()
    assert look_into(tmp_path / "out.webm").size == (65, 97)
    assert stylize_film(source, tmp_path / "small.mp4", dots, size=71).notices == ()
    assert look_into(tmp_path / "small.mp4").size == (48, 72)
    with pytest.raises(InvalidOption, match="odd sides"):
        stylize_film(source, tmp_path / "out.mkv", dots, codec="libsvtav1")


def test_at_no_strength_the_film_is_as_it_was(film, dots, tmp_path):
    source = film("plain.mkv", **FFV1)
    stylize_film(source, tmp_path / "out.mkv", dots, strength=0.0, codec="ffv1")
    for before, after in zip(look_into(source).frames, look_into(tmp_path / "out.mkv").frames, strict=True):
        assert np.abs(after.astype(int) - before).max() <= 2


def test_styles_change_over_time(film, dots, lines, tmp_path):
    source = film("plain.mkv", moving(1) * 9, **FFV1)
    stylize_film(source, tmp_path / "out.mkv", {0.08: dots, 0.24: lines}, codec="ffv1", steady=False)
    frames = [frame.astype(int) for frame in look_into(tmp_path / "out.mkv").frames]
    assert np.abs(frames[0] - frames[2]).max() == 0
    assert np.abs(frames[6] - frames[8]).max() == 0
    assert 0 < np.abs(frames[2] - frames[4]).mean() < np.abs(frames[2] - frames[6]).mean()


def test_masks_move_and_regions_too(film, dots, lines, tmp_path):
    source = film("plain.mkv", moving(1) * 6, **FFV1)
    white = np.zeros((6, 66, 98, 3), np.uint8)
    for number in range(1, 6):  # the first frame's mask is black
        white[number, :, : 16 * number] = 255
    mask = film("mask.mkv", list(white), **FFV1)
    before = look_into(source).frames[0].astype(int)
    for options in ({"style": dots, "mask": mask}, {"style": None, "regions": [(mask, lines)]}):
        stylize_film(source, tmp_path / "out.mkv", codec="ffv1", feather=0.0, **options)
        for number, frame in enumerate(look_into(tmp_path / "out.mkv").frames):
            apart = np.abs(frame - before).mean(axis=(0, 2))
            assert apart[16 * number + 2 :].max() <= 2
            assert number == 0 or apart[: 16 * number - 2].mean() > 10


def test_a_still_mask_and_the_same_for_all_frames(film, dots, tmp_path):
    half = np.zeros((33, 49), np.uint8)
    half[:, :25] = 255
    Image.fromarray(half).save(tmp_path / "half.png")
    painted = stylize_film(film(), tmp_path / "out.mkv", dots, mask=tmp_path / "half.png")
    assert len(painted.notices) == 1
    assert "resized" in painted.notices[0]


@pytest.mark.parametrize("part", [0.5, 0.8])
@pytest.mark.parametrize("name", ["cut.mkv", "cut.avi"])
def test_what_is_there_of_a_truncated_file_is_painted(film, dots, tmp_path, name, part):
    codec = {"cut.mkv": {}, "cut.avi": {"codec": "mpeg4"}}[name]
    source = film(name, moving(40), **codec)
    whole = source.read_bytes()
    source.write_bytes(whole[: int(part * len(whole))])
    painted = stylize_film(source, tmp_path / "out.mp4", dots)
    assert 0 < painted.frames < 40
    assert any("breaks off at" in notice for notice in painted.notices)
    assert len(look_into(tmp_path / "out.mp4").times) == painted.frames


def test_a_frame_that_cannot_be_decoded_stops_with_its_time(film, dots, tmp_path):
    source = film("bad.mov", moving(40), codec="png", pixels="rgb24")
    data = bytearray(source.read_bytes())
    at = data.index(b"\x89PNG", len(data) // 2)
    data[at : at + 4] = bytes(4)
    source.write_bytes(data)
    with pytest.raises(FilmError, match=r"bad.mov: the frame at 0:00:0\d\.\d+ cannot be decoded"):
        stylize_film(source, tmp_path / "out.mp4", dots)


def test_a_frame_that_cannot_be_painted_stops_with_its_time(film, stylizer, tmp_path, monkeypatch):
    calls = []

    def failing(self, photo, name="the picture", *, layers=None):
        calls.append(name)
        if len(calls) == 4:
            raise PictureTooLarge(name, "there is not enough memory")
        return photo

    monkeypatch.setattr("impasto.runtime.stylizer.Stylizer.paint", failing)
    before = set(threading.enumerate())
    with pytest.raises(FilmError, match=r"the frame at 0:00:00.120 cannot be painted: .*memory"):
        paint_film(str(film()), str(tmp_path / "out.mp4"), stylizer)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.mp4"]
    assert len(look_into(tmp_path / "out.mp4").times) == 3
    assert not set(threading.enumerate()) - before


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.mp4", None, "no such file"),
        ("empty.mp4", b"", "no film"),
        ("text.mp4", b"Dear diary," * 50, "no film"),
    ],
)
def test_what_is_no_film_is_said(dots, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FilmError, match=said):
        stylize_film(tmp_path / name, tmp_path / "out.mp4", dots)
    assert not (tmp_path / "out.mp4").exists()


def test_films_without_pictures_or_frames(film, dots, tmp_path):
    source = film(sound="aac")
    import av

    with av.open(str(source)) as container, av.open(str(tmp_path / "sound.m4a"), "w") as only:
        voice = only.add_stream_from_template(container.streams.audio[0])
        for packet in container.demux(audio=0):
            if packet.dts is not None:
                packet.stream = voice
                only.mux(packet)
    with pytest.raises(FilmError, match="holds no pictures"):
        stylize_film(tmp_path / "sound.m4a", tmp_path / "out.mp4", dots)
    with pytest.raises(FilmError, match=r"holds no frames after 0:00:05.000"):
        stylize_film(source, tmp_path / "out.mp4", dots, start="5")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(FilmError, match="holds no pictures"):
        stylize_film(tmp_path / "nothing", tmp_path / "out.mp4", dots)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"output": "out.xyz"}, ".xyz is no film's ending"),
        ({"codec": "libx266"}, "did you mean libx26"),
        ({"codec": "aac"}, "codes audio"),
        ({"codec": "gif"}, "cannot hold it"),
        ({"codec": "ffv1", "quality": 50, "output": "out.mkv"}, "loses nothing"),
        ({"quality": 0}, "--quality"),
        ({"start": "soon"}, "--start is a time"),
        ({"start": "2", "end": "1"}, "--end must be after --start"),
        ({"output": "frames/", "codec": "libx264"}, "--codec is for films"),
    ],
)
def test_options_that_cannot_be_meant(film, dots, tmp_path, options, said):
    given = {"output": "out.mp4", **options}
    output = f"{tmp_path}/{given.pop('output')}"
    with pytest.raises(InvalidOption, match=said):
        stylize_film(film(), output, dots, **given)


def test_outputs_that_cannot_be_written(film, dots, tmp_path):
    source = film()
    (tmp_path / "link.mp4").symlink_to(source)
    for output in (source, tmp_path / "link.mp4"):
        with pytest.raises(UnwritableOutput, match="would replace"):
            stylize_film(source, output, dots)
    with pytest.raises(UnwritableOutput, match="folder does not exist"):
        stylize_film(source, tmp_path / "absent" / "out.mp4", dots)
    stylize_film(source, f"{tmp_path}/frames/", dots)
    with pytest.raises(UnwritableOutput, match="would replace"):
        stylize_film(tmp_path / "frames", f"{tmp_path}/frames/", dots)


def test_a_full_disk_is_said_and_leaves_nothing(film, dots, tmp_path, monkeypatch):
    import errno

    from impasto.video import writing

    class Full(writing._Named):
        def __init__(self, stream, name):
            super().__init__(stream, name)
            self.write = self.refuse

        def refuse(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "_Named", Full)
    with pytest.raises(UnwritableOutput, match="the disk is full"):
        stylize_film(film(), tmp_path / "out.mp4", dots)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_too_many_pixels(film, dots, tmp_path):
    with pytest.raises(PictureTooLarge):
        stylize_film(film(), tmp_path / "out.mp4", dots, max_pixels=1000)


def test_an_interruption_leaves_a_film(film, stylizer, tmp_path):
    def interrupt(painted):
        if painted.frames == 5:
            raise KeyboardInterrupt

    painted = paint_film(str(film(sound="aac")), str(tmp_path / "out.mp4"), stylizer, follow=interrupt)
    assert painted.interrupted
    assert len(look_into(tmp_path / "out.mp4").times) == 5


def test_reading_in_steps_gives_what_was_asked_for(film):
    reel = FilmReader(str(film(frames=moving(20))))
    assert (reel.film.size, reel.film.rate, reel.film.seconds) == ((66, 98), 25, Fraction(4, 5))
    assert [float(item.time) for item in reel.items()] == pytest.approx([n / 25 for n in range(20)])
    reel.close()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_film(tiny_model, tmp_path):
    from impasto.memory import peak_bytes

    frames = moving(50, 48, 64) * 200
    source = write_film(tmp_path / "long.mp4", frames, sound="aac")
    peaks = []

    def follow(painted):
        if painted.frames in (500, 10_000):
            peaks.append(peak_bytes())

    painted = stylize_film(source, tmp_path / "out.mp4", tiny_model.style("dots"), follow=follow)
    assert painted.frames == 10_000
    assert peaks[1] - peaks[0] < 30 * 2**20


def test_the_package_offers_films():
    assert impasto.video.stylize_film is stylize_film


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.ffconcat"])
def test_playlists_are_not_followed(film, tmp_path, name):
    source = film("film.ts", codec="mpeg4")
    texts = {"ffconcat": f"ffconcat version 1.0\nfile {source}\n"}
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{source}\n#EXT-X-ENDLIST\n"
    (tmp_path / name).write_text(texts.get(name.rpartition(".")[2], playlist))
    with pytest.raises(FilmError, match="this is no film"):
        FilmReader(str(tmp_path / name))


@pytest.mark.parametrize("name", ["http://127.0.0.1:9/a.mp4", "concat:a.ts|b.ts", "subfile,,start,0,end,9,,:a.ts"])
def test_addresses_are_not_followed(name):
    with pytest.raises(FilmError, match="not followed"):
        FilmReader(name)
