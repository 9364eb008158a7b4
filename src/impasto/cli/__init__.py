"""The command `impasto`: one file a subcommand, imported when it is called."""

from __future__ import annotations

import io
import os
import sys
import threading
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click
from click.shell_completion import CompletionItem

from impasto import __version__
from impasto.cli.command import Command
from impasto.errors import ImpastoError, InvalidOption

__all__ = ["impasto", "main", "module_of"]

COMMANDS = {
    "stylize": "Paint photos in a style.",
    "batch": "Paint a collection: folders, buckets, tables or tars; on all cores or a cluster.",
    "video": "Paint a film, with steady strokes and its sound.",
    "webcam": "Paint what a camera sees, live.",
    "serve": "Serve painting over HTTP, with a web studio.",
    "styles": "List the bundled styles, show all of them on one photo, or find those like a painting.",
    "fit": "Learn a new style from one painting.",
    "optimize": "Paint one photo by optimising its pixels: slow, and the finest.",
    "data": "Fetch photos to train on, and check them.",
    "train": "Train a network on paintings and photos.",
    "tune": "Search the options of a training run.",
    "export": "Write a network for other programs: ONNX, torch, OpenVINO, Hugging Face.",
    "import": "Turn a checkpoint of another program into a network.",
    "publish": "Put a network and its styles on the Hugging Face Hub.",
    "evaluate": "Judge paintings by their distances from photo and painting.",
    "bench": "Measure how fast this machine paints.",
    "completion": "Print what a shell needs to complete commands, options and styles.",
}


def module_of(command: str) -> str:
    """Return the name of a command's module, and of the function in it: the command's own, unless Python keeps it."""
    return f"{command}_" if iskeyword(command) else command


class LazyGroup(Command, click.Group):
    """A group that knows its commands' names and sentences, and imports one only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"impasto.cli.{module_of(cmd_name)}"), module_of(cmd_name))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Return the commands and options that may be meant, without importing the commands."""
        named = [CompletionItem(name, help=help_) for name, help_ in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    examples="""
    # A painting beside the photo
    impasto stylize photo.jpg -s starry-night
    # The styles to choose from
    impasto styles
    # All about a command, with examples
    impasto fit --help
    """,
)
@click.version_option(__version__, prog_name="impasto")
@click.option("--debug", is_flag=True, help="Show the whole trace of an error.")
@click.pass_context
def impasto(context: click.Context, debug: bool) -> None:
    """Paint photos in the style of a picture, learn new styles, and train the networks that do it."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit: 0, 1 for an error, 2 for wrong usage, 130 for Ctrl-C, 143 for SIGTERM in training."""
    given = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold what a terminal cannot show
    # The process is the command's own, so OpenVINO need not load its converter of models, which takes 50 ms.
    modules: dict[str, Any] = sys.modules
    modules.setdefault("openvino.tools.ovc", None)
    if "_IMPASTO_COMPLETE" in os.environ:  # a shell asks how a line may go on
        import_module("impasto.cli.completion")
    code = _run(given)
    if arguments is None:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End the process at once where only an engine is left: taking that apart in order takes a tenth of a second.

    Returns where something else may be left to do: what was written cannot be delivered, threads, processes, torch.
    """
    alone = threading.active_count() == 1 and not {"torch", "multiprocessing", "ray"} & sys.modules.keys()
    if "openvino" not in sys.modules or not alone:
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed by who called
                stream.flush()
    except (OSError, ValueError):
        return  # Python says so as it ends
    os._exit(code)


def _run(arguments: list[str]) -> int:
    try:
        result: Any = impasto.main(arguments, prog_name="impasto", standalone_mode=False)
    except ImpastoError as error:
        if "--debug" in arguments:
            raise
        return _fail(str(error), 2 if isinstance(error, InvalidOption) else 1)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted", 130)
    except BrokenPipeError:
        return 1
    except (ImportError, OSError, MemoryError) as error:
        if "--debug" in arguments or (getattr(error, "name", None) or "").startswith("impasto"):
            raise
        return _fail(_refusal(error), 1)
    return result if isinstance(result, int) else 0


def _refusal(error: Exception) -> str:
    """Return what the system refuses: a library that is installed and cannot be loaded, files, memory."""
    if isinstance(error, ImportError):
        return f"a library cannot be loaded ({error}); install it anew, or see --debug"
    return str(error) or "there is not enough memory"


def _fail(message: str, code: int) -> int:
    click.echo(f"impasto: {' '.join(message.split())}", err=True)
    return code
