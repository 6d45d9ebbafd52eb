# What all rules share: the checked configuration, paths, and which source files a script depends on.
import sys
from dataclasses import asdict
from os import environ, pathsep
from os.path import relpath
from pathlib import Path

from snakemake.io import strip_wildcard_constraints
from snakemake.settings.types import MaxJobsPerTimespan

ROOT = Path(workflow.basedir)
# Jobs run in environments of their own, which find the library by this path, installed or not.
sys.path.insert(0, str(ROOT / "src"))
environ["PYTHONPATH"] = pathsep.join(
    filter(None, [str(ROOT / "src"), environ.get("PYTHONPATH")])
)

from relamp.study import runs
from relamp.runtime.code import import_closure
from relamp.study.config import load_config
from relamp.study.names import FROM_SCRATCH
from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.study.paths import Layout, all_datasets
from relamp.method import table as method_table
from relamp.render.artifacts import MMIX_TABLES, TABLES

METHODS, NODE_METHODS, IMAGE_METHODS = (
    method_table.METHODS[domain] for domain in ("graphs", "nodes", "images")
)

try:
    CONFIG = load_config(config, ROOT / "workflow" / "presets")
except RelampError as error:
    print(error, file=sys.stderr)
    sys.exit(1)

# To limit how many jobs start in a second, which is its default, Snakemake 9.27 looks for jobs to start once more a
# second after every look, for ever: after a hundred jobs a hundred times a second, over all inputs. That took 40 % of a
# CPU. A limit that counts as none is not kept, and here none is needed.
MaxJobsPerTimespan.__bool__ = lambda limit: False

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
MMIX_REPORTED = (
    *MMIX_TABLES,
    "mmix_fig2",
    "mmix_fig3",
    "mmix_fig4",
    "mmix_fig5",
    "mmix_theorem",
)
# What the report shows of the judging: those, and the verdicts themselves.
JUDGED = ("judge", "leakage", "comparisons", "cross_table", "audit")
ARTIFACTS = REPORTED + MMIX_REPORTED + JUDGED
# And what all of it cost.
SHOWN = (*ARTIFACTS, "efficiency")
PUBLISHED = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "published").glob("*_table*.csv")
)
RESULTS = f"results/{CONFIG.preset}"
FIGURES = f"figures/{CONFIG.preset}"
STORED = Layout(CONFIG, RESULTS)
UNSUPERVISED, TRANSFER, MMIX = CONFIG.unsupervised, CONFIG.transfer, CONFIG.mmix


wildcard_constraints:
    dataset=r"[^/]+",
    method="|".join(METHODS),
    start="|".join((*METHODS, FROM_SCRATCH)),
    setting=r"default|[a-z]+~[^/_]+(_[a-z]+~[^/_]+)*",
    seed=r"\d+",


# The runs of a data set that one job works through, whatever the data set.
ANY = "{dataset}"
ONE = runs.Run(ANY, "{method}", "{setting}")
GAMMAS = runs.swept_runs(CONFIG, ANY, "gamma")
ALPHAS = runs.swept_runs(CONFIG, ANY, "alpha")
TABLE, CROSS = runs.table_runs(CONFIG, ANY), runs.cross_runs(CONFIG, ANY)
LINEAR = runs.fixed_runs(CONFIG, ANY, MMIX.graphs.methods)


def code(script, *modules):
    """The library files that a script's result depends on: editing one reruns the rule, editing any other does not."""
    return [
        relpath(path, ROOT)
        for path in import_closure(ROOT / "workflow" / "scripts" / script, *modules)
    ]


def code_of(script, method, domain="graphs"):
    """The same for a script that loads a method and its domain's trainer by name."""
    maker = method_table.METHODS[domain][method].maker.partition(":")[0]
    return code(script, f"relamp.train.{domain}", maker)


def logs_of_rules():
    """The log of each rule, below the results of a preset, with wildcards."""
    return {
        each.name: relpath(strip_wildcard_constraints(each.log[0]), RESULTS)
        for each in workflow.rules
        if each.log
    }


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


