# relamp: two papers re-run end to end. The chain, rule by rule, is in workflow; the science is in src/relamp.
from os import environ

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


localrules:
    all,
    datasets,
    mmix,


rule all:
    default_target: True
    input:
        [getattr(rules, name).output for name in SHOWN],
        rules.report.output,


rule datasets:
    input:
        expand(rules.pack.output.packed, dataset=all_datasets(CONFIG)),


rule mmix:
    input:
        [
            getattr(rules, artifact.name).output
            for artifact in PLAN.artifacts.values()
            if artifact.paper == "mmix"
        ],
