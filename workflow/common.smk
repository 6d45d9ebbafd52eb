# What all rules share: the checked configuration, its studies and paths, and the source code that a job depends on.
import sys
from dataclasses import asdict
from functools import cache
from os import environ, pathsep
from pathlib import Path

ROOT = Path(workflow.basedir)
# Jobs run in environments of their own, which find the library by this path, installed or not.
sys.path.insert(0, str(ROOT / "src"))
environ["PYTHONPATH"] = pathsep.join(
    filter(None, [str(ROOT / "src"), environ.get("PYTHONPATH")])
)

from relamp.artifacts.base import PAPERS
from relamp.data.registry import REGISTRY
from relamp.data.rows import DEFAULT
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.runtime.code import write_code
from relamp.runtime.earlier import keep, put_back
from relamp.runtime.files import json_text, write_changed
from relamp.study import resources
from relamp.study.batches import ANY, DATASET, controls_of, scorings, trainings
from relamp.study.config import load_config
from relamp.study.names import FROM_SCRATCH
from relamp.study.paths import HARD_NEGATIVES, all_datasets
from relamp.study.plan import ASKED, Plan, damage_protocol, theorem_protocol
from relamp.study.studies import TRAINERS, Run

try:
    CONFIG = load_config(config, ROOT / "workflow" / "presets")
    RESULTS = f"results/{CONFIG.preset}"
    PLAN = Plan(CONFIG, RESULTS, f"figures/{CONFIG.preset}")
except RelampError as error:
    print(error, file=sys.stderr)
    sys.exit(1)

PATHS, STUDIES = PLAN.paths, PLAN.studies
EDITS, THEOREM = STUDIES["edits"], STUDIES["theorem"]
RATES = resources.load_rates(ROOT / "workflow" / "rates.csv")
CORES = resources.cores_of(ROOT / "slurm" / "profile.yaml")
SITE = resources.site_words(ROOT / "slurm" / "site.yaml")


wildcard_constraints:
    dataset=r"[^/]+",
    method=r"[a-z][^/~]*",
    setting=rf"{DEFAULT}|[a-z_]+~[^/~]+(~[^/~]+)*",
    evaluation="|".join(EVALUATIONS),
    seed=r"\d+",


# Asked for once per job: many jobs have the same.
@cache
def code(script, *loaded, name=None):
    """The file of hashes of the source files that count for a script and for what it loads by "module:name"."""
    modules = [each.partition(":")[0] for each in loaded]
    file = f"{RESULTS}/code/{name or '-'.join([script, *(m.rpartition('.')[2] for m in modules)])}.txt"
    write_code(Path(file), ROOT / "workflow" / "scripts" / f"{script}.py", *modules)
    return file


def asked_of(artifact):
    """The file of the facts that the stored rows of an artifact are to have, by their paths; none without rows."""

    def of(wildcards):
        file = f"{RESULTS}/asked/{artifact.name}.json"
        write_changed(file, json_text(PLAN.asked(artifact)))
        return file

    return {"asked": of} if artifact.rows or ASKED.keys() & artifact.inputs else {}


def settings_of(rule):
    """The file of a rule's params: a change is seen by it even where Snakemake's own memory of a run is lost."""

    def of(wildcards):
        given = {
            name: value(wildcards) if callable(value) else value
            for name, value in rule.params.items()
        }
        parts = [rule.name, *(str(value) for _, value in sorted(wildcards.items()))]
        file = f"{RESULTS}/settings/{'/'.join(parts)}.json"
        write_changed(file, json_text(given))
        return file

    return of


def asked(kind, times=1, **more):
    """The resources of a rule; `times` it passes over the data set of its wildcard."""
    return resources.asked(RATES[kind], SITE, times, **more)


def registered(wildcards):
    """The registry's row: changing one reruns that data set alone, since the tables are in no rule's code."""
    row = REGISTRY.get(wildcards.dataset)
    return asdict(row) if row else None


def fetch_record(wildcards):
    """Where the raw files of a data set lie; nothing for what ships inside a package, or is the user's own."""
    row = REGISTRY.get(wildcards.dataset)
    return f"{RESULTS}/raw/{wildcards.dataset}.json" if row and not row.package else []


def own_files(wildcards):
    """The raw files of a user's own data set: changing one packs it again."""
    folder = CONFIG.own.get(wildcards.dataset)
    files = Path(folder).glob(f"{wildcards.dataset}_*.txt") if folder else ()
    return sorted(map(str, files))


# Their kinds of work in rates.csv, where they are not `pretrain` and `svm`.
TRAINED_AS = {"nodes": "pretrain_nodes", "images": "images"}
SCORED_AS = {
    "probe": "probe",
    "kmeans": "cluster",
    "edit-distance": "edit_distance",
    "image-probe": "probe_images",
}


def trained_by(made):
    """The code of a training: its script's, and that of the method, which a wildcard or the batch names."""

    def of(wildcards):
        makers = {made.study.row(run.method).maker for run in made.of(wildcards)}
        return code("pretrain", TRAINERS[made.study.domain], *sorted(makers))

    return of


def trained_like(study):
    """The method and settings of the run that wildcards name, as a job gets them."""

    def of(words):
        return lambda wildcards: words(Run(wildcards.method, wildcards.setting))

    return {"method": of(study.method_of), "settings": of(study.settings_of)}


def labelled(study, evaluation):
    """What the rows of the run that wildcards name say of it."""

    def of(wildcards):
        return study.label(
            evaluation, wildcards.dataset, Run(wildcards.method, wildcards.setting)
        )

    return of


def pretrained_encoder(wildcards):
    """The encoder that fine-tuning starts from; none for training from scratch."""
    if wildcards.method == FROM_SCRATCH:
        return []
    corpus, run = STUDIES["corpus"], Run(wildcards.method, wildcards.setting)
    made = PATHS.trained("molecules", corpus.datasets[0], [run], corpus.seeds)
    return made["encoder"]


def shown(artifact):
    """The outputs of an artifact; the report shows the first of each kind, the picture or the page."""
    words = {
        "caption": f"report/{artifact.caption or artifact.name}.rst",
        "category": PAPERS[artifact.paper],
        "subcategory": artifact.label,
        "labels": {"artifact": artifact.label},
    }
    files = PLAN.outputs(artifact)
    if artifact.caption is None:
        return files
    first = next(iter(files))
    return {**files, first: [report(files[first][0], **words), *files[first][1:]]}
