# relamp: two papers re-run end to end. The chain, rule by rule, is in workflow; the science is in src/relamp.
from os import environ

from snakemake.io import IOFile
from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


# The report of a finished run has a landing page that begins with its verdicts.
report: environ.get("RELAMP_LANDING", "workflow/report/workflow.rst")


# With `--sdm apptainer`, the image in which jobs run; envs/relamp.def makes one.
if environ.get("RELAMP_IMAGE"):

    container: environ["RELAMP_IMAGE"]


include: "workflow/common.smk"
include: "workflow/stages.smk"
include: "workflow/artifacts.smk"
include: "workflow/tools.smk"


# Their params count by content, as a file, and so does each change of them.
for each in workflow.rules:
    if each.output and each.params:
        each.set_input(given_params=settings_of(each))


# A rendering that fails leaves the earlier figure, table or page where it was.
SHOWN_FILES = [str(file) for name in SHOWN for file in getattr(rules, name).output]


onstart:
    try:
        keep(SHOWN_FILES, Path(RESULTS, "state", "earlier"))
    except RelampError as error:
        print(
            f"relamp: {error}; a failed rendering would lose its earlier version",
            file=sys.stderr,
        )


onerror:
    for file in put_back(SHOWN_FILES, Path(RESULTS, "state", "earlier")):
        # Snakemake remembers the failed job's inputs as if the file were made of them.
        workflow.persistence.cleanup_metadata(IOFile(file))
        print(f"relamp: {file}: the earlier version is back", file=sys.stderr)


# With what artifacts are made of, so that a stored file that is missing is made again although nothing new needs it.
rule all:
    default_target: True
    input:
        [getattr(rules, name).output for name in SHOWN],
        rules.report.output,
        stored=[*PLAN.stored()],
    localrule: True


rule datasets:
    input:
        expand(rules.pack.output.packed, dataset=all_datasets(CONFIG)),
    localrule: True


rule mmix:
    input:
        [
            getattr(rules, artifact.name).output
            for artifact in PLAN.artifacts.values()
            if artifact.paper == "mmix"
        ],
    localrule: True
