"""Settings of fine-tuning on molecules."""

from relamp.settings.base import AtLeastTwo, Count, Positive, Ratio, Settings


class Finetuning(Settings):
    """Fine-tuning of a molecular encoder on labelled molecules (LAMP Table 2)."""

    epochs: Count = 100
    """Passes over the training molecules."""
    batch_size: AtLeastTwo = 32
    """Molecules per step."""
    learning_rate: Positive = 0.001
    """Learning rate of Adam, the same for encoder and head."""
    dropout: Ratio = 0.5
    """Dropout rate after each layer of the encoder."""
