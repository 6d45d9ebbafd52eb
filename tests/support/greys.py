"""How far apart two colours look in grey."""

from typing import Any

from matplotlib.colors import to_rgb


def lightness(colour: Any) -> float:
    """CIE L* from the relative luminance of sRGB, 0 to 100: how far apart two greys look."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance
