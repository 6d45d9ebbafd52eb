"""How a job starts and ends: its log, and one clear line when it fails."""

import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.log import first_line, last_line
from relamp.runtime.signals import Ended, heeded


def run(main: Callable[[Any], None], job: Any) -> None:
    """Call `main` with the workflow's job object (rule, input, output, params, log); exit 1 where it fails.

    What goes wrong stands in the job's log; an error that the user can act on also as one line on the terminal.
    SIGTERM and SIGUSR1 end a job likewise, a training once its state is saved.
    """
    if job.log:
        path = Path(str(job.log))
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(path, mode="w")
    else:
        handler = logging.StreamHandler()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", handlers=[handler])
    if job.log:
        logging.info("%s", first_line(job.rule, job.threads))
    try:
        with heeded():
            main(job)
        if job.log:
            logging.info("%s", last_line())
    except Ended as end:
        logging.error("%s: ended before it was done; the same command runs it again", end)  # noqa: TRY400 - no fault
        print(f"relamp: {end}: ended before it was done (see {job.log})", file=sys.stderr)
        raise SystemExit(1) from None
    except RelampError as error:
        logging.error("%s", error)  # noqa: TRY400 - the message is meant for users, who need no traceback
        if job.log:
            print(f"relamp: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as error:
        logging.error("%s", traceback.format_exc())  # noqa: TRY400 - the same, through one handler
        print(f"relamp: {type(error).__name__}: {error} (see {job.log})", file=sys.stderr)
        raise SystemExit(1) from None
