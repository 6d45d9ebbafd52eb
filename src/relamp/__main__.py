"""The command `relamp`, also `python -m relamp`: a word for each thing to do, which says more with --help."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence

import relamp
from relamp.errors import RelampError, reason
from relamp.runtime.job import named
from relamp.runtime.signals import Ended, heeded
from relamp.tools.commands import COMMANDS


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    words = sys.argv[1:] if words is None else words
    lines = "\n".join(f"  {name:<12}{command.about}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="relamp",
        description="Re-run LAMP and M-Mix end to end, with a verdict for each of their numbers.",
        epilog=f"commands, each with --help:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {relamp.__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    command = COMMANDS[parser.parse_args(words[:1]).command]
    try:
        with heeded():
            status: int = named(command.main)(words[1:])
    except RelampError as error:
        return _failed(str(error))
    except ModuleNotFoundError as error:
        # What relamp can do besides rendering takes packages of its own.
        if (error.name or "relamp").partition(".")[0] == "relamp":
            raise
        return _failed(f"{error.name} is not installed; `pip install 'relamp[all]'` brings what is missing")
    except Ended as end:
        return 128 + signal.Signals[end.name]  # as shells have it
    except BrokenPipeError:
        # The reader has seen enough (`relamp options | head`); what Python would still write at its end goes nowhere.
        _leave_output()
        return 1
    except OSError as error:
        if error.filename:
            return _failed(f"{error.filename}: {reason(error)}; mend that, or name another")
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
            raise
        _leave_output()
        return _failed(f"standard output: {os.strerror(error.errno)}; write it elsewhere")
    return status


def _leave_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(message: str) -> int:
    print(f"relamp: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
