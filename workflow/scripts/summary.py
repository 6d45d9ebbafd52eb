"""Print where the results of the configured preset are, and how they compare; called by `make reproduce`."""

import sys

import yaml
from rich.console import Console

from relamp.tools.summary import print_summary


def main(path: str = "config.yaml") -> None:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        print_summary(yaml.safe_load(file)["preset"], Console())


if __name__ == "__main__":
    main(*sys.argv[1:])
