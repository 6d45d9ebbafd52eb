"""Completion in a shell: the words, options, targets and presets that `relamp` takes."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import shtab

from relamp.artifacts import ARTIFACTS
from relamp.runtime.job import named
from relamp.study.config import presets
from relamp.tools.commands import COMMANDS

SHELLS = ("bash", "zsh")
TARGETS = ("all", "datasets", "mmix", "verdict", "report", "cost", "efficiency", *ARTIFACTS)


def main(words: Sequence[str]) -> int:
    """Print the script of a shell; return the exit status."""
    use = 'For bash: eval "$(relamp completion bash)", as a line of ~/.bashrc; for zsh the same with zsh, in ~/.zshrc.'
    parser = argparse.ArgumentParser(
        prog="relamp completion", description="Print what completes relamp's words.", epilog=use
    )
    parser.add_argument("shell", choices=SHELLS)
    print(script(parser.parse_args(words).shell))
    return 0


def script(shell: str) -> str:
    """Return the script of a shell."""
    whole = argparse.ArgumentParser(prog="relamp")
    commands = whole.add_subparsers()
    for name, command in COMMANDS.items():
        below = parser_of(named(command.main))
        made = commands.add_parser(name, help=command.about, parents=[below], add_help=False)
        for action in made._actions:
            if action.dest in ("targets", "preset"):
                action.choices = TARGETS if action.dest == "targets" else presets()
            elif action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    made_script: str = shtab.complete(whole, shell=shell)
    # zsh's own way is a file of functions; to be read by `eval` it ends with the call that makes it known.
    return made_script + "\ncompdef _shtab_relamp relamp\n" if shell == "zsh" else made_script


class _FoundError(Exception):
    pass


def parser_of(main: Callable[[Sequence[str]], int]) -> argparse.ArgumentParser:
    """Return the parser by which a command reads its words: each begins with that."""
    found = []

    def seen(parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        found.append(parser)
        raise _FoundError

    with patch.object(argparse.ArgumentParser, "parse_args", seen), suppress(_FoundError):
        main([])
    return found[0]
