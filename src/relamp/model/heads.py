"""Heads: what follows the graph embedding in pre-training and in fine-tuning."""

import torch
from torch import nn

from relamp.model.gin import mlp


def projection_head(dim: int, generator: torch.Generator) -> nn.Sequential:
    """Return LAMP's projection head g (Eq. 19): Linear-ReLU-Linear of constant width, dropped after pre-training."""
    return mlp([dim, dim, dim], generator)


def prediction_head(dim: int, tasks: int, generator: torch.Generator) -> nn.Sequential:
    """Return the one linear layer that fine-tuning puts on the graph embedding, one logit a task."""
    return mlp([dim, tasks], generator)
