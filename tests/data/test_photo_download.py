"""Fetching from a server that cuts, stalls, forgets and changes; on this machine only."""

import json
import resource

import numpy as np
import pytest
from faulty_server import Server

from impasto.data.download import Patience, digests, fetch
from impasto.errors import DataError, InvalidOption, UnwritableOutput

CONTENT = np.random.default_rng(0).bytes(300_000)
OTHER = np.random.default_rng(1).bytes(280_000)


@pytest.fixture
def server():
    served = Server(CONTENT)
    yield served
    served.close()


@pytest.fixture
def part(tmp_path):
    return tmp_path / "a.zip.part"


@pytest.fixture
def get(server, part):
    def get(tries=5, check=lambda coming: None, follow=lambda done, of: None, silence=5.0):
        return fetch(f"{server.url}/a.zip", part, check, follow, Patience(silence, tries, 0.01))

    return get


def note_of(part):
    return part.with_name(part.name + ".json")


def test_a_file_is_fetched_whole_and_followed(get, part, server):
    seen, coming = [], []
    stated = get(follow=lambda done, of: seen.append((done, of)), check=coming.append)
    assert part.read_bytes() == CONTENT
    assert (stated.size, stated.etag) == (len(CONTENT), server.etag)
    assert (seen[0], seen[-1]) == ((0, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert seen == sorted(seen)
    assert coming == [len(CONTENT)]


def test_what_is_whole_is_not_asked_for_again(get, server, part):
    get()
    get()
    assert len(server.requests) == 1


@pytest.mark.parametrize("wish", ["cut", 500, 503, 429])
def test_it_goes_on_after_what_passes(get, server, part, wish):
    server.plan = [wish, "cut", wish]
    get()
    assert part.read_bytes() == CONTENT
    assert server.requests[-1]["Range"].startswith("bytes=")
    assert server.requests[-1]["If-Range"] == server.etag


def test_each_cut_costs_no_byte_twice(get, server, part):
    server.plan = ["cut"] * 8  # more than there are tries: each brings something new
    get(tries=2)
    firsts = [int(each["Range"][6:-1]) for each in server.requests if "Range" in each]
    assert firsts == sorted(set(firsts))
    assert part.read_bytes() == CONTENT


def test_a_server_that_stalls_is_given_up_and_asked_again(get, server, part):
    server.plan = ["stall"]
    get(silence=0.3)
    assert part.read_bytes() == CONTENT


def test_a_server_without_ranges_gives_it_from_the_start(get, server, part):
    server.ranges, server.plan = False, ["cut"]
    get()
    assert part.read_bytes() == CONTENT


def test_a_server_without_versions_gives_it_from_the_start(get, server, part):
    server.etags, server.plan = False, ["cut"]
    get()
    assert "Range" not in server.requests[-1]
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("if_range", [True, False])
@pytest.mark.parametrize("other", [OTHER, CONTENT[::-1], OTHER[:1000]])
def test_two_versions_are_never_mixed(get, server, part, if_range, other):
    server.if_range = if_range  # without it the server gives a range of the other file, or 416

    def change():
        server.content = other

    server.plan = ["cut", change]
    get()
    assert part.read_bytes() == other


def test_a_file_that_changes_every_time_ends(get, server, part):
    server.if_range = False

    def change():
        server.content = server.content[1:]
        return "cut"

    server.plan = [change] * 50
    with pytest.raises(DataError, match="cannot be fetched"):
        get(tries=3)


@pytest.mark.parametrize("status", [404, 403, 410])
def test_what_does_not_pass_is_said_at_once(get, server, status):
    server.plan = [status] * 9
    with pytest.raises(DataError, match=rf"zips/a.zip: the server says {status}"):
        get()
    assert len(server.requests) == 1


def test_a_server_that_never_gives_it_is_given_up_and_the_part_kept(get, server, part):
    server.plan = ["cut"] + [500] * 9
    with pytest.raises(DataError, match=r"cannot be fetched .*500.* are kept, and the same command goes on"):
        get(tries=3)
    assert part.read_bytes() == CONTENT[: len(CONTENT) // 2]
    server.plan = []
    get()
    assert part.read_bytes() == CONTENT
    assert server.requests[-1]["Range"] == f"bytes={len(CONTENT) // 2}-"


def test_no_server(part):
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch("http://127.0.0.1:9/a.zip", part, print, print, Patience(1, 2, 0.01))
    assert not part.exists()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "/etc/passwd"])
def test_only_addresses_of_the_web(part, url):
    with pytest.raises(InvalidOption, match="begins with http"):
        fetch(url, part, print, print)


def test_a_server_that_does_not_say_the_size(get, server):
    server.length = False
    with pytest.raises(DataError, match="does not say how large"):
        get()


def test_ctrl_c_keeps_the_part_and_the_next_call_goes_on(get, server, part):
    def interrupt(done, of):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(follow=interrupt)
    have = part.stat().st_size
    assert 0 < have < len(CONTENT)
    get()
    assert part.read_bytes() == CONTENT
    assert server.requests[-1]["Range"] == f"bytes={have}-"


@pytest.mark.parametrize("note", [b"", b"[]", b'{"size": "many"}', b'{"size": 10, "more": 1}'])
def test_a_part_with_a_damaged_note_is_fetched_anew(get, server, part, note):
    part.write_bytes(b"something else")
    note_of(part).write_bytes(note)
    get()
    assert part.read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_fetched_anew(get, server, part):
    part.write_bytes(CONTENT + b"more")
    note_of(part).write_text(json.dumps({"size": len(CONTENT) + 9, "etag": server.etag, "modified": ""}))
    get()
    assert part.read_bytes() == CONTENT


def test_nothing_is_written_where_there_is_no_room(get, part):
    def check(coming):
        raise DataError("no room")

    with pytest.raises(DataError, match="no room"):
        get(check=check)
    assert not part.exists()


def test_where_nothing_can_be_written(get, part):
    part.mkdir()
    with pytest.raises(UnwritableOutput, match=r"a\.zip\.part: "):
        get()


def test_a_full_disk_keeps_what_has_come(get, part, server):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(UnwritableOutput, match=r"a\.zip\.part: File too large"):
            get()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert part.stat().st_size == 100_000
    get()
    assert part.read_bytes() == CONTENT
    assert server.requests[-1]["Range"] == "bytes=100000-"


def test_digests(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    found = digests(tmp_path / "f", ("md5", "sha256"), lambda done, of: None)
    assert found["md5"] == "900150983cd24fb0d6963f7d28e17f72"
    assert found["sha256"].startswith("ba7816bf")
