import subprocess
import sys
from pathlib import Path

import pytest

STATUS = Path("/proc/self/status")
HELD = """
import ctypes
from relamp.runtime.memory import give_back

if not hasattr(ctypes.CDLL(None), "malloc_trim"):
    raise SystemExit("no malloc_trim")

def held():
    (line,) = (line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024

# Blocks below the size from which each has pages of its own; the last one keeps the heap from shrinking.
blocks = [bytearray(b"x") * 65536 for _ in range(4000)]
full, last = held(), blocks.pop()
del blocks
freed = held()
give_back()
print(full, freed, held())
"""


@pytest.mark.skipif(not STATUS.exists(), reason="what a process holds is read from /proc, which Linux has")
def test_freed_memory_between_what_is_held_goes_back_to_the_system() -> None:
    made = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=False)
    if "no malloc_trim" in made.stderr:
        pytest.skip("this C library cannot give memory back")
    full, freed, after = map(int, made.stdout.split())
    assert full - freed < 50 < 200 < full - after
