# Figures and tables from stored rows: means, intervals and ranks are computed here and nowhere earlier.
RENDER = {"mem_mb": 1000, "runtime": 10}


rule lamp_fig2:
    input:
        code=code("figure_damage.py"),
        rows=expand(rules.damage.output, dataset=CONFIG.damage.datasets),
    output:
        figure("lamp_fig2", "Fig. 2"),
    log:
        f"{RESULTS}/logs/render/lamp_fig2.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    script:
        "../scripts/figure_damage.py"


rule lamp_fig4:
    input:
        code=code("figure_sweep.py"),
        rows=over_datasets(runs.sweep_runs, "gamma"),
        references=over_datasets(runs.reference_runs),
    output:
        figure("lamp_fig4", "Fig. 4"),
    log:
        f"{RESULTS}/logs/render/lamp_fig4.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        parameter="gamma",
    script:
        "../scripts/figure_sweep.py"


use rule lamp_fig4 as lamp_fig5 with:
    input:
        code=code("figure_sweep.py"),
        rows=over_datasets(runs.sweep_runs, "alpha"),
        references=over_datasets(runs.reference_runs),
    output:
        figure("lamp_fig5", "Fig. 5"),
    log:
        f"{RESULTS}/logs/render/lamp_fig5.log",
    params:
        parameter="alpha",


rule lamp_table1:
    input:
        code=code("table.py"),
        published="published/lamp_table1.csv",
        splits=expand(rules.folds.output, dataset=UNSUPERVISED.datasets),
        rows=over_datasets(runs.table_runs)
        + expand(
            rules.kernel.output,
            dataset=UNSUPERVISED.datasets,
            kernel=UNSUPERVISED.kernels,
        ),
    output:
        table("lamp_table1", "Table 1"),
    log:
        f"{RESULTS}/logs/render/lamp_table1.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        kind="svm",
        title="Accuracy (%) of unsupervised graph classification (LAMP, Table 1)",
        methods=None,
        transposed=False,
    script:
        "../scripts/table.py"


use rule lamp_table1 as lamp_table2 with:
    input:
        code=code("table.py"),
        published="published/lamp_table2.csv",
        splits=expand(rules.scaffold.output, dataset=TRANSFER.datasets),
        rows=expand(
            rules.finetune.output, dataset=TRANSFER.datasets, start=TRANSFER.methods
        ),
    output:
        table("lamp_table2", "Table 2"),
    log:
        f"{RESULTS}/logs/render/lamp_table2.log",
    params:
        kind="finetune",
        title=f"ROC-AUC (%) of transfer learning (LAMP, Table 2), pre-trained here on {TRANSFER.corpus}",
        methods=None,
        transposed=False,


use rule lamp_table1 as lamp_table3 with:
    input:
        code=code("table.py"),
        published="published/lamp_table3.csv",
        splits=expand(rules.folds.output, dataset=UNSUPERVISED.datasets),
        rows=over_datasets(runs.table3_runs),
    output:
        table("lamp_table3", "Table 3"),
    log:
        f"{RESULTS}/logs/render/lamp_table3.log",
    params:
        kind="svm",
        title="Accuracy (%) with and without the local contrastive loss (LAMP, Table 3)",
        methods=None,
        transposed=True,


rule data_table:
    input:
        code=code("data_table.py"),
        reports=expand(rules.pack.output.guard, dataset=all_datasets()),
    output:
        report(
            f"{RESULTS}/tables/data.html",
            caption="../report/data.rst",
            category="Data sets",
            labels={"artifact": "data guard", "what": "table"},
        ),
        f"{RESULTS}/tables/data.csv",
        f"{RESULTS}/tables/data.json",
    log:
        f"{RESULTS}/logs/render/data_table.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    script:
        "../scripts/data_table.py"


# The report is written by a second Snakemake, which only reads what this one has made.
rule report:
    input:
        code=code("report.py"),
        captions=sorted(
            str(path.relative_to(ROOT))
            for path in (ROOT / "workflow" / "report").glob("*.rst")
        ),
        artifacts=[getattr(rules, name).output for name in REPORTED],
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/render/report.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        targets=REPORTED,
        snakefile=workflow.main_snakefile,
    script:
        "../scripts/report.py"
