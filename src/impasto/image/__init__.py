"""Pictures as numpy arrays: reading, writing, resizing, blending, masks, colours and contact sheets; no torch.

photo = read("photo.jpg")                               # upright, sRGB, alpha apart
painted = to_integers(paint(to_float(photo.pixels)))    # float32 in [0, 1] and back
write(repaint(photo, painted), "painting.png")          # whole or not at all
"""

from __future__ import annotations

from impasto.image.color import grey_like, keep_colors, match_palette, palette_of
from impasto.image.compose import blend, repaint, with_layers, with_mask
from impasto.image.decode import DEFAULT_MAX_PIXELS
from impasto.image.encode import SUFFIXES, encode, format_of
from impasto.image.files import Source, read, read_settings, write
from impasto.image.masks import Mask, feather, read_mask, resize_mask
from impasto.image.picture import IntegerArray, Picture, to_eight_bits, to_float, to_integers
from impasto.image.resize import fit, resample, resample_rows, resize
from impasto.image.sheet import contact_sheet
from impasto.image.subject import find_subject

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "SUFFIXES",
    "IntegerArray",
    "Mask",
    "Picture",
    "Source",
    "blend",
    "contact_sheet",
    "encode",
    "feather",
    "find_subject",
    "fit",
    "format_of",
    "grey_like",
    "keep_colors",
    "match_palette",
    "palette_of",
    "read",
    "read_mask",
    "read_settings",
    "repaint",
    "resample",
    "resample_rows",
    "resize",
    "resize_mask",
    "to_eight_bits",
    "to_float",
    "to_integers",
    "with_layers",
    "with_mask",
    "write",
]
