"""One thread a test process: the tests run side by side, and their small arrays gain nothing from more."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# A busy machine is no fault of the code under test.
settings.register_profile("relamp", deadline=None)
settings.load_profile("relamp")
