import numpy as np
import pytest

from impasto.errors import InvalidOption
from impasto.image import contact_sheet


def tile(level, height=40, width=60):
    return np.full((height, width, 3), level, np.uint8)


def test_tiles_stand_in_rows_with_their_own_pixels(photo):
    sheet = contact_sheet([("a", photo), ("b", photo), ("c", photo)], columns=2, label_height=20)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (2 * (101 + 20 + 8) + 8, 2 * (77 + 8) + 8, 3)
    np.testing.assert_array_equal(sheet[8:109, 8:85], photo)
    np.testing.assert_array_equal(sheet[8:109, 93:170], photo)
    np.testing.assert_array_equal(sheet[137:238, 8:85], photo)
    assert (sheet[130:, 90:] == 255).all()


def test_the_grid_is_about_square():
    assert contact_sheet([("", tile(0))] * 9, label_height=0).shape == (3 * 48 + 8, 3 * 68 + 8, 3)
    assert contact_sheet([("", tile(0))] * 2, columns=7, label_height=0).shape == (56, 2 * 68 + 8, 3)


def test_smaller_tiles_are_centred():
    sheet = contact_sheet([("", tile(0)), ("", tile(9, 20, 30))], label_height=0)
    small = np.argwhere((sheet == 9).all(axis=2))
    assert small.min(axis=0).tolist() == [8 + 10, 76 + 15]
    assert small.max(axis=0).tolist() == [8 + 29, 76 + 44]


def test_labels_are_dark_on_white_under_their_tile():
    sheet = contact_sheet([("starry", tile(200, width=120))], label_height=24)
    label = sheet[48:72]
    assert label.min() < 60
    assert (sheet[72:] == 255).all()
    assert (contact_sheet([("", tile(200))], label_height=24)[48:] == 255).all()


def test_long_labels_stay_in_their_cell():
    sheet = contact_sheet([("an extremely long name of a painting", tile(0)), ("", tile(0))], label_height=24)
    dark = np.argwhere(sheet[48:72].min(axis=(0, 2)) < 200)
    assert dark.size
    assert dark.min() >= 8
    assert dark.max() < 68


def test_a_cell_too_narrow_for_any_label():
    assert (contact_sheet([("name", tile(0, 10, 1))], label_height=24)[18:] == 255).all()


def test_names_in_other_scripts_do_not_fail():
    contact_sheet([("Čapek, 北斎", tile(0, 40, 200))])


def test_nothing_to_show_is_refused():
    with pytest.raises(InvalidOption, match="at least one"):
        contact_sheet([])
    with pytest.raises(InvalidOption, match="at least one"):
        contact_sheet([("a", tile(0))], columns=0)
