"""What the command `relamp` does: one line a command."""

from collections.abc import Mapping
from typing import NamedTuple


class Command(NamedTuple):
    """A thing to do.

    Attributes:
        main: "module:function", loaded when it is called; it takes words and returns an exit status.
        about: what it does, in a line.
    """

    main: str
    about: str


COMMANDS: Mapping[str, Command] = {
    "run": Command("relamp.tools.run:main", "run the workflow, or some of its targets"),
    "compare": Command("relamp.tools.compare:main", "put two runs side by side, number by number"),
    "render": Command("relamp.lite:render_main", "render everything from stored rows alone"),
    "pack": Command("relamp.lite:pack_main", "gather the rows of a finished run"),
    "cost": Command("relamp.tools.run:cost_main", "say what a run will cost: jobs, hours, disk"),
    "progress": Command("relamp.tools.run:progress_main", "say how far tables and jobs of a run are"),
    "verdict": Command("relamp.tools.verdict:main", "say what holds, and what contradicts the papers"),
    "options": Command("relamp.study.options:main", "print every option with its value and meaning"),
    "site": Command("relamp.site.build:main", "render all recorded runs as one site and a report"),
    "bundle": Command("relamp.tools.bundle:main", "put a finished run into one file, for an archive"),
    "store": Command("relamp.tools.store:main", "store what a run has done, to carry it to another machine"),
    "restore": Command("relamp.tools.restore:main", "take over what another machine has done"),
    "completion": Command("relamp.tools.completion:main", "print what completes these words in a shell"),
}
