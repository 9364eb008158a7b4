"""Contact sheets: many pictures on one, each with its name under it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from impasto.errors import InvalidOption

__all__ = ["contact_sheet"]

_GAP = 8
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


def contact_sheet(
    tiles: Sequence[tuple[str, NDArray[np.uint8]]], columns: int | None = None, *, label_height: int = 24
) -> NDArray[np.uint8]:
    """Return one picture, (H, W, 3) uint8, of labelled tiles in rows on white.

    tiles: labels and (H, W, 3) uint8 pictures; smaller ones are centred in cells of the largest one's size.
    columns: as many as make the grid about square by default.  label_height: in pixels; 0 leaves labels out.
    Labels too long for their cell are cut short.

    Raises InvalidOption if there is no tile or no column.
    """
    if not tiles or (columns is not None and columns < 1):
        raise InvalidOption("a contact sheet needs at least one picture and one column")
    columns = min(columns or math.ceil(math.sqrt(len(tiles))), len(tiles))
    rows = math.ceil(len(tiles) / columns)
    height = max(tile.shape[0] for _, tile in tiles)
    width = max(tile.shape[1] for _, tile in tiles)
    step_down, step_right = height + label_height + _GAP, width + _GAP
    sheet = Image.new("RGB", (columns * step_right + _GAP, rows * step_down + _GAP), _WHITE)
    for index, (label, tile) in enumerate(tiles):
        row, column = divmod(index, columns)
        corner = (_GAP + column * step_right, _GAP + row * step_down)
        _place(sheet, Image.fromarray(tile), corner, (width, height))
        if label_height:
            _write_label(sheet, label, (corner[0], corner[1] + height), (width, label_height))
    return np.array(sheet)


def _place(sheet: Image.Image, image: Image.Image, corner: tuple[int, int], cell: tuple[int, int]) -> None:
    across, down = ((room - used) // 2 for room, used in zip(cell, image.size, strict=True))
    sheet.paste(image, (corner[0] + across, corner[1] + down))


def _write_label(sheet: Image.Image, label: str, corner: tuple[int, int], cell: tuple[int, int]) -> None:
    font = ImageFont.load_default(size=max(1, cell[1] * 2 / 3))
    text = _shortened(label, font, cell[0])
    middle = (corner[0] + cell[0] / 2, corner[1] + cell[1] / 2)
    ImageDraw.Draw(sheet).text(middle, text, fill=_BLACK, font=font, anchor="mm")


def _shortened(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Return the label, or its longest start with dots after it that is no wider; perhaps nothing."""
    text = label
    for length in range(len(label), -1, -1):
        text = label if length == len(label) else f"{label[:length].rstrip()}..."
        if font.getlength(text) <= width:
            return text
    return ""
