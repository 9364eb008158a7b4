"""What Impasto's own networks paint, once and at the picture's own size, as exported ones do."""

import numpy as np

from impasto.model import IDENTITY, Style, mix
from impasto.runtime.session import Session


def planes(pixels):
    """Return (H, W, 3) uint8 as (1, 3, H, W) float32 in [0, 1]."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def painted_once(network, pixels, style=None, strength=1.0):
    """Return the painting, (H, W, 3) float in 0..255, of (H, W, 3) uint8; no style: the one in the weights."""
    session = Session.open(network, precision="f32")
    manifest, picture = session.manifest, (pixels / np.float32(255)).astype(np.float32)
    if style is None:
        painting = session.paint(picture, Style("only", np.zeros(0, np.float32), manifest.fingerprint)).clip(0, 1)
        return 255 * (picture + strength * (painting - picture))
    none = Style(IDENTITY, np.array(manifest.identity, np.float32), manifest.fingerprint)
    return 255 * session.paint(picture, mix([(style, strength), (none, 1 - strength)])).clip(0, 1)
