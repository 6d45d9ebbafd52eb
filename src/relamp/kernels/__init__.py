"""The few sums and products in which training spends its time, written for speed; the tests have their plain twins."""
