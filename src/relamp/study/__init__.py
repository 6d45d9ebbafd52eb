"""What a configuration asks for: its names, runs, paths and what they cost."""
