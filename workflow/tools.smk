# What a run will cost, what it did cost, how far it is, and its report.
from os.path import relpath

from snakemake.io import strip_wildcard_constraints


# A second Snakemake plans the same jobs, which says what each asks for; their benchmark rows say what it used.
rule efficiency:
    input:
        code=code("efficiency"),
        artifacts=[getattr(rules, name).output for name in PLAN.artifacts],
    output:
        output=[
            report(
                f"{RESULTS}/tables/efficiency.html",
                caption="report/efficiency.rst",
                category="Cost",
                labels={"artifact": "efficiency"},
            ),
            f"{RESULTS}/tables/efficiency.csv",
        ],
    log:
        f"{RESULTS}/logs/cost/efficiency.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        snakefile=SNAKEFILE,
        targets=list(PLAN.artifacts),
        cores=CORES,
    script:
        "scripts/efficiency.py"


# The report is written by a second Snakemake, which only reads what this one has made.
rule report:
    input:
        code=code(
            "report",
            outside=tuple(
                relpath(path)
                for path in sorted((ROOT / "workflow" / "report").iterdir())
            ),
        ),
        artifacts=[getattr(rules, name).output for name in SHOWN],
        cells=f"{RESULTS}/verdict.csv",
        claims=f"{RESULTS}/claims.csv",
    output:
        output=f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/artifacts/report.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        targets=SHOWN,
        snakefile=SNAKEFILE,
    script:
        "scripts/report.py"


# Targets without files, which print each time.


rule cost:
    log:
        f"{RESULTS}/logs/cost.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        snakefile=SNAKEFILE,
        targets=["datasets", *SHOWN, "mmix", "all"],
        cores=CORES,
        results="results",
    script:
        "scripts/cost.py"


# While a run is under way the folder is locked: `snakemake --cores 1 --nolock progress`, or `make progress`. It plans what
# is left by a second Snakemake, and makes nothing.
rule progress:
    log:
        f"{RESULTS}/logs/progress.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        results="results",
        snakefile=SNAKEFILE,
        published=PLAN.published,
        cores=CORES,
        # Below the results of a preset, with wildcards.
        logs=lambda wildcards: {
            each.name: relpath(strip_wildcard_constraints(each.log[0]), RESULTS)
            for each in workflow.rules
            if each.log
        },
        own="progress",
    script:
        "scripts/progress.py"


# Before anything is planned; Snakemake itself knows its targets only later.
try:
    check_targets(sys.argv[1:], PLAN)
except RelampError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
