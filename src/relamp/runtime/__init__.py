"""How a job runs: its log, signals, processes, files, and the code and cache behind its results."""
