"""All recorded runs as one static site and one report."""
