"""What can be said of a graph and done to it: structural entropy and augmentations."""
