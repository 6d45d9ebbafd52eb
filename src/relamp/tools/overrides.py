"""What a command line says of the configuration: another preset, and entries that override config.yaml's."""

import argparse
from collections.abc import Sequence
from typing import Any

import yaml

from relamp.errors import RelampError
from relamp.study.config import merge


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
    found: dict[str, Any] = {}
    for entry in given:
        key, equals, text = entry.partition("=")
        if not equals or not all(part.isidentifier() for part in key.split(".")):
            raise RelampError(f"--config {entry}: an entry has the form KEY=VALUE; name targets before --config")
        try:
            # Words stay words, as in Snakemake's own reading: what they mean is said where they are checked.
            value = yaml.load(text, yaml.BaseLoader)
        except yaml.YAMLError as error:
            raise RelampError(f"--config {entry}: the value is no YAML; put it into quotes of the shell") from error
        for part in reversed(key.split(".")):
            value = {part: value}
        found = merge(found, value)
    return found
