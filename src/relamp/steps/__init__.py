"""What one job does: files in, files out. Each workflow script calls one function of this room."""
