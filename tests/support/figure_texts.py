"""What stands in a figure."""

from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(figure: Figure) -> list[str]:
    """All texts that are not empty."""
    found = [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
    return [text for text in found if text.strip()]
