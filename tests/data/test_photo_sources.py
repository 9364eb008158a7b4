import io
import pickle
import tarfile
import tracemalloc
import zipfile

import pytest

from impasto.data import open_source, open_sources
from impasto.data.source import is_photo
from impasto.errors import DataError, UnreadablePicture


def contents(source):
    return {source.name(i): source.read(i) for i in range(len(source))}


def under(place, files):
    return {str(place / name): content for name, content in files.items()}


@pytest.fixture(params=["folder", "zip_path", "tar_path"])
def place(request):
    return request.getfixturevalue(request.param)


def test_every_container_gives_the_same_files_in_the_same_order(place, photos):
    source = open_source(place)
    assert contents(source) == under(place, photos)
    assert [source.name(i) for i in range(len(source))] == [str(place / name) for name in sorted(photos)]


def test_a_source_that_was_read_holds_no_handle_and_travels_to_other_processes(place, photos):
    source = open_source(str(place))
    source.read(0)
    assert contents(pickle.loads(pickle.dumps(source))) == under(place, photos)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", True),
        ("A.JPG", True),
        ("deep/er/b.JpEg", True),
        ("./c.webp", True),
        ("with.dots.tiff", True),
        ("notes.txt", False),
        ("jpg", False),
        (".hidden.jpg", False),
        (".thumbnails/a.jpg", False),
        ("._a.jpg", False),
        ("__MACOSX/photos/a.jpg", False),
        ("photo.jpg.part", False),
    ],
)
def test_which_names_are_photos(name, expected):
    assert is_photo(name) is expected


def test_hidden_files_and_junk_are_left_out_everywhere(tmp_path, write_zip, write_tar):
    files = dict.fromkeys([".x.jpg", "__MACOSX/._a.jpg", ".cache/b.png", "read me.txt", "d/c.PNG"], b"?")
    for name in files:
        path = tmp_path / "f" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
    for place in (tmp_path / "f", write_zip(tmp_path / "f.zip", files), write_tar(tmp_path / "f.tar", files)):
        assert list(contents(open_source(place))) == [str(place / "d/c.PNG")]


def test_a_folder_below_a_hidden_one_can_be_named(tmp_path):
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "a.jpg").write_bytes(b"?")
    assert len(open_source(tmp_path / ".cache")) == 1


def test_links_are_followed_but_never_in_circles(folder, photos, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "one.jpg").write_bytes(b"1")
    (folder / "link").symlink_to(elsewhere)
    (folder / "again").symlink_to(elsewhere)
    (folder / "a" / "up").symlink_to(folder)
    (folder / "single.jpg").symlink_to(elsewhere / "one.jpg")
    found = contents(open_source(folder))
    assert set(found) == {*under(folder, photos), str(folder / "again/one.jpg"), str(folder / "single.jpg")}


def test_a_file_that_has_gone_is_unreadable(folder):
    source = open_source(folder)
    (folder / "photo_00.jpg").unlink()
    index = [source.name(i) for i in range(len(source))].index(str(folder / "photo_00.jpg"))
    with pytest.raises(UnreadablePicture, match=r"photo_00\.jpg: No such file"):
        source.read(index)


def test_several_places_make_one_source(folder, zip_path, tar_path, photos):
    source = open_sources([zip_path, folder, tar_path])
    assert len(source) == 3 * len(photos)
    assert contents(source) == {k: v for p in (zip_path, folder, tar_path) for k, v in under(p, photos).items()}
    assert source.name(0).startswith(str(zip_path))
    assert source.name(len(source) - 1).startswith(str(tar_path))
    assert len(pickle.loads(pickle.dumps(source))) == len(source)


def test_one_place_is_that_source_and_none_is_an_error(folder):
    assert type(open_sources([folder])) is type(open_source(folder))
    with pytest.raises(DataError, match="no photos"):
        open_sources([])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_zips(tmp_path, photos, write_zip, method):
    path = write_zip(tmp_path / "z.zip", photos, method)
    assert contents(open_source(path)) == under(path, photos)


def test_a_zip_after_other_bytes_and_without_its_suffix(tmp_path, zip_path, photos):
    path = tmp_path / "dataset"
    path.write_bytes(b"#!/bin/sh\n" * 7 + zip_path.read_bytes())
    assert contents(open_source(path)) == under(path, photos)


def test_a_zip64_written_as_a_stream(tmp_path):
    path = tmp_path / "big.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.jpg", "w", force_zip64=True) as file:
        file.write(b"abc")
    assert open_source(path).read(0) == b"abc"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_with_one_name_the_last_counts(tmp_path):
    zip_path, tar_path = tmp_path / "z.zip", tmp_path / "t.tar"
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr("a.jpg", b"old")
        archive.writestr("a.jpg", b"new")
    with tarfile.open(tar_path, "w") as archive:
        for content in (b"old", b"new"):
            info = tarfile.TarInfo("a.jpg")
            info.size = 3
            archive.addfile(info, io.BytesIO(content))
    for path in (zip_path, tar_path):
        assert contents(open_source(path)) == {str(path / "a.jpg"): b"new"}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_formats_links_and_folders(tmp_path, form):
    path, name = tmp_path / "t.tar", "deep/" * 15 + "ä.jpg"
    with tarfile.open(path, "w", format=form) as archive:
        info = tarfile.TarInfo("deep")
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
        info = tarfile.TarInfo("link.jpg")
        info.type, info.linkname = tarfile.SYMTYPE, name
        archive.addfile(info)
        info = tarfile.TarInfo(name)
        info.size = 5
        archive.addfile(info, io.BytesIO(b"12345"))
    assert contents(open_source(path)) == {str(path / name): b"12345"}


