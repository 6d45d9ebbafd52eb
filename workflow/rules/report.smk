# The report is written by a second Snakemake, which only reads what this one has made.
rule report:
    input:
        code=code("report.py"),
        captions=sorted(
            str(path.relative_to(ROOT))
            for path in (ROOT / "workflow" / "report").glob("*.rst")
        ),
        artifacts=[getattr(rules, name).output for name in SHOWN],
        cells=rules.judge.output.csv,
        claims=rules.judge.output.claims,
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/render/report.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        targets=SHOWN,
        snakefile=workflow.main_snakefile,
    script:
        "../scripts/report.py"
