import numpy as np
import torch

from relamp.data.streams import stream, stream_number


def test_no_two_purposes_or_seeds_share_a_number() -> None:
    # What two seeds in a row shared before: the weights of one and the training of the other.
    named = [("weights",), ("training",), ("probe", 0), ("probe", 1), ("probe", 10), ("split", 0), (), ("0",), (0,)]
    found = [stream_number(seed, *purpose) for seed in range(200) for purpose in named]
    assert len(set(found)) == len(found)


def test_streams_are_independent_and_the_same_each_time() -> None:
    purposes = [("weights",), ("training",), ("weights", 1)]
    draws = np.stack([stream(seed, *purpose).normal(size=4000) for seed in (0, 1) for purpose in purposes])
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlation).max() < 4 / np.sqrt(4000)
    assert np.array_equal(draws[0], stream(0, "weights").normal(size=4000))


def test_another_librarys_generator_takes_the_number() -> None:
    first, second = (torch.Generator().manual_seed(stream_number(3, name)) for name in ("weights", "training"))
    assert not torch.equal(torch.rand(8, generator=first), torch.rand(8, generator=second))


def test_a_stream_stays_what_it_is() -> None:
    # Recorded numbers hang on it. Worked out apart: numpy's SeedSequence over the words of sha256("('weights',)").
    assert stream_number(0, "weights") == 3562406094
