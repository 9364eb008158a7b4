from pathlib import Path

import pytest

from impasto.batch.jobs import Job, find, plan
from impasto.errors import InvalidOption, UnreadablePicture, UnwritableOutput


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make photos in nested folders, which are never opened here, and go there."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.PNG", "c.gif", "notes.txt", ".hidden.jpg", "sub/a.jpg", "sub/deep/d.webp", ".trash/e.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    Path("empty").mkdir()
    Path("paintings").mkdir()
    return tmp_path


def planned(photos, output=None, style="wave"):
    return {str(job.photo): str(job.output) for job in plan(photos, output, style)}


def test_beside_the_photo_by_default(tree):
    assert plan(["photos/a.jpg"], None, "wave") == [Job(Path("photos/a.jpg"), Path("photos/a-wave.jpg"))]


def test_a_format_that_is_not_written_becomes_png(tree):
    Path("scan").touch()
    Path("scan.tar.xz").touch()
    assert planned(["photos/c.gif", "scan", "scan.tar.xz"]) == {
        "photos/c.gif": "photos/c-wave.png",
        "scan": "scan-wave.png",
        "scan.tar.xz": "scan.tar-wave.png",
    }


def test_to_a_file(tree):
    assert planned(["photos/a.jpg"], "paintings/x.png") == {"photos/a.jpg": "paintings/x.png"}


@pytest.mark.parametrize("output", ["paintings", "paintings/", "new/", "new/nested/"])
def test_one_photo_into_a_folder(tree, output):
    assert planned(["photos/a.jpg"], output) == {"photos/a.jpg": str(Path(output) / "a.jpg")}


def test_a_folder_is_searched_and_its_folders_are_kept(tree):
    assert planned(["photos"], "new") == {
        "photos/a.jpg": "new/a.jpg",
        "photos/b.PNG": "new/b.PNG",
        "photos/c.gif": "new/c.png",
        "photos/sub/a.jpg": "new/sub/a.jpg",
        "photos/sub/deep/d.webp": "new/sub/deep/d.webp",
    }


def test_a_folder_beside_its_photos(tree):
    assert set(planned(["photos/sub"]).values()) == {"photos/sub/a-wave.jpg", "photos/sub/deep/d-wave.webp"}


def test_patterns(tree):
    assert list(planned(["photos/*.jpg"])) == ["photos/a.jpg"]
    assert list(planned(["photos/**/*.jpg"])) == ["photos/a.jpg", "photos/sub/a.jpg"]
    assert list(planned([str(tree / "photos" / "[ab].*")])) == [
        str(tree / "photos" / name) for name in ("a.jpg", "b.PNG")
    ]


def test_a_file_with_signs_of_a_pattern_in_its_name(tree):
    Path("a[1].jpg").touch()
    assert planned(["a[1].jpg"]) == {"a[1].jpg": "a[1]-wave.jpg"}


def test_a_named_file_may_have_any_ending(tree):
    assert planned(["photos/notes.txt"]) == {"photos/notes.txt": "photos/notes-wave.png"}


def test_each_photo_once_in_the_order_of_naming(tree):
    named = [
        "photos/sub/a.jpg",
        "photos/a.jpg",
        "photos",
        "./photos/a.jpg",
        str(tree / "photos/a.jpg"),
        "empty/../photos",
    ]
    assert find(named) == [
        Path("photos") / name for name in ("sub/a.jpg", "a.jpg", "b.PNG", "c.gif", "sub/deep/d.webp")
    ]


def test_the_folder_of_the_paintings_is_not_painted_again(tree):
    Path("photos/done/sub").mkdir(parents=True)
    Path("photos/done/a.jpg").touch()
    Path("photos/done/sub/a.jpg").touch()
    for output in ("photos/done", "photos/done/", str(tree / "photos" / "done"), "photos/sub/../done"):
        assert not any("done" in photo for photo in planned(["photos"], output))
    Path("link").symlink_to("photos/done")
    assert not any("done" in photo for photo in planned(["photos"], "link"))


def test_two_photos_that_would_become_one_painting(tree):
    with pytest.raises(InvalidOption, match=r"photos/a\.jpg and photos/sub/a\.jpg .*paintings/a\.jpg"):
        plan(["photos/a.jpg", "photos/sub/a.jpg"], "paintings", "wave")
    Path("photos/c.png").touch()
    with pytest.raises(InvalidOption, match=r"photos/c\.(gif|png) and photos/c\.(gif|png)"):
        plan(["photos"], None, "wave")


