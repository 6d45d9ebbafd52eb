"""Augmentations of graphs and images."""
