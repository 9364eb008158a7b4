"""Command lines as the help and the docs show them: found, taken apart and checked, and nothing is run."""

import re
import shlex
from contextlib import suppress

import click

from impasto.cli import COMMANDS, impasto
from impasto.cli.names import RegionStyle, StyleName
from impasto.model import find_style, is_painting, is_style_file, parse_mix

END = frozenset("|;&><")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:torchrun [^`]*-m )?impasto [^`]+)`")


def in_blocks(page):
    """Return the blocks of command lines in a page's Markdown."""
    return [block for language, block in FENCE.findall(page) if not language]


def in_sentences(page):
    """Return the command lines in a page's sentences; these need not be whole."""
    return [line.replace("...", "") for line in INLINE.findall(FENCE.sub("", page))]


def calls(text):
    """Return the arguments of each call of impasto in lines of a shell, without what pipes, redirects and comments."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&<>")
        lexer.whitespace_split = True
        words, call = list(lexer), None
        for number, word in enumerate(words):
            if set(word) <= END:
                call = None
            elif call is not None:
                call.append(word)
            elif word == "impasto" and (number == 0 or set(words[number - 1]) <= END or words[number - 1] == "-m"):
                found.append(call := [])
    return found


def check(arguments):
    """Raise click.UsageError unless the command takes these arguments, and ImpastoError unless its styles are there."""
    name, *rest = arguments
    if name in ("COMMAND", "--help", "--debug"):
        return
    command = impasto.get_command(click.Context(impasto), name)
    if command is None:
        raise click.UsageError(f"there is no command impasto {name}; there are {', '.join(COMMANDS)}")
    with suppress(click.exceptions.Exit):  # of --help
        context = command.make_context(name, rest)
        for parameter in command.params:
            if isinstance(parameter.type, StyleName):
                given = context.params[parameter.name] or ()
                for style in (given,) if isinstance(given, str) else given:
                    check_style(style.rpartition("=")[2] if isinstance(parameter.type, RegionStyle) else style)


def check_style(text):
    mix = re.sub(r"@[\d:.]+s?$", "", text)
    for name, _ in parse_mix(mix):
        elsewhere = name.startswith("hf:") or name.endswith(".onnx") or name.isupper()
        if not (is_style_file(name) or is_painting(name) or elsewhere):
            find_style(name)
