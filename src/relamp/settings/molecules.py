"""Interim."""

from relamp.settings.graphs import Finetuning

__all__ = ["Finetuning"]
