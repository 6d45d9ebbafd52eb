"""What is rendered and judged from stored rows."""
