# What all rules share: the checked configuration, paths, and which source files a script depends on.
import sys
from dataclasses import asdict
from os import environ, pathsep
from os.path import relpath
from pathlib import Path

ROOT = Path(workflow.basedir)
# Jobs run in environments of their own, which find the library by this path, installed or not.
sys.path.insert(0, str(ROOT / "src"))
environ["PYTHONPATH"] = pathsep.join(
    filter(None, [str(ROOT / "src"), environ.get("PYTHONPATH")])
)

from relamp import runs
from relamp.closure import import_closure
from relamp.config import load_config
from relamp.config_names import BAG, FROM_SCRATCH, KERNELS
from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.method.table import METHODS
from relamp.image_settings import IMAGE_METHODS
from relamp.method.node_table import NODE_METHODS
from relamp.render.artifacts import MMIX_TABLES, TABLES

try:
    CONFIG = load_config(config, ROOT / "workflow" / "presets")
except RelampError as error:
    print(error, file=sys.stderr)
    sys.exit(1)

FIGURE_KINDS = ("pdf", "svg", "csv", "json")
TABLE_KINDS = ("csv", "md", "tex", "json")
# What the report shows: a target each.
REPORTED = (
    "data_table",
    "lamp_fig2",
    "lamp_fig4",
    "lamp_fig5",
    "lamp_table1",
    "lamp_table2",
    "lamp_table3",
)
# M-Mix's artifacts: a target each, and `mmix` for all of them.
MMIX_REPORTED = (*MMIX_TABLES, "mmix_fig2", "mmix_fig4")
# What the report shows of the judging: those, and the verdicts themselves.
JUDGED = ("judge", "leakage", "comparisons", "audit")
PUBLISHED = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "published").glob("*_table*.csv")
)
RESULTS = f"results/{CONFIG.preset}"
FIGURES = f"figures/{CONFIG.preset}"
UNSUPERVISED, TRANSFER, MMIX = CONFIG.unsupervised, CONFIG.transfer, CONFIG.mmix


wildcard_constraints:
    dataset=r"[^/]+",
    method="|".join(METHODS),
    start="|".join((*METHODS, FROM_SCRATCH)),
    setting=r"default|[a-z]+~[^/_]+(_[a-z]+~[^/_]+)*",
    seed=r"\d+",


def code(script, *modules):
    """The library files that a script's result depends on: editing one reruns the rule, editing any other does not."""
    return [
        relpath(path, ROOT)
        for path in import_closure(ROOT / "workflow" / "scripts" / script, *modules)
    ]


def code_of(script, method):
    """The same for a script that loads a method by name."""
    return code(script, METHODS[method].maker.partition(":")[0])


def all_datasets():
    """Every data set that the configuration names."""
    named = [
        *CONFIG.damage.datasets,
        *UNSUPERVISED.datasets,
        TRANSFER.corpus,
        *TRANSFER.datasets,
    ]
    return list(dict.fromkeys(named))


def mmix_datasets():
    """Every data set of nodes and images that the configuration names."""
    nodes, images = MMIX.nodes, MMIX.images
    named = [*nodes.datasets, nodes.sweep.dataset, *images.datasets]
    return list(dict.fromkeys(named))


def registered(dataset):
    """The registry's row: changing one reruns that data set alone, since the tables are in no rule's code."""
    return asdict(REGISTRY[dataset]) if dataset in REGISTRY else None


def is_corpus(dataset):
    """Whether a data set is one of millions of molecules, which are packed by several processes."""
    return dataset in REGISTRY and REGISTRY[dataset].kind == "corpus"


def fetch_record(wildcards):
    """Where the raw files of a data set lie; nothing for what ships inside a package, or is the user's own."""
    row = REGISTRY.get(wildcards.dataset)
    return f"{RESULTS}/raw/{wildcards.dataset}.json" if row and not row.package else []


def own_files(wildcards):
    """The raw files of a user's own data set: changing one packs it again."""
    folder = CONFIG.own.get(wildcards.dataset)
    return (
        sorted(map(str, Path(folder).glob(f"{wildcards.dataset}_*.txt")))
        if folder
        else []
    )


def figure(name, label, category="LAMP"):
    """The files of a figure; the report shows the picture."""
    picture = report(
        f"{FIGURES}/{name}.png",
        caption=f"../report/{name}.rst",
        category=category,
        subcategory=label,
        labels={"artifact": label, "what": "figure"},
    )
    return [picture, *(f"{FIGURES}/{name}.{kind}" for kind in FIGURE_KINDS)]


def table(name, label, category="LAMP"):
    """The files of a table; the report shows the page."""
    page = report(
        f"{RESULTS}/tables/{name}.html",
        caption=f"../report/{name}.rst",
        category=category,
        subcategory=label,
        labels={"artifact": label, "what": "table"},
    )
    return [page, *(f"{RESULTS}/tables/{name}.{kind}" for kind in TABLE_KINDS)]


def svm_rows(chosen):
    """The SVM rows of some runs."""
    return [
        f"{RESULTS}/svm/{run.dataset}/{run.method}/{run.setting}/rows.csv"
        for run in chosen
    ]


def control_rows(datasets):
    """The rows of what has no encoder: kernels, and the bag that knows no structure."""
    kernels = expand(rules.kernel.output, dataset=datasets, kernel=UNSUPERVISED.kernels)
    return kernels + expand(rules.bag.output, dataset=datasets)


def over_datasets(select, *arguments):
    """The SVM rows of a selection of runs, over all data sets."""
    return svm_rows(
        run
        for dataset in UNSUPERVISED.datasets
        for run in select(CONFIG, dataset, *arguments)
    )


def pretrained_encoder(wildcards):
    """The encoder that fine-tuning starts from; none for training from scratch."""
    if wildcards.start == FROM_SCRATCH:
        return []
    setting = runs.setting_name(wildcards.start, TRANSFER.gamma, TRANSFER.alpha)
    return expand(
        rules.pretrain_corpus.output.encoder,
        dataset=TRANSFER.corpus,
        method=wildcards.start,
        setting=setting,
    )


def mmix_rows(kind):
    """The stored rows of one kind that M-Mix's tables are made of."""
    nodes, graphs, images = MMIX.nodes, MMIX.graphs, MMIX.images
    edits = MMIX.edit_distance
    if kind in ("nodes", "clusters"):
        return expand(
            (rules.probe if kind == "nodes" else rules.cluster).output,
            dataset=nodes.datasets,
            method=nodes.methods,
            setting=runs.node_setting(),
        )
    if kind == "graphs":
        encoders = [
            f"{RESULTS}/mmix/svm/{run.dataset}/{run.method}/{run.setting}/rows.csv"
            for dataset in graphs.datasets
            for run in runs.fixed_runs(CONFIG, dataset, graphs.methods)
        ]
        return encoders + control_rows(graphs.datasets)
    if kind == "edits":
        trained = [
            f"{RESULTS}/mmix/edit_distance/{run.method}/{run.setting}/rows.csv"
            for run in runs.fixed_runs(CONFIG, edits.dataset, edits.methods)
        ]
        return trained + expand(rules.edit_kernel.output, kernel=edits.kernels)
    return expand(
        rules.probe_images.output, dataset=images.datasets, method=images.methods
    )


def mmix_table_input(name):
    """What a table is made of, by kind."""
    return {kind: mmix_rows(kind) for kind in MMIX_TABLES[name].kinds}
