from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.gatys.pyramid import NARROWEST, scales

sides = st.integers(NARROWEST, 5000)


@given(sides, sides, st.integers(32, 1000))
def test_scales_grow_at_most_twofold_up_to_the_size_itself(height, width, smallest):
    found = scales((height, width), smallest)
    assert found[-1].size == (height, width)
    for small, large in pairwise(found):
        assert max(small.size) < max(large.size) <= 2 * max(small.size) + 1
    assert sum(scale.share for scale in found) == pytest.approx(1)
    assert sum(scale.time for scale in found) == pytest.approx(1)
    assert min(min(scale.size) for scale in found) >= NARROWEST


def test_the_coarsest_scale_is_not_smaller_than_asked():
    assert [scale.size for scale in scales((768, 1024), 200)] == [(192, 256), (384, 512), (768, 1024)]
    assert [scale.size for scale in scales((768, 1024), 2000)] == [(768, 1024)]
