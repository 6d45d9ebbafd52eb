"""Where the files are that relamp needs besides its modules: Snakefile, workflow, published numbers, config.yaml."""

from pathlib import Path

from relamp.errors import RelampError

_PACKAGE = Path(__file__).parents[1]


def home() -> Path:
    """Return the folder that holds them: this checkout or, of an installed relamp, the package's own copy.

    Raises RelampError if there is neither.
    """
    for folder in (_PACKAGE / "home", _PACKAGE.parents[1]):
        if (folder / "workflow" / "presets").is_dir():
            return folder
    raise RelampError(f"{_PACKAGE}: the workflow's files are missing here; install relamp again, or use a whole clone")
