"""Settings of single steps, without torch and without names of data sets or methods."""
