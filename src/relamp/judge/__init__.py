"""Published numbers, statistics and verdicts."""
