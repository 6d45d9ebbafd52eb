"""What a command line says of the configuration: another preset, and entries that override config.yaml's."""

import argparse
from collections.abc import Sequence
from typing import Any

from relamp.errors import RelampError
from relamp.study.config import given_options


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Give a command the options that `overrides` reads."""
    parser.add_argument("--preset", help="another than the configured one")
    several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": [], "metavar": "KEY=VALUE"}
    parser.add_argument("--config", help="entries that override those of config.yaml; a.b=1 is a={b: 1}", **several)


def overrides(given: argparse.Namespace) -> dict[str, Any]:
    """Return what a command line overrides; raises RelampError as `entries` does."""
    return entries([*given.config, *([f"preset={given.preset}"] if given.preset else [])])


def entries(given: Sequence[str]) -> dict[str, Any]:
    """Return entries of the configuration by name; `a.b=1` is `a={b: 1}`, and what belongs to one name is merged.

    Raises RelampError for what is no entry, or no YAML.
    """
    for entry in given:
        key, equals, _ = entry.partition("=")
        if not equals or not all(part.isidentifier() for part in key.split(".")):
            raise RelampError(f"--config {entry}: an entry has the form KEY=VALUE; name targets before --config")
    return given_options((), given)
