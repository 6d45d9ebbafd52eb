"""No pre-training: the encoder as it was drawn, the control that shows what training adds."""

from torch import nn

from relamp.data.batch import Batch
from relamp.method.base import Loss, Randomness
from relamp.model.embeddings import Encoder


class Untrained:
    """A method of zero epochs; asking it for a loss is a fault of the caller."""

    def start_epoch(self, encoder: Encoder) -> None:
        """Do nothing."""

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Refuse: there is nothing to train."""
        raise RuntimeError("the untrained encoder has no loss; its method table row sets epochs to 0")
