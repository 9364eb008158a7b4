"""Small films of a moving photo, in any container, with sound; and what lies in a film."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import pytest
import skimage.data

import impasto


def moving(count=12, height=66, width=98):
    """Return frames, (height, width, 3) uint8, of an astronaut whom the camera passes."""
    scene = skimage.data.astronaut()[::2, ::2]
    return [np.ascontiguousarray(scene[30 : 30 + height, 40 + 2 * n :][:, :width]) for n in range(count)]


def write_film(
    path,
    frames,
    *,
    codec="libx264",
    rate=25,
    pixels="yuv420p",
    sound=None,
    layout="mono",
    times=None,
    turn=0,
    **context,
):
    """Write frames as a film; times: in thousandths of a second; sound: a codec; context: the encoder's attributes.

    layout: the channels of the sound.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=rate)
        video.height, video.width, video.pix_fmt = *frames[0].shape[:2], pixels
        for name, value in context.items():
            setattr(video.codec_context, name, value)
        if turn:
            video.set_display_rotation(turn)
        if times is not None:
            video.codec_context.time_base = Fraction(1, 1000)
        voice = container.add_stream(sound, rate=48000, layout=layout) if sound else None
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, "rgba" if frame.shape[2] == 4 else "rgb24")
            picture = picture.reformat(
                format=pixels,
                dst_colorspace=context.get("colorspace"),
                dst_color_range=context.get("color_range"),
            )
            picture.pts = number if times is None else times[number]
            picture.time_base = Fraction(1, rate) if times is None else Fraction(1, 1000)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if voice is not None:
            _hum(container, voice, len(frames) / rate)
    return path


def _hum(container, voice, seconds):
    wave = (8000 * np.sin(np.arange(int(48000 * seconds)) / 20)).astype(np.int16)
    for start in range(0, len(wave), 960):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 960], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(voice.encode(frame))
    container.mux(voice.encode(None))


@dataclass(frozen=True)
class Found:
    """What lies in a film file."""

    times: list
    size: tuple
    frames: list
    codec: object
    sound: str | None
    sound_seconds: float


def look_into(path):
    """Return what PyAV finds in a film file, frames as RGB."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        decoded = list(container.decode(video))
        times = [frame.pts * frame.time_base for frame in decoded]
        frames = [frame.to_ndarray(format="rgb24") for frame in decoded]
        context = video.codec_context
        facts = {name: getattr(context, name) for name in ("name", "pix_fmt", "color_range", "colorspace")}
    with av.open(str(path)) as container:
        voices = container.streams.audio
        samples = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0)) if voices else 0.0
        sound = voices[0].codec_context.name if voices else None
    return Found(times, frames[0].shape[:2], frames, facts, sound, float(samples))


@pytest.fixture
def film(tmp_path):
    """Return a function that writes a film below tmp_path: of `moving` frames, or of others."""

    def written(name="film.mp4", frames=None, **options):
        return write_film(tmp_path / name, moving() if frames is None else frames, **options)

    return written


@pytest.fixture(scope="session")
def stylizer(tiny_model):
    return impasto.load(tiny_model.style("dots"))


@pytest.fixture
def dots(tiny_model):
    return tiny_model.style("dots")


@pytest.fixture
def lines(tiny_model):
    return tiny_model.style("lines")
