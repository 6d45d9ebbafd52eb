"""One thread a test process: the tests run side by side, and their small arrays gain nothing from more."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from made_once import MadeOnce

# A file that is written as a whole waits for the disk, and tests write thousands: in memory, of
# which they take half a gigabyte, they wait for none.
_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30
if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# A busy machine is no fault of the code under test.
settings.register_profile("relamp", deadline=None)
settings.load_profile("relamp")

# As in the workflow: what is imported is compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# What `make test` hands on would be taken for the words of the makes that tests start.
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"):
    os.environ.pop(name, None)
# `nohup make test &` ignores these, and so would all that a test starts and sends them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MadeOnce:
    base = tmp_path_factory.getbasetemp()
    return MadeOnce(base if worker_id == "master" else base.parent)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: side by side, a process that has one of them last is waited for."""
    items.sort(key=lambda item: item.path.parent.name not in ("workflow", "site"))
