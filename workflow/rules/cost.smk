# What a run will cost, what it did cost, and how far it is.


# A second Snakemake plans the same jobs, which says what each asks for; their benchmark rows say what it used.
rule efficiency:
    input:
        code=code("efficiency.py"),
        artifacts=[getattr(rules, name).output for name in ARTIFACTS],
    output:
        report(
            f"{RESULTS}/tables/efficiency.html",
            caption="../report/efficiency.rst",
            category="Cost",
            labels={"artifact": "efficiency", "what": "table"},
        ),
        f"{RESULTS}/tables/efficiency.csv",
    log:
        f"{RESULTS}/logs/cost/efficiency.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        snakefile=workflow.main_snakefile,
        targets=ARTIFACTS,
        cores=CORES,
    script:
        "../scripts/efficiency.py"


# Targets without files, which print each time.


rule cost:
    log:
        f"{RESULTS}/logs/cost.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        snakefile=workflow.main_snakefile,
        targets=["datasets", *SHOWN, "mmix", "all"],
        cores=CORES,
    script:
        "../scripts/cost.py"


# While a run is under way the folder is locked: `snakemake --cores 1 --nolock progress`, or `make progress`.
rule progress:
    log:
        f"{RESULTS}/logs/progress.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        results="results",
        logs=lambda wildcards: logs_of_rules(),
    script:
        "../scripts/progress.py"
