import pytest

from impasto.errors import InvalidOption
from impasto.server import ServerSettings


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_this_machine_needs_no_key(host):
    assert ServerSettings(host=host).is_local


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", "localhost.example.org", ""])
def test_any_other_address_needs_a_key(host):
    with pytest.raises(InvalidOption, match="--key"):
        ServerSettings(host=host)
    assert ServerSettings(host=host, key="secret").key == "secret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 70000),
        ("port", -1),
        ("queue", 0),
        ("deadline", "soon"),
        ("job_time", "0s"),
        ("keep", "-1h"),
        ("max_bytes", "many"),
        ("max_memory", "2 cups"),
        ("max_disk", "half"),
        ("key", "a:b"),
        ("key", "sch\u00f6n"),
        ("key", "a\nb"),
    ],
)
def test_what_cannot_be_is_refused_and_named(name, value):
    with pytest.raises(InvalidOption, match="--" + name.replace("_", "-")):
        ServerSettings(**{name: value})
