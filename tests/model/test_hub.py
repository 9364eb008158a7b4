"""Networks and styles on the Hugging Face Hub, for which a server on this machine stands."""

import shutil
import sys

import numpy as np
import pytest

import impasto
from impasto.api import own_network
from impasto.cli import main
from impasto.errors import EngineUnavailable, ImpastoError, InvalidOption, ModelError, UnknownStyle, UnwritableOutput
from impasto.model import hub as model_hub
from impasto.model.hub import Reference, parse_reference
from impasto.model.publishing import write_repository
from model.hub import Hub

constants = pytest.importorskip("huggingface_hub.constants")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Return a hub at which huggingface_hub looks, with an empty cache."""
    hub = Hub()
    monkeypatch.setattr(constants, "ENDPOINT", hub.address)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.address + template[template.index("/{repo_id}") :]
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", "hf_nobody")
    model_hub.fetch.cache_clear()
    yield hub
    model_hub.fetch.cache_clear()
    hub.server.shutdown()
    hub.server.server_close()


@pytest.fixture
def repository(hub, tiny_model, tmp_path):
    """Put the tiny network with its styles, and files that are nobody's business, on the hub."""
    folder = tmp_path / "repository"
    write_repository(tiny_model.network, folder, "user/tiny")
    (folder / "evil.py").write_text("raise SystemExit")
    (folder / "weights.bin").write_bytes(b"\x80\x04pickle")
    hub.put("user/tiny", folder, "v1")
    return hub


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("hf:user/repo", Reference("user/repo")),
        ("hf:user/my.repo_2/", Reference("user/my.repo_2")),
        ("hf:user/repo/dots.style", Reference("user/repo", None, "dots.style")),
        ("hf:user/repo@v1.2/styles/dots.style", Reference("user/repo", "v1.2", "styles/dots.style")),
        ("hf:user/repo@0a1b/dots", Reference("user/repo", "0a1b", "dots")),
    ],
)
def test_references(name, meant):
    assert parse_reference(name) == meant


@pytest.mark.parametrize("name", ["hf:", "hf:user", "hf:user/", "hf:user/repo@", "hf:us er/repo", "hf:u/r/a/b/c.style"])
def test_what_is_no_reference(name):
    with pytest.raises(InvalidOption, match="names on the Hub are hf:USER/REPO"):
        parse_reference(name)


@pytest.mark.parametrize("name", ["hf:user/tiny/dots.style", "hf:user/tiny@v1/dots", "hf:user/tiny/styles/dots.style"])
def test_a_style_paints_as_it_does_from_a_file(repository, tiny_model, photo, name):
    expected = impasto.load(tiny_model.style("dots"))(photo)
    np.testing.assert_array_equal(impasto.load(name)(photo), expected)
    assert set(repository.asked) == {
        "network.onnx",
        "network.safetensors",
        "styles/dots.style",
        "styles/lines.style",
    }


def test_which_network_a_style_has(repository, tiny_model, tiny_johnson):
    for name in ("hf:user/tiny/dots", "udnie:0.3+hf:user/tiny@v1/dots", tiny_model.style("dots"), tiny_johnson.network):
        assert own_network(name).name == "network.onnx"
    for name in ("udnie", "random:3", "painting.jpg"):
        assert own_network(name) is None


def test_mixes_and_networks(repository, tiny_model, photo):
    expected = impasto.load("dots:3+lines:1", model=tiny_model.network)(photo)
    mixed = impasto.load("hf:user/tiny/dots.style:3+hf:user/tiny/lines:1")(photo)
    np.testing.assert_array_equal(mixed, expected)
    np.testing.assert_array_equal(impasto.load("dots:3+lines:1", model="hf:user/tiny")(photo), expected)
    assert [style.name for style in impasto.styles("hf:user/tiny")] == ["dots", "lines"]


def test_a_network_with_one_style(hub, tiny_johnson, tmp_path, photo):
    write_repository(tiny_johnson.network, tmp_path / "johnson", "user/johnson")
    hub.put("user/johnson", tmp_path / "johnson")
    expected = impasto.load(tiny_johnson.network)(photo)
    np.testing.assert_array_equal(impasto.load("hf:user/johnson")(photo), expected)


def test_a_style_of_a_bundled_network_lies_alone(hub, tmp_path, photo):
    own = impasto.styles()[0]
    write_repository(own.path, tmp_path / "one", "user/one")
    hub.put("user/one", tmp_path / "one")
    np.testing.assert_array_equal(impasto.load("hf:user/one")(photo), impasto.load(own.name)(photo))
    with pytest.raises(ModelError, match="holds no network of Impasto"):
        impasto.load("dots", model="hf:user/one")


