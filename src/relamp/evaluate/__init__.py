"""Scores: everything here reads stored arrays and writes rows, without any torch model."""
