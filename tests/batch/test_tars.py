"""WebDataset tars, in and out."""

import io
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.batch import sinks
from impasto.batch.tars import END, members, packed
from impasto.errors import UnwritableOutput

from .conftest import in_tar, ledger, make_tar, paintings, report
from .test_batch import failing_after


def test_tars_become_tars_with_all_that_lies_beside_the_photos(paint, shards, tmp_path):
    done = paint(shards, tmp_path / "out")
    assert paintings(tmp_path / "out") == ["00000.tar", "00001.tar"]
    for name in ("00000.tar", "00001.tar"):
        before, after = in_tar(shards / name), in_tar(tmp_path / "out" / name)
        bad = next(member for member, data in before.items() if data == b"hello")
        assert list(after) == [member for member in before if member != bad]
        assert all(after[member] == data for member, data in before.items() if member.endswith(".txt"))
        photos = [member for member in after if member.endswith(".jpg")]
        assert all(Image.open(io.BytesIO(after[member])).size == (30, 40) for member in photos)
    assert (done.painted, done.painted_now) == (198, 198)
    assert sorted(name for name, _ in done.failed) == [f"{shards}/0000{n}.tar::{n}007.jpg" for n in (0, 1)]
    assert paint(shards, tmp_path / "out").painted_now == 0


def test_tars_become_folders(paint, shards, tmp_path):
    done = paint(shards / "00001.tar", tmp_path / "out", to="files", format="png")
    assert len(paintings(tmp_path / "out")) == done.painted == 99
    assert "00001/1000.jpg.png" in paintings(tmp_path / "out")


def test_folders_become_tars(paint, album, tmp_path, bytes_of):
    done = paint(album, tmp_path / "out", to="tars", chunk=5)
    tars = paintings(tmp_path / "out")
    held = [name for tar in tars for name in in_tar(tmp_path / "out" / tar)]
    assert (len(tars), len(held), len(set(held))) == (3, 12, 12)
    assert (done.painted, len(done.failed)) == (12, 3)
    (album / "00a.jpg").write_bytes(bytes_of())  # all chunks are others now
    again = paint(album, tmp_path / "out", to="tars", chunk=5)
    assert (again.painted, again.painted_now, sorted(again.failed)) == (13, 1, sorted(done.failed))
    more = [name for tar in paintings(tmp_path / "out") for name in in_tar(tmp_path / "out" / tar)]
    assert sorted(more) == sorted([*held, "00a.jpg"])


def test_failures_get_a_tar_of_their_own_when_they_are_tried_again(paint, album, tmp_path, bytes_of):
    paint(album, tmp_path / "out", to="tars")
    (album / "empty.jpg").write_bytes(bytes_of())
    done = paint(album, tmp_path / "out", to="tars", retry=True)
    assert (done.painted, done.painted_now, len(done.failed)) == (13, 1, 2)
    again = paint(album, tmp_path / "out", to="tars", retry=True)
    assert (again.painted, again.painted_now, again.failed) == (13, 0, done.failed)
    assert ["empty.jpg"] in [list(in_tar(tmp_path / "out" / tar)) for tar in paintings(tmp_path / "out")]