def test_the_command_paints(repository, save, photo, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(
            ["stylize", str(save("photo.png", photo)), "-s", "hf:user/tiny/dots.style", "-o", str(tmp_path / "out.png")]
        )
    assert end.value.code == 0, capsys.readouterr().err
    assert (tmp_path / "out.png").is_file()


def test_what_was_fetched_is_found_offline(repository, monkeypatch):
    first = impasto.find_style("hf:user/tiny/dots")
    repository.server.shutdown()
    repository.server.server_close()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    model_hub.fetch.cache_clear()
    np.testing.assert_array_equal(impasto.find_style("hf:user/tiny/dots").vector, first.vector)
    with pytest.raises(ModelError, match="hf:user/other: the Hub cannot be reached, and it was not fetched before"):
        impasto.find_style("hf:user/other/dots")


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("hf:user/absent/dots", ModelError, "hf:user/absent: is not on the Hub, or is private"),
        ("hf:user/tiny@v9/dots", ModelError, "hf:user/tiny@v9: the repository has no revision v9"),
        ("hf:user/tiny/dot", UnknownStyle, "hf:user/tiny is called 'dot'; did you mean dots"),
        (
            "hf:user/tiny",
            InvalidOption,
            r"hf:user/tiny: name one of the repository's 2 styles, such as hf:user/tiny/dots",
        ),
        ("hf:user/--x/dots", ModelError, "is not on the Hub"),
    ],
)
def test_what_is_not_there(repository, name, error, said):
    with pytest.raises(error, match=said):
        impasto.load(name)


def test_a_repository_of_something_else(hub, tmp_path, save):
    save("bert/config.json", b"{}")
    hub.put("user/bert", tmp_path / "bert")
    with pytest.raises(ModelError, match="hf:user/bert"):
        impasto.load("hf:user/bert/dots")
    assert hub.asked == []


def test_a_damaged_style_is_said(hub, tmp_path, save):
    save("bad/styles/dots.style", b"not a style")
    hub.put("user/bad", tmp_path / "bad")
    with pytest.raises(ModelError, match=r"dots\.style: is not a style file, or is damaged"):
        impasto.load("hf:user/bad/dots")


def test_without_huggingface_hub_it_says_what_to_install(monkeypatch):
    model_hub.fetch.cache_clear()
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'impasto\[hub\]'"):
        impasto.load("hf:user/tiny/dots")


def test_publishing_and_painting_with_what_was_published(hub, tiny_model, photo):
    address = impasto.publish(tiny_model.network, "user/mine")
    assert address == f"{hub.address}/user/mine"
    names = {"README.md", "network.onnx", "network.safetensors", "styles/dots.style", "styles/lines.style"}
    assert names <= set(hub.repositories["user/mine"])
    np.testing.assert_array_equal(
        impasto.load("hf:user/mine/lines")(photo), impasto.load(tiny_model.style("lines"))(photo)
    )


@pytest.mark.parametrize(("status", "said"), [(401, "user/mine: the Hub refuses; log in"), (403, "log in")])
def test_a_hub_that_refuses(hub, tiny_model, status, said):
    hub.status = status
    with pytest.raises(ModelError, match=said):
        impasto.publish(tiny_model.style("dots"), "user/mine")


def test_a_name_that_no_repository_has(hub, tiny_model):
    with pytest.raises(InvalidOption, match="is no name of a repository; write USER/REPO"):
        impasto.publish(tiny_model.style("dots"), "user/a/b")


def test_the_card_says_what_the_files_say(tmp_path):
    write_repository("main", tmp_path, "user/paintings")
    card = (tmp_path / "README.md").read_text("utf-8")
    assert card.startswith("---\nlicense: mit\n")
    for words in ("hf:user/paintings/", "`impasto:channels=64", "| Vincent van Gogh | The Starry Night | 1889 |"):
        assert words in card
    assert "Trained in runs" in card
    assert "| weights | " in card


def test_a_title_cannot_break_the_card(tiny_model, tmp_path):
    from dataclasses import replace

    style = impasto.read_style(tiny_model.style("dots"))
    style = replace(style, credits=impasto.Credits("A | B", "<script>x</script>\n# C", "", "own"))
    impasto.write_style(style, tmp_path / "dots.style")
    write_repository(tmp_path / "dots.style", tmp_path / "out", "user/x")
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "| A \\| B | &lt;script>x&lt;/script> # C |" in card
    assert "license: other" in card


def test_what_cannot_be_published_together(tiny_model, tmp_path):
    with pytest.raises(InvalidOption, match="one network"):
        write_repository(["main", "fast"], tmp_path)
    with pytest.raises(InvalidOption, match="different networks"):
        write_repository(["main", tiny_model.style("dots")], tmp_path)
    shutil.copy(tiny_model.style("dots"), tmp_path / "dots.style")
    with pytest.raises(InvalidOption, match="one name"):
        write_repository([tiny_model.network, tmp_path / "dots.style"], tmp_path)
    shutil.copy(tiny_model.network, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"other\.safetensors must lie beside it"):
        write_repository(tmp_path / "other.onnx", tmp_path)
    with pytest.raises(InvalidOption, match="nothing to publish"):
        write_repository([], tmp_path)
    with pytest.raises(ImpastoError, match="no network"):
        write_repository("absent.onnx", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableOutput):
        write_repository("main", tmp_path / "file")
