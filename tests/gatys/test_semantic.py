import torch

from impasto.gatys.semantic import paired_regions


def halves(above, below):
    """Return a picture of two textures, (1, 3, 128, 128), one above the other."""
    return torch.cat([above[:, :, :64], below[:, :, 64:]], 2)


def textures():
    generator = torch.Generator().manual_seed(0)
    grain = torch.rand((1, 3, 128, 128), generator=generator)
    down = torch.linspace(0, 1, 128)[:, None].expand(1, 3, 128, 128)
    return grain, down


def test_kinds_of_a_photo_are_paired_with_their_likes_in_the_painting(vgg):
    grain, smooth = textures()
    photo, painting = halves(smooth, grain), halves(0.3 + 0.6 * smooth, 0.2 + 0.5 * grain)
    guides = paired_regions(photo, [painting], (1.0,), vgg, 2, 0)
    assert len(guides) == 2
    torch.testing.assert_close(guides[0].photo + guides[1].photo, torch.ones(128, 128), atol=1e-4, rtol=0)
    for guide in guides:
        above = guide.photo[:48].mean() > guide.photo[-48:].mean()
        mask = guide.paintings[0]
        assert (mask[: len(mask) // 3].mean() > mask[-len(mask) // 3 :].mean()) == above


def test_the_same_seed_gives_the_same_regions(vgg):
    grain, smooth = textures()
    photo = halves(smooth, grain)
    first, second = (paired_regions(photo, [photo], (1.0,), vgg, 3, 5) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(one.photo, other.photo)
