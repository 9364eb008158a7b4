"""What the page asks for, as JSON; defaults and limits that painting has are those of its own options."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from impasto.runtime.stylizer import StylizeOptions
from impasto.server.studio.pictures import LARGEST

__all__ = ["FilmWish", "LearnWish", "OptimiseWish", "PaintWish", "Part", "PreviewWish", "Wish"]

DEFAULTS = StylizeOptions()


class Part(BaseModel):
    """A style in a mix: a bundled one's name, or the identifier of one that the visitor brought or learned."""

    style: str = Field(max_length=100)
    weight: float = 1.0


class Wish(BaseModel):
    """How a visitor wants something painted."""

    parts: list[Part] = Field(min_length=1, max_length=8)
    strength: float = DEFAULTS.strength
    stroke: float = DEFAULTS.stroke
    color: str = DEFAULTS.color


class PreviewWish(Wish):
    """A preview; size: px of its long side, at most the picture's own."""

    size: int = Field(640, ge=16, le=LARGEST)


class PaintWish(Wish):
    """A painting of the photo's own size; format: an ending, or "" for the photo's."""

    picture: str
    format: Literal["", ".jpg", ".png", ".webp", ".tif"] = ""


class FilmWish(Wish):
    """A painted film; steady: whether strokes move along."""

    film: str
    steady: bool = True


class LearnWish(BaseModel):
    """A painting to learn, and a photo to show it on."""

    painting: str
    photo: str
    budget: Literal["1m", "3m", "10m"] = "3m"


class OptimiseWish(BaseModel):
    """A photo to paint like paintings, and how; names as in `impasto.gatys.config.OptimizeConfig`."""

    photo: str
    paintings: list[str] = Field(min_length=1, max_length=4)
    budget: Literal["30s", "2m", "5m", "15m"] = "2m"
    size: Literal[256, 384, 512, 768] = 512
    style_strength: float = Field(0.5, ge=0, le=1)
    stroke: float = Field(1.0, ge=0.25, le=4)
    color: Literal["style", "match", "luminance"] = "style"
