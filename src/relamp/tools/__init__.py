"""What helps to run the workflow: cost, progress, the report."""
