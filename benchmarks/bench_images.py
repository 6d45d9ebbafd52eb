"""Steps of SimCLR's encoder on images by their side and its width, over one on 8 x 8 at width 8, beside the estimate.

    python benchmarks/bench_images.py

Two views of a batch, forward and backward, one thread; the fastest of some repetitions.
"""

import argparse
import time

import torch
from common import one_thread

from relamp.augment.images import augment
from relamp.model.resnet import ResNet18
from relamp.settings.images import ImageViews
from relamp.study.resources import image_work

SIZES = {8: (1, 256), 32: (3, 64)}  # channels and images a batch, by the side of an image
WIDTHS = (8, 16, 32, 64)


def seconds(side: int, width: int, repetitions: int) -> float:
    """Return the CPU time for each image."""
    channels, size = SIZES[side]
    random = torch.Generator().manual_seed(0)
    images = torch.rand(size, channels, side, side, generator=random)
    encoder = ResNet18(channels, width, random)
    times = []
    for _ in range(repetitions + 1):
        start = time.process_time()
        first, second = (encoder(augment(images, ImageViews(), random)) for _ in range(2))
        (first * second).mean().backward()
        times.append(time.process_time() - start)
    return min(times[1:]) / size


def main() -> None:
    """Print a row for each side and width."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    one_thread()
    unit = seconds(8, 8, given.repetitions)
    print("| side, width | measured | estimated |\n|---|---|---|")
    for side, (channels, _) in SIZES.items():
        for width in WIDTHS:
            measured = seconds(side, width, given.repetitions) / unit
            print(f"| {side}, {width} | {measured:.1f} | {image_work(channels * side**2, width):.1f} |")


if __name__ == "__main__":
    main()
