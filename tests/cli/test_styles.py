import json

from PIL import Image

from impasto import styles


def test_a_line_a_style_with_its_credits(impasto):
    result = impasto("styles")
    lines = result.out.splitlines()
    assert (result.code, result.err, len(lines)) == (0, "", len(styles()))
    for line, style in zip(lines, styles(), strict=True):
        assert line.startswith(style.name)
        assert style.credits.artist in line
        assert style.credits.title in line
        assert style.credits.year in line


def test_json_is_one_object_a_line(impasto):
    lines = [json.loads(line) for line in impasto("styles", "--json").out.splitlines()]
    assert [line["name"] for line in lines] == [style.name for style in styles()]
    assert all(line.keys() == {"name", "artist", "title", "year", "licence"} for line in lines)


def test_a_sheet_of_all_styles(impasto, astronaut, names):
    result = impasto("styles", "--sheet", "astronaut.jpg", "-o", "all.png", "--size", 48)
    assert (result.code, result.out) == (0, "all.png\n")
    assert names() == ["all.png", "astronaut.jpg"]
    with Image.open("all.png") as sheet:
        assert sheet.width * sheet.height > 48 * 36 * (len(styles()) + 1)


def test_a_sheet_that_cannot_be(impasto, astronaut, folder, names):
    (folder / "bad.jpg").touch()
    impasto("styles", "--sheet", "absent.jpg").refused("absent.jpg")
    impasto("styles", "--sheet", "bad.jpg").refused("bad.jpg")
    impasto("styles", "--sheet", "astronaut.jpg", "-o", "astronaut.jpg").refused("astronaut.jpg", "replace")
    impasto("styles", "--sheet", "astronaut.jpg", "-o", "absent/x.png").refused("absent/x.png")
    impasto("styles", "--sheet", "astronaut.jpg", "-o", "x.txt").refused("x.txt", code=2)
    assert names() == ["astronaut.jpg", "bad.jpg"]
