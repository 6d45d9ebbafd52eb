"""One thread a test process: the tests run side by side, and their small arrays gain nothing from more."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
