import numpy as np

from relamp.evaluate.image_probe import scaled


def test_scaling_by_hand() -> None:
    features = np.array([[3.0, 4.0, 7.0], [1.0, 0.0, 7.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    train = np.array([0, 1])
    np.testing.assert_allclose(scaled(features, train, "standard"), [[1, 1, 0], [-1, -1, 0], [-2, -1, -7]])
    np.testing.assert_array_equal(scaled(features, train, "none"), features)
    wanted = np.array([[3, 4, 7], [1, 0, 7], [0, 0, 0]]) / np.sqrt([[74], [50], [1]])
    np.testing.assert_allclose(scaled(features, train, "length"), wanted, rtol=1e-6)
