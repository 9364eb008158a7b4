"""Frames that are put together from keys: exact motions, cuts, flashes, people who cross, masks that move."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

import impasto
from impasto.evaluation.temporal import MOTIONS, moving_photo, warping_error
from impasto.video import stylize_frames
from impasto.video.frames import Frame
from impasto.video.keys import AT_REST, EVERY, Around, Behind
from impasto.video.motion import Motion
from impasto.video.painting import MOVABLE, FramePainter
from impasto.video.parts import FAINTEST, View, parts_of, unlike, view
from impasto.video.steady import Movable, put_together

from .conftest import look_into, moving

SIZE = 120, 160


def frames_of(pictures):
    return [Frame(pixels, Fraction(number, 25)) for number, pixels in enumerate(pictures)]


def noisy(frame):
    """Return what a network makes of a frame that answers to its smallest change: noise, another one each time."""
    white = np.iinfo(frame.pixels.dtype).max
    noise = np.random.default_rng(round(frame.time * 25)).standard_normal((*frame.pixels.shape[:2], 3))
    return np.clip(white * (0.5 + 0.1 * noise), 0, white).astype(frame.pixels.dtype)


def as_they_are(plan, painting=lambda frame: frame.pixels):
    """Return the frames of a plan, and which of them are keys."""

    def moved(part):
        return Movable(painting(part.source)).moved(part.offsets)

    made = [put_together(parts, moved) if parts else painting(frame) for frame, parts in plan]
    return made, [not parts for _, parts in plan]


def scene(number, size=SIZE, step=3):
    """Return what a camera sees that passes an astronaut."""
    return np.ascontiguousarray(skimage.data.astronaut()[60 : 60 + size[0], step * number :][:, : size[1]])


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    from PIL import Image

    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return str(path)


@pytest.mark.parametrize("motion", MOTIONS)
def test_frames_between_keys_are_where_they_were(photo, motion):
    clip = moving_photo(photo, motion, (192, 256), 2 * EVERY + 1)
    plan = list(Around()(frames_of(clip.frames)))
    made, keys = as_they_are(plan)
    assert keys == [number % EVERY == 0 for number in range(2 * EVERY + 1)]
    for picture, true in zip(made, clip.frames, strict=True):
        assert np.abs(picture.astype(int) - true).mean() < 6
    painted, _ = as_they_are(plan, noisy)
    alone = [noisy(frame) for frame, _ in plan]
    assert warping_error(painted, clip.ways) < 0.4 * warping_error(alone, clip.ways)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("made_by", [Around, Behind])
def test_noise_is_kept_and_moved(dtype, made_by):
    frames = frames_of([scene(0).astype(dtype) * (257 if dtype is np.uint16 else 1)] * 30)
    plan = list(Around()(frames)) if made_by is Around else [*zip(frames, map(Behind(), frames), strict=True)]
    painted = [each / np.iinfo(dtype).max for each in as_they_are(plan, noisy)[0]]
    alone = [noisy(frame) / np.iinfo(dtype).max for frame in frames]
    changes = [np.square(np.diff(each, axis=0)).mean() for each in (alone, painted)]
    assert changes[1] / changes[0] < 0.2
    assert np.std(painted[-3]) > 0.8 * np.std(alone[-3])  # what is kept is not averaged away


@pytest.mark.parametrize("count", [1, 2, 3, EVERY, EVERY + 1, EVERY + 2])
def test_short_films(dots, count):
    frames = moving(count)
    plan = list(Around()(frames_of(frames)))
    keys = [number for number, (_, parts) in enumerate(plan) if not parts]
    assert keys == sorted({0, *range(0, count, EVERY), count - 1})
    painted = list(stylize_frames(frames, dots))
    assert [each.shape for each in painted] == [frames[0].shape] * count


def test_nothing_makes_nothing():
    assert list(Around()([])) == []


def test_other_things_stay_where_they_are():
    frames = frames_of(moving(EVERY + 3))
    items = ["before", frames[0], "a", *frames[1:5], "b", "c", *frames[5:], "after"]
    assert [item for item, _ in Around()(items)] == items


def test_at_a_cut_and_at_a_flash_nothing_is_mixed():
    coffee = skimage.data.coffee()[50:, 100:]
    other = [np.ascontiguousarray(coffee[: SIZE[0], n : n + SIZE[1]]) for n in range(8)]
    flash = np.full((*SIZE, 3), 255, np.uint8)
    film = [*(scene(n) for n in range(6)), *other, flash, *other]
    plan = list(Around()(frames_of(film)))
    assert [number for number, (_, parts) in enumerate(plan) if not parts] == [0, 5, 6, 13, 14, 15, 22]
    for number, (_, parts) in enumerate(plan):
        scenes = {bound for part in parts for bound in [np.digitize(part.source.time * 25, [6, 14, 15])]}
        assert scenes <= {np.digitize(number, [6, 14, 15])}


def test_where_the_camera_rests_keys_are_rarer():
    _, still = as_they_are(list(Around()(frames_of([scene(0)] * (2 * AT_REST + 1)))))
    assert [number for number, is_key in enumerate(still) if is_key] == [0, AT_REST, 2 * AT_REST]
    _, moved = as_they_are(list(Around()(frames_of([scene(n) for n in range(EVERY + 1)]))))
    assert [number for number, is_key in enumerate(moved) if is_key] == [0, EVERY]
    evenly = list(Around(evenly=True)(frames_of([scene(0)] * (EVERY + 1))))
    assert [number for number, (_, parts) in enumerate(evenly) if not parts] == [0, EVERY]


@pytest.mark.parametrize(("step", "every"), [(0, AT_REST), (3, EVERY)])
def test_where_a_camera_rests_its_keys_are_rarer(step, every):
    frames = frames_of([scene(number, step=step) for number in range(2 * AT_REST + 2)])
    behind = Behind()
    used = {part.source for frame in frames for part in behind(frame) if part.source is not frame}
    assert [number for number, frame in enumerate(frames) if frame in used] == list(range(0, 2 * AT_REST + 1, every))


def test_when_light_changes_keys_come_closer():
    film = [np.clip(scene(0) * (0.3 + 0.05 * number), 0, 255).astype(np.uint8) for number in range(13)]
    made, keys = as_they_are(list(Around()(frames_of(film))))
    assert sum(keys) > 4
    for picture, true in zip(made, film, strict=True):
        assert np.abs(picture.astype(float).mean() - true.mean()) < 7


def crossing(number, tempo=12):
    """Return a still scene that a red disc crosses, at so many px a frame, and where the disc is."""
    picture, place = scene(0).copy(), np.zeros(SIZE, np.uint8)
    for canvas, color in ((picture, (200, 30, 30)), (place, 255)):
        cv2.circle(canvas, (10 + tempo * number, 60), 14, color, -1)
    return picture, place > 0


def seen_from(offset, trust, pixels, own=None):
    """Return how a frame sees another, (h, w, 4), that it believes to lie some px to the left; own: its own colours."""
    frame, size = frames_of([pixels])[0], pixels.shape[:2]
    motion = Motion(np.full((*size, 2), (offset, 0), np.float32), np.full(size, trust, np.float32))
    return view(frame, pixels, motion, pixels if own is None else own)


def test_what_nothing_can_be_trusted_with_is_taken_from_the_key_that_has_a_place():
    keys = [seen_from(offset, 0, np.full((20, 30, 4), 128, np.uint8)) for offset in (-12.0, 0.0)]
    first, second = (part.weight for part in parts_of(keys, np.full((20, 30), 0.25, np.float32)))
    np.testing.assert_allclose(first + second, 1, atol=1e-6)
    np.testing.assert_allclose(second[:, :9], 1, atol=1e-6)  # there the first key has nothing
    np.testing.assert_allclose(second[:, 12:], 0.25, atol=1e-6)
    assert unlike(keys) == 0
    assert unlike(keys[:1]) == pytest.approx(10 / 30)


@given(st.lists(st.tuples(st.integers(-9, 9), st.floats(0, 1)), min_size=1, max_size=4), st.floats(0, 1))
def test_parts_are_all_of_a_frame(views, share):
    seen = [seen_from(*each, np.full((20, 30, 4), 128, np.uint8)) for each in views]
    parts = parts_of(seen[:2], np.full((20, 30), share, np.float32), seen[2:])
    sources = [each.source for each in seen]
    assert [source for source in sources if source in {part.source for part in parts}] == [p.source for p in parts]
    whole = sum(part.weight for part in parts)
    assert whole.max() <= 1 + 1e-5
    assert whole.min() >= 1 - FAINTEST * (len(seen) - len(parts)) - 1e-5
    assert min(part.weight.min() for part in parts) >= -1e-6
    assert min(part.weight.max() for part in parts) > FAINTEST


def test_what_no_key_has_is_filled_by_what_has_it():
    pixels = np.full((20, 30, 4), 128, np.uint8)
    keys, itself = [seen_from(0.0, 0.5, pixels), seen_from(0.0, 0.0, pixels)], frames_of([pixels])[0]
    parts = parts_of(keys, np.full((20, 30), 0.9, np.float32), [View.of_itself(itself, (20, 30))])
    assert [part.source for part in parts] == [keys[0].source, itself]
    for part in parts:
        np.testing.assert_allclose(part.weight, 0.5, atol=1e-6)


GREY, RED = (np.full((20, 30, 4), color, np.uint8) for color in ((128,) * 4, (200, 30, 30, 255)))


def test_what_nothing_can_be_trusted_with_is_taken_sooner_from_the_key_that_is_alike():
    keys = [seen_from(0.0, 0, RED, GREY), seen_from(0.0, 0, GREY)]
    (part,) = parts_of(keys, np.full((20, 30), 0.25, np.float32))
    assert part.source is keys[1].source
    np.testing.assert_allclose(part.weight, 1, atol=1e-6)


@pytest.mark.parametrize(("color", "fills"), [(GREY, True), (RED, False)])
def test_a_fill_that_cannot_be_trusted_fills_only_where_it_is_alike(color, fills):
    keys, fill = [seen_from(0.0, 0.25, GREY)], seen_from(0.0, 0, color, GREY)
    parts = parts_of(keys, np.zeros((20, 30), np.float32), [fill])
    weights = {part.source: part.weight for part in parts}
    assert (fill.source in weights) is fills
    np.testing.assert_allclose(weights[keys[0].source], 0.25 if fills else 1, atol=1e-6)


def plan_of_crossing(tempo, count=EVERY + 1):
    """Return a plan of a film in which somebody crosses at so many px a frame, and the film."""
    film = [crossing(number, tempo) for number in range(count)]
    return list(Around()(frames_of([picture for picture, _ in film]))), film


def test_who_crosses_leaves_no_ghost():
    plan, film = plan_of_crossing(12)
    made, _ = as_they_are(plan)
    for picture, (true, place) in zip(made, film, strict=True):
        apart = np.abs(picture.astype(int) - true).mean(-1)
        assert apart[~cv2.dilate(place.astype(np.uint8), np.ones((9, 9))).astype(bool)].mean() < 3
        assert apart[place].mean() < 15


def test_what_keys_lack_is_painted_as_seldom_as_it_will_do():
    plan, _ = plan_of_crossing(6)
    painted = {part.source for frame, parts in plan for part in parts} | {frame for frame, parts in plan if not parts}
    assert 2 < len(painted) < len(plan)
    others = [
        {part.source for part in parts} - {plan[0][0], plan[-1][0]} for frame, parts in plan if frame not in painted
    ]
    assert any(others)  # some frames take from one that is not a key


def test_where_no_key_is_alike_the_frame_itself_is_painted(stylizer, monkeypatch):
    painted = []

    def layer(self, photo, number):
        painted.append(number)
        return photo.pixels

    monkeypatch.setattr("impasto.runtime.stylizer.Stylizer.layer", layer)
    calm = list(stylize_frames([scene(n) for n in range(EVERY + 1)], stylizer))
    assert (len(calm), len(painted)) == (EVERY + 1, 2)
    painted.clear()
    film = [crossing(n)[0] for n in range(EVERY + 1)]
    for picture, true in zip(stylize_frames(film, stylizer), film, strict=True):
        assert np.abs(picture.astype(int) - true).mean() < 3
    assert len(painted) > 4


def test_paintings_that_can_be_moved_are_made_once_and_do_not_pile_up(stylizer, monkeypatch):
    made = []

    def movable(painting):
        made.append(painting)
        return Movable(painting)

    monkeypatch.setattr("impasto.video.painting.Movable", movable)
    painter, (plan, _) = FramePainter(stylizer), plan_of_crossing(6, 4 * EVERY + 1)
    moved = set()
    for frame, parts in plan * 2:
        assert painter(frame, parts).shape == frame.pixels.shape
        moved |= {part.source for part in parts if part.source is not frame}
        assert len(painter.movables) <= MOVABLE
    assert len(moved) > MOVABLE
    assert len(made) <= 2 * len(moved)  # once each time


def test_cameras_are_painted_frame_by_frame_and_wait_for_nothing(stylizer):
    behind, painter, before = Behind(), FramePainter(stylizer), set()
    for frame in frames_of(moving(EVERY + 4)):
        parts = behind(frame)
        before.add(frame)
        assert {part.source for part in parts} <= before
        painter.begin(frame)
        assert painter(frame, parts).shape == frame.pixels.shape


def test_at_no_strength_a_camera_shows_what_it_takes(dots):
    behind, painter = Behind(), FramePainter(impasto.load(dots, strength=0.0))
    for frame in frames_of(moving(4)):
        assert (painter(frame, behind(frame)) == frame.pixels).all()


def test_styles_change_between_keys_too(dots, lines):
    frames = moving(1) * (EVERY + 1)
    painted = np.stack([*stylize_frames(frames, {0.0: dots, EVERY / 25: lines})]).astype(int)
    away = [np.abs(each - painted[0]).mean() for each in painted]
    assert away == sorted(away)
    assert 0 < away[1] < away[-1]
    expected = impasto.load(lines)(frames[0])
    assert np.abs(painted[-1] - expected).max() <= 1


def test_a_mask_that_moves_uncovers_what_is_painted(film, dots, tmp_path):
    """A layer that is black at a key is there between keys."""
    frames = moving(1) * 6
    white = np.zeros((6, 66, 98, 3), np.uint8)
    white[2:5] = 255
    mask = film("mask.mkv", list(white), codec="ffv1", pixels="yuv444p")
    source = film("plain.mkv", frames, codec="ffv1", pixels="yuv444p")
    impasto.video.stylize_film(source, tmp_path / "out.mkv", dots, codec="ffv1", mask=mask, feather=0.0)
    before, after = look_into(source).frames, look_into(tmp_path / "out.mkv").frames
    painted = [np.abs(one.astype(int) - other).mean() > 10 for one, other in zip(before, after, strict=True)]
    assert painted == [False, False, True, True, True, False]


@pytest.mark.parametrize("options", [{"size": 60}, {"strength": 0.0}, {"strength": 0.5}, {"color": "keep"}])
def test_options_hold(dots, options):
    frames = moving(5)
    painted = list(stylize_frames(frames, dots, **options))
    alone = list(stylize_frames(frames, dots, steady=False, **options))
    assert [each.shape for each in painted] == [each.shape for each in alone]
    limit = 0 if options.get("strength") == 0.0 else 40
    assert max(np.abs(one.astype(int) - other).mean() for one, other in zip(painted, alone, strict=True)) <= limit
