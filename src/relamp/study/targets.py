"""What is asked for by name: a file below the results whose parts are unknown is told before anything is planned."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from relamp.artifacts.base import CONTROLS, KERNELS, TRANSFER_CONTROLS
from relamp.data.registry import REGISTRY
from relamp.data.rows import branch_of
from relamp.errors import RelampError, shortened
from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS
from relamp.study.names import BAG, EDIT_KERNELS, FROM_SCRATCH, NODE_CONTROLS, SUPERVISED, check_known
from relamp.study.paths import HARD_NEGATIVES, INFORMATION
from relamp.study.plan import Plan
from relamp.study.studies import BASE, Run

# What is scored and not pre-trained.
_MODELS = (name for models in SUPERVISED.values() for name in models)
_OTHERS = (*KERNELS, *EDIT_KERNELS, BAG, *CONTROLS, *NODE_CONTROLS, *TRANSFER_CONTROLS, *_MODELS, FROM_SCRATCH)
_SUBSET = re.compile(r"~[1-9]\d*$")
_PATTERNS = (
    r"(?:data|raw)/(?P<dataset>[^/]+?)(?:\.guard|\.dropped)?\.(?:safetensors|json|csv)",
    r"folds/(?P<dataset>[^/]+)/.*",
    r"rows/damage/(?P<dataset>[^/]+)\.csv",
    r"train/(?P<domain>[^/]+)/(?P<dataset>[^/]+)/(?P<method>[^/]+)/(?P<setting>[^/]+)/.*",
    r"edits/(?P<dataset>[^/]+)/(?P<method>[^/]+)/(?P<setting>[^/]+)/.*",
    r"rows/(?P<evaluation>[^/]+)/(?P<dataset>[^/]+)/(?P<method>[^/]+)/(?P<setting>[^/]+)/[a-z]+\.csv",
)


def check_targets(targets: Iterable[str], plan: Plan) -> None:
    """Raise RelampError for the first target that has an unknown name, or shows what the configuration leaves out."""
    for target in targets:
        if target in plan.left_out:
            raise RelampError(f"{target}: nothing is run for it; name data sets and methods in the configuration")
        below = target.removeprefix(f"{plan.results}/")
        found = next((m for p in _PATTERNS if below != target and (m := re.fullmatch(p, below))), None)
        try:
            _check(found.groupdict() if found else {}, plan)
        except (ValueError, RelampError) as error:
            raise RelampError(f"{shortened(target)}: {error}") from error


def _check(names: Mapping[str, str], plan: Plan) -> None:
    domain = names.get("domain")
    trained = [METHODS[domain]] if domain and domain in METHODS else METHODS.values()
    methods = [*(name for table in trained for name in table), *(() if domain else _OTHERS)]
    known: Mapping[str, tuple[str, Collection[str]]] = {
        "domain": ("domain", METHODS),
        "dataset": ("data set", [*plan.config.own, *REGISTRY]),
        "evaluation": ("evaluation", [*EVALUATIONS, HARD_NEGATIVES, INFORMATION]),
        "method": ("method", methods),
    }
    clean: Mapping[str, Callable[[str], str]] = {
        # A branch is scored alone, but not trained.
        "method": lambda name: name if domain else branch_of(name)[0],
        "dataset": lambda name: _SUBSET.sub("", name),
    }
    for part, (what, allowed) in known.items():
        if part in names:
            check_known(clean.get(part, str)(names[part]), allowed, what)
    if domain:
        plan.studies[BASE[domain]].trained_by(Run(names["method"], names["setting"]))