def test_several_photos_do_not_become_one_file(tree):
    for photos in (["photos/a.jpg", "photos/b.PNG"], ["photos"], ["photos/*"]):
        with pytest.raises(InvalidOption, match=r"x\.jpg"):
            plan(photos, "x.jpg", "wave")


@pytest.mark.parametrize("output", ["x.txt", "x.gif", "x", "x.jpg.xz"])
def test_endings_that_cannot_be_written(tree, output):
    with pytest.raises(InvalidOption, match=output):
        plan(["photos/a.jpg"], output, "wave")


def test_a_painting_never_replaces_its_photo(tree):
    Path("link.jpg").symlink_to("photos/a.jpg")
    Path("hard.jpg").hardlink_to("photos/a.jpg")
    Path("photos-too").symlink_to("photos")
    for output in (
        "photos/a.jpg",
        "./photos/../photos/a.jpg",
        str(tree / "photos/a.jpg"),
        "link.jpg",
        "hard.jpg",
        "photos-too/a.jpg",
        "photos",
        "photos/",
        "photos-too/",
    ):
        with pytest.raises(UnwritableOutput, match="would replace a photo"):
            plan(["photos/a.jpg"], output, "wave")
    with pytest.raises(UnwritableOutput, match="would replace a photo"):
        plan(["link.jpg"], "photos/a.jpg", "wave")


def test_a_painting_replaces_no_other_photo_of_the_call(tree):
    Path("photos/a-wave.jpg").touch()
    with pytest.raises(UnwritableOutput, match=r"photos/a-wave\.jpg.*would replace a photo"):
        plan(["photos"], None, "wave")
    with pytest.raises(UnwritableOutput, match="would replace a photo"):
        plan(["photos"], "photos", "wave")


def test_an_earlier_painting_may_be_replaced(tree):
    Path("photos/a-wave.jpg").touch()
    assert planned(["photos/a.jpg"]) == {"photos/a.jpg": "photos/a-wave.jpg"}


def test_a_folder_without_pictures(tree):
    with pytest.raises(InvalidOption, match=r"empty: .*no pictures.*\.jpg"):
        plan(["empty"], None, "wave")
    Path("empty/notes.txt").touch()
    with pytest.raises(InvalidOption, match="no pictures"):
        find(["photos", "empty"])


def test_a_pattern_without_files(tree):
    for pattern in ("*.jpg", "photos/*.xyz", "phot?"):
        with pytest.raises(InvalidOption, match="no file matches"):
            plan([pattern], None, "wave")


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("absent.jpg", "there is no such file"),
        ("absent/a.jpg", "there is no such file"),
        ("photos/a.jpg/b.jpg", "Not a directory"),
        ("n" * 300 + ".jpg", "too long"),
        ("a\0b.jpg", "null"),
    ],
)
def test_photos_that_are_not_there(tree, named, reason):
    with pytest.raises(UnreadablePicture, match=reason) as caught:
        plan([named], None, "wave")
    assert caught.value.name == named


def test_a_photo_in_a_folder_that_is_locked(save, unprivileged, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "locked"
    folder.mkdir()
    (folder / "a.jpg").touch()
    folder.chmod(0)
    try:
        with unprivileged(), pytest.raises(UnreadablePicture, match=r"a\.jpg: Permission denied"):
            plan([str(folder / "a.jpg")], None, "wave")
    finally:
        folder.chmod(0o700)


def test_empty_names_are_not_the_current_folder(tree):
    for photos, output in (([""], None), (["photos/a.jpg", ""], None), (["photos/a.jpg"], "")):
        with pytest.raises(InvalidOption, match="empty"):
            plan(photos, output, "wave")


def test_an_output_in_a_folder_that_is_not_there(tree):
    for output in ("absent/x.jpg", "photos/a.jpg/x.jpg", "n" * 300 + "/x.jpg"):
        with pytest.raises(UnwritableOutput, match="the folder does not exist"):
            plan(["photos/a.jpg"], output, "wave")


def test_links_in_circles_end(tree):
    Path("photos/loop").symlink_to("..")
    Path("photos/self.jpg").symlink_to("self.jpg")
    Path("photos/broken.jpg").symlink_to("gone.jpg")
    jobs = planned(["photos"], "new")
    assert len(jobs) == 7
    assert {"photos/self.jpg", "photos/broken.jpg"} < set(jobs)  # found bad when they are painted
    with pytest.raises(UnreadablePicture, match=r"self\.jpg"):
        plan(["photos/self.jpg"], None, "wave")


def test_no_jobs_without_photos(tree):
    assert plan([], None, "wave") == []
