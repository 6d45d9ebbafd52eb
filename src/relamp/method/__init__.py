"""Pre-training methods: one file each, and a table that names them."""
