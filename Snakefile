# relamp: two papers re-run end to end. The chain, rule by rule, is in workflow/rules; the science is in src/relamp.
from os import environ

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


# The report of a finished run has a landing page that begins with its verdicts.
report: environ.get("RELAMP_LANDING", "workflow/report/workflow.rst")


# With `--sdm apptainer`, the image in which jobs run; envs/relamp.def makes one.
if environ.get("RELAMP_IMAGE"):

    container: environ["RELAMP_IMAGE"]


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/damage.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/transfer.smk"
include: "workflow/rules/mmix.smk"
include: "workflow/rules/mmix_figures.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/render.smk"
include: "workflow/rules/cost.smk"
include: "workflow/rules/report.smk"


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
        [getattr(rules, name).output for name in MMIX_REPORTED],
