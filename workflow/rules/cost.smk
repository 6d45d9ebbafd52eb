# What a run will cost, and how far a run is: targets without files, which print each time.


rule cost:
    log:
        f"{RESULTS}/logs/cost.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        snakefile=workflow.main_snakefile,
        targets=["datasets", *SHOWN, "mmix", "all"],
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
    script:
        "../scripts/progress.py"