def of_each_seed(folders, seeds, **more):
    """The files that training writes for every seed of every run, by the names that they have as outputs."""
    files = {
        "encoder": "encoder.safetensors",
        "embeddings": "embeddings.safetensors",
        "history": "history.csv",
        "run": "run.json",
        **more,
    }
    return {
        name: [f"{folder}/seed~{seed}/{file}" for folder in folders for seed in seeds]
        for name, file in files.items()
    }


def trained(chosen):
    """Those of runs of the unsupervised experiments."""
    return of_each_seed(
        [
            f"{RESULTS}/pretrain/{run.dataset}/{run.method}/{run.setting}"
            for run in chosen
        ],
        UNSUPERVISED.seeds,
    )


def sweep_params(chosen):
    """What pre-training needs to know of several settings of the swept method."""
    return {
        "seeds": list(UNSUPERVISED.seeds),
        "methods": [runs.method_params(run.method, run.setting) for run in chosen],
        "settings": [
            runs.pretraining_params(UNSUPERVISED.sweep_method, UNSUPERVISED.pretraining)
        ]
        * len(chosen),
        "domain": "graphs",
        "states": [
            f"{RESULTS}/state/pretrain/{ANY}/{run.method}/{run.setting}"
            for run in chosen
        ],
    }


def svm_input(chosen):
    """What an SVM needs of some runs of a data set."""
    return {
        "code": code("svm.py"),
        "data": rules.pack.output.packed,
        "embeddings": trained(chosen)["embeddings"],
        "folds": rules.folds.output,
    }


def svm_params(chosen, protocol):
    """What an SVM needs to know of some runs; `dataset` as a wildcard is filled in."""
    return {
        "seeds": list(UNSUPERVISED.seeds),
        "labels": lambda wildcards: [
            {
                "method": run.method,
                "dataset": wildcards.dataset,
                **runs.setting_values(run.method, run.setting),
            }
            for run in (chosen(wildcards) if callable(chosen) else chosen)
        ],
        "protocol": protocol.model_dump(mode="json"),
        "kept": f"{RESULTS}/state",
    }


def node_folders(folder, methods, settings):
    """Where node-level runs on a data set lie, or their scores."""
    return [
        f"{RESULTS}/mmix/{folder}/{ANY}/{method}/{setting}"
        for method in methods
        for setting in settings
    ]


def node_trained(methods, settings):
    """What training some of them writes."""
    return of_each_seed(node_folders("nodes", methods, settings), MMIX.nodes.seeds)


def rows_of(folders):
    """The rows that lie in some folders."""
    return [f"{folder}/rows.csv" for folder in folders]


def probe_protocol(wildcards):
    """How the nodes of a data set are probed."""
    return MMIX.nodes.probe_of(wildcards.dataset).model_dump(mode="json")


def score_params(part, methods, protocol):
    """What probes and clustering need to know of the embeddings of some methods, node by node or image by image."""
    return {
        "seeds": list(part.seeds),
        "labels": lambda wildcards: [
            {"method": method, "dataset": wildcards.dataset} for method in methods
        ],
        "protocol": (
            protocol if callable(protocol) else protocol.model_dump(mode="json")
        ),
        "kept": f"{RESULTS}/state",
    }


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


def mmix_table(name):
    """The files of one of M-Mix's tables."""
    return table(name, MMIX_TABLES[name].label, "M-Mix")


def mmix_table_input(name):
    """What it is made of: rows by kind, and the published numbers."""
    return {
        **{kind: STORED.mmix(kind) for kind in MMIX_TABLES[name].kinds},
        "code": code("mmix_table.py"),
        "published": f"published/{name}.csv",
    }


def mmix_table_params(name):
    """What drawing it needs to know."""
    row = MMIX_TABLES[name]
    return {
        "name": name,
        "kinds": row.kinds,
        "title": row.title,
        "methods": row.methods,
    }