def test_a_tar_goes_on_where_an_error_ended_it(paint, shards, tmp_path, monkeypatch):
    """What is in parts is not painted again, and the result is the same."""
    paint(shards / "00000.tar", tmp_path / "whole")
    counted = counting(monkeypatch)
    with pytest.raises(UnwritableOutput, match="disk"):
        monkeypatch.setattr("impasto.batch.worker.encode", failing_after(80))
        paint(shards / "00000.tar", tmp_path / "out")
    monkeypatch.undo()
    parts = list((tmp_path / "out/.impasto/parts").glob("*/0*"))
    assert len(parts) == 2
    assert paintings(tmp_path / "out") == []
    counted = counting(monkeypatch)
    done = paint(shards / "00000.tar", tmp_path / "out")
    assert len(counted) == 99 - (len(parts) * sinks.PART // 2 - 1)  # one of the first is no photo
    assert (done.painted, len(done.failed)) == (99, 1)
    assert (tmp_path / "out/00000.tar").read_bytes() == (tmp_path / "whole/00000.tar").read_bytes()
    assert not (tmp_path / "out/.impasto/parts").exists()


def counting(monkeypatch):
    from impasto.batch import worker

    calls, encode = [], worker.encode

    def counted(*arguments):
        calls.append(1)
        return encode(*arguments)

    monkeypatch.setattr("impasto.batch.worker.encode", counted)
    return calls


def test_large_paintings_do_not_pile_up_in_memory(paint, shards, tmp_path, monkeypatch):
    paint(shards / "00000.tar", tmp_path / "whole")
    held, keep = [], sinks.TarSink.keep
    monkeypatch.setattr(sinks.TarSink, "keep", lambda sink, *rest: held.append(sink.members) or keep(sink, *rest))
    monkeypatch.setattr(sinks, "PART_BYTES", 10_000)
    paint(shards / "00000.tar", tmp_path / "out")
    assert 0 < max(sum(map(len, part[:-1])) for part in held) < 10_000
    assert (tmp_path / "out/00000.tar").read_bytes() == (tmp_path / "whole/00000.tar").read_bytes()


def test_a_tar_that_was_put_together_but_not_written_down(paint, shards, tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.batch.ledger.Ledger.finish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        paint(shards / "00000.tar", tmp_path / "out")
    monkeypatch.undo()
    counted = counting(monkeypatch)
    assert paint(shards / "00000.tar", tmp_path / "out").painted == 99
    assert not counted
    assert len(in_tar(tmp_path / "out/00000.tar")) == 199


def test_a_tar_of_somebody_else_stays(paint, shards, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/00000.tar").write_bytes(b"mine")
    with pytest.raises(UnwritableOutput, match="not of this run"):
        paint(shards, tmp_path / "out")
    assert (tmp_path / "out/00000.tar").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["../out.jpg", "/etc/out.jpg", "a/../../out.jpg", "a\\..\\out.jpg", "c:/out.jpg"])
@pytest.mark.parametrize("to", ["files", "tars"])
def test_names_that_lead_out_of_the_folder_are_refused(paint, tmp_path, bytes_of, name, to):
    make_tar(tmp_path / "evil.tar", {"a.jpg": bytes_of(), name: bytes_of(), "b.jpg": bytes_of()})
    before = set(tmp_path.rglob("*"))
    done = paint(tmp_path / "evil.tar", tmp_path / "out", to=to)
    assert (done.painted, len(done.failed)) == (2, 1)
    assert f"evil.tar::{name}" in done.failed[0][0]
    assert "leads out" in done.failed[0][1]
    assert all(path.is_relative_to(tmp_path / "out") for path in set(tmp_path.rglob("*")) - before)


def test_links_and_folders_in_a_tar(paint, tmp_path, bytes_of):
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link.jpg", tarfile.SYMTYPE), ("hard.jpg", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("folder/a.jpg")
        info.size = len(bytes_of())
        archive.addfile(info, io.BytesIO(bytes_of()))
    done = paint(tmp_path / "links.tar", tmp_path / "out")
    assert list(in_tar(tmp_path / "out/links.tar")) == ["folder/a.jpg"]
    assert [name.rpartition("::")[2] for name, _ in done.failed] == ["link.jpg", "hard.jpg"]


def damaged(data, kind):
    if kind == "cut in a file":
        return data[: len(data) // 2 + 700]
    if kind == "cut in a header":
        return data[: 512 * 7 + 100]
    if kind == "overwritten":
        return data[:5120] + b"x" * 2048 + data[7168:]
    return b"this is no tar at all" * 100


@pytest.mark.parametrize("kind", ["cut in a file", "cut in a header", "overwritten", "text"])
def test_damaged_tars_are_reported_and_do_not_stop_the_rest(paint, shards, tmp_path, kind):
    tar = shards / "00000.tar"
    tar.write_bytes(damaged(tar.read_bytes(), kind))
    done = paint(shards, tmp_path / "out")
    reasons = dict(done.failed)
    assert "damaged" in reasons[str(tar)]
    assert len(in_tar(tmp_path / "out/00001.tar")) == 199
    assert {"photo": str(tar), "error": reasons[str(tar)]} in report(tmp_path / "out")
    there = in_tar(tmp_path / "out/00000.tar") if kind != "text" else ()
    assert done.painted == 99 + sum(name.endswith(".jpg") for name in there)
    assert bool(there) == (tmp_path / "out/00000.tar").exists()


@pytest.mark.parametrize("ending", ["tar.gz", "tgz", "tar.xz", "tar.bz2"])
def test_compressed_tars(paint, tmp_path, bytes_of, ending):
    mode = {"tgz": "gz"}.get(ending, ending.removeprefix("tar."))
    with tarfile.open(tmp_path / f"a.{ending}", f"w:{mode}") as archive:
        info = tarfile.TarInfo("x.jpg")
        info.size = len(bytes_of())
        archive.addfile(info, io.BytesIO(bytes_of()))
    paint(tmp_path / f"a.{ending}", tmp_path / "out")
    assert list(in_tar(tmp_path / "out/a.tar")) == ["x.jpg"]


def test_patterns_of_tars_and_tars_that_are_absent(paint, shards, tmp_path):
    done = paint(f"{shards}/{{00000..00002}}.tar", tmp_path / "out")
    assert done.painted == 198
    assert dict(done.failed)[f"{shards}/00002.tar"] == "there is no such file"


def test_the_limit_takes_whole_tars(paint, shards, tmp_path):
    assert paint(shards, tmp_path / "out", limit=50).painted == 99
    assert paintings(tmp_path / "out") == ["00000.tar"]
    assert paint(shards, tmp_path / "out").painted_now == 99
    assert len(ledger(tmp_path / "out")) == 2


@pytest.mark.parametrize("name", ["a.jpg", "deep/" * 60 + "a.jpg", "ünï/ß.png"])
def test_members_as_they_stand_in_a_tar(tmp_path, name):
    (tmp_path / "x.tar").write_bytes(packed(name, b"12345") + packed("b", b"") + END)
    assert [(member.name, member.data) for member in members(str(tmp_path / "x.tar"))] == [(name, b"12345"), ("b", b"")]


@given(
    files=st.dictionaries(
        st.from_regex(r"[a-zé][a-z0-9_é]{0,120}\.(jpg|txt)", fullmatch=True), st.binary(max_size=1500)
    )
)
def test_any_files_come_back_from_a_tar(files):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.tar").write_bytes(b"".join(packed(name, data) for name, data in files.items()) + END)
        assert {member.name: member.data for member in members(f"{folder}/x.tar")} == files