@pytest.mark.parametrize(("mode", "word"), [("w:gz", "gzip"), ("w:bz2", "bzip2"), ("w:xz", "xz")])
def test_a_compressed_tar_is_refused_with_advice(tmp_path, photos, write_tar, mode, word):
    path = write_tar(tmp_path / "photos.tar.gz", photos, mode)
    with pytest.raises(DataError, match=rf"photos\.tar\.gz is compressed with {word}.*plain \.tar.*\.zip"):
        open_source(path)


def test_absent_places_and_other_files(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist"):
        open_source(tmp_path / "nowhere")
    (tmp_path / "one.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"one\.jpg is neither a folder nor"):
        open_source(tmp_path / "one.jpg")


def test_places_without_pictures(tmp_path, write_zip, write_tar):
    (tmp_path / "empty").mkdir()
    notes = {"notes.txt": b"-"}
    for place in (
        tmp_path / "empty",
        write_zip(tmp_path / "z.zip", notes),
        write_tar(tmp_path / "t.tar", notes),
    ):
        with pytest.raises(DataError, match=rf"{place.name} holds no pictures \(looked for \.jpg, "):
            open_source(place)
    with pytest.raises(DataError, match="holds no pictures"):
        open_source(write_tar(tmp_path / "nothing.tar", {}))


@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.99])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_cut_off_archive_is_one_sentence(tmp_path, request, kind, part):
    whole = request.getfixturevalue(f"{kind}_path").read_bytes().rstrip(b"\0")
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(DataError, match=rf"^[^\n]*cut\.{kind} is a broken or incomplete {kind} [^\n]*$"):
        open_source(path)


def test_a_tar_with_a_damaged_header_does_not_end_there(tmp_path, tar_path, photos):
    damaged = bytearray(tar_path.read_bytes())
    second = damaged.index(b"a/photo_01.jpg")
    damaged[second : second + 512] = b"x" * 512
    (tmp_path / "damaged.tar").write_bytes(damaged)
    with pytest.raises(DataError, match="no file starts at byte"):
        open_source(tmp_path / "damaged.tar")


def test_damage_inside_a_zip_spoils_only_that_picture(tmp_path, zip_path, photos):
    damaged = bytearray(zip_path.read_bytes())
    info = zipfile.ZipFile(zip_path).infolist()[0]
    damaged[info.header_offset + 200] ^= 0xFF
    (tmp_path / "d.zip").write_bytes(damaged)
    source = open_source(tmp_path / "d.zip")
    bad = [i for i in range(len(source)) if source.name(i).endswith(info.filename)]
    for i in range(len(source)):
        if i in bad:
            with pytest.raises(UnreadablePicture, match="damaged in the archive"):
                source.read(i)
        else:
            source.read(i)
    assert len(bad) == 1


def test_an_archive_cut_after_it_was_opened(tmp_path, zip_path, tar_path):
    for path in (zip_path, tar_path):
        source = open_source(path)
        path.write_bytes(b"")
        with pytest.raises(UnreadablePicture, match="damaged in the archive"):
            source.read(0)


def test_encrypted_and_oddly_packed_zips_are_refused(tmp_path, zip_path, photos, write_zip):
    locked = bytearray(zip_path.read_bytes())
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    with pytest.raises(DataError, match=r"locked\.zip is encrypted .*password"):
        open_source(tmp_path / "locked.zip")
    with pytest.raises(DataError, match="unusual method"):
        open_source(write_zip(tmp_path / "odd.zip", photos, zipfile.ZIP_BZIP2))


def test_a_zip_that_unpacks_to_more_than_it_says_is_stopped_there(tmp_path):
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(50_000_000))
    size = (50_000_000).to_bytes(4, "little")
    file.write_bytes(file.read_bytes().replace(size, (1000).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        with pytest.raises(UnreadablePicture, match="size is not what the index says"):
            open_source(file).read(0)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_zip_that_says_that_it_unpacks_to_no_end(tmp_path, photos):
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(100_000))
    file.write_bytes(file.read_bytes().replace((100_000).to_bytes(4, "little"), (1 << 31).to_bytes(4, "little")))
    with pytest.raises(DataError, match=r"a\.png unpacks to more than 512 MB"):
        open_source(file)


def test_members_whose_names_lead_elsewhere_are_only_names(tmp_path, photos):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../evil.png", b"x")
        archive.writestr("/etc/evil.png", b"y")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        file = tarfile.TarInfo("../x.png")
        file.size = 1
        archive.addfile(file, io.BytesIO(b"z"))
    source = open_source(tmp_path / "a.zip")
    assert [source.read(index) for index in range(len(source))] == [b"y"]  # .. is taken for a hidden folder
    with pytest.raises(DataError, match="holds no pictures"):
        open_source(tmp_path / "a.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "a.zip"]
