"""Mixing samples into hard negatives (M-Mix Section 3)."""
