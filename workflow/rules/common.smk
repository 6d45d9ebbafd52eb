# What all rules share: the checked configuration, paths, and which source files a script depends on.
import os
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
# Jobs run in environments of their own, which find the library by this path, installed or not.
sys.path.insert(0, str(ROOT / "src"))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))

from relamp import runs
from relamp.closure import import_closure
from relamp.config import FROM_SCRATCH, load_config
from relamp.errors import RelampError
from relamp.method.table import METHODS

try:
    CONFIG = load_config(config, ROOT / "workflow" / "presets")
except RelampError as error:
    print(error, file=sys.stderr)
    sys.exit(1)

RESULTS = f"results/{CONFIG.preset}"
FIGURES = f"figures/{CONFIG.preset}"
UNSUPERVISED, TRANSFER = CONFIG.unsupervised, CONFIG.transfer


wildcard_constraints:
    dataset=r"[^/]+",
    method="|".join(METHODS),
    start="|".join((*METHODS, FROM_SCRATCH)),
    setting=r"default|[a-z]+~[^/_]+(_[a-z]+~[^/_]+)*",
    seed=r"\d+",


def code(script, *modules):
    """The library files that a script's result depends on: editing one reruns the rule, editing any other does not."""
    return [os.path.relpath(path, ROOT) for path in import_closure(ROOT / "workflow" / "scripts" / script, *modules)]


def code_of(script, method):
    """The same for a script that loads a method by name."""
    return code(script, METHODS[method].maker.partition(":")[0])


def all_datasets():
    """Every data set that the configuration names."""
    named = [*CONFIG.damage.datasets, *UNSUPERVISED.datasets, TRANSFER.corpus, *TRANSFER.datasets]
    return list(dict.fromkeys(named))
