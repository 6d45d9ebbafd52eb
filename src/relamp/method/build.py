"""Make a method from its row in the table."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from relamp.method.base import Method
from relamp.settings.graphs import Pretraining


def build(maker: str, settings: Pretraining | None, options: Mapping[str, Any]) -> Method:
    """Return the method that `maker` ("module:class") names, made with its settings, if it takes any, and options."""
    module, _, name = maker.partition(":")
    arguments = () if settings is None else (settings,)
    return cast(Method, getattr(import_module(module), name)(*arguments, **options))
