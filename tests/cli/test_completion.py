"""What a shell is told when a line is being typed."""

import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.conftest import with_source
from impasto.cli.names import style_names
from impasto.model import find_style
from impasto.model.bundled import style_paths

BASH = shutil.which("bash")
STYLE = ["impasto", "stylize", "photo.jpg", "-s"]


def ask(call, monkeypatch, words, shell):
    """Return what the shell is answered whose user has typed these words, the last in part."""
    answered = shell + "_complete"
    monkeypatch.setenv("_IMPASTO_COMPLETE", answered)
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
    monkeypatch.setenv("COMP_LINE", " ".join(words))
    result = call()
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    if shell == "zsh":  # three lines for each: kind, value, help
        return list(zip(lines[::3], lines[1::3], strict=False))
    return [tuple(line.partition("\t")[0].split(",", 1)) for line in lines]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["impasto", "sty"], [("plain", "stylize"), ("plain", "styles")]),
        ([*STYLE, "udn"], [("plain", "udnie")]),
        ([*STYLE, "starry-night:0.7+great"], [("plain", "starry-night:0.7+great-wave")]),
        ([*STYLE, "van-gogh-w"], [("plain", "van-gogh-wheat-field-with-cypresses")]),
        ([*STYLE, "my"], [("file", "my")]),
        (["impasto", "stylize", "ph"], [("file", "ph")]),
        (["impasto", "stylize", "photo.jpg", "--region", "sky.png=udn"], [("plain", "sky.png=udnie")]),
        (["impasto", "stylize", "photo.jpg", "--region", "sk"], [("file", "sk")]),
        (["impasto", "fit", "painting.jpg", "--model", "f"], [("plain", "fast")]),
        (["impasto", "stylize", "photo.jpg", "--color", "k"], [("plain", "keep")]),
        (["impasto", "stylize", "photo.jpg", "--back"], [("plain", "--background")]),
    ],
)
def test_what_may_follow(impasto, monkeypatch, shell, typed, expected):
    assert ask(impasto, monkeypatch, typed, shell) == expected


@given(st.data())
def test_whatever_a_name_is_completed_to_is_a_style(data):
    name = data.draw(st.sampled_from(sorted(style_paths())))
    start, end = (data.draw(st.integers(0, len(name))) for _ in range(2))
    completed = style_names(name[start:end])
    assert start or name in completed
    for each in completed:
        assert find_style(each).name in style_paths()


def test_a_tail_of_two_styles_is_no_completion():
    assert style_names("water-lilies") == ["water-lilies-1906", "water-lilies-1919"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(impasto, shell):
    result = impasto("completion", shell)
    assert (result.code, result.err) == (0, "")
    assert f"_IMPASTO_COMPLETE={shell}_complete" in result.out
    if program := shutil.which(shell):
        assert (
            subprocess.run([program, "-n"], input=result.out.encode(), check=False, capture_output=True).returncode == 0
        )


def test_another_shell_is_refused(impasto):
    impasto("completion", "cmd").refused("bash", code=2)


def bash_has_what_it_takes():
    version = subprocess.run([BASH, "--version"], capture_output=True, text=True, check=True).stdout if BASH else ""
    match = re.search(r"version (\d+)\.(\d+)", version)
    return match is not None and tuple(map(int, match.groups())) >= (4, 4)


@pytest.mark.skipif(not bash_has_what_it_takes(), reason="needs bash 4.4")
@pytest.mark.parametrize(
    ("line", "word", "replies"),
    [
        # word: what bash itself takes for the word that is being typed
        ("impasto stylize photo.jpg -s van-gogh-wh", "van-gogh-wh", ["van-gogh-wheat-field-with-cypresses"]),
        ("impasto stylize photo.jpg -s starry-night:0.7+great", "0.7+great", ["0.7+great-wave"]),
        ("impasto stylize photo.jpg --style=udn", "udn", ["udnie"]),
        ("impasto stylize photo.jpg --region sky.png=udn", "udn", ["udnie"]),
        ("impasto stylize photo.jpg --color ", "", ["style", "keep", "palette"]),
    ],
)
def test_bash_replaces_what_it_takes_for_the_word(impasto, line, word, replies, tmp_path):
    command = tmp_path / "impasto"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m impasto "$@"\n')
    command.chmod(0o755)
    script = f"{impasto('completion', 'bash').out}\nCOMP_LINE=$1 COMP_POINT=${{#1}}\n"
    script += f'_impasto_completion {command} "$2" ""\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
    done = subprocess.run(
        [BASH, "-c", script, "bash", line, word],
        capture_output=True,
        text=True,
        check=True,
        env=with_source(),
        timeout=60,
    )
    assert done.stdout.splitlines() == replies


def test_it_loads_no_torch():
    program = (
        "import sys; from impasto.cli import main\ntry:\n main()\nexcept SystemExit: print('torch' in sys.modules)"
    )
    asked = with_source(_IMPASTO_COMPLETE="bash_complete", COMP_LINE="impasto stylize -s udn")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=asked, timeout=60
    )
    assert done.stdout.splitlines() == ["plain,udnie", "False"]
