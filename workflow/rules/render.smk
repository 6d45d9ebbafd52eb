# Figures and tables from stored rows: means, intervals and ranks are computed here and nowhere earlier.


rule lamp_fig2:
    input:
        code=code("figure_damage.py"),
        rows=STORED.damage(),
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
        rows=STORED.over_datasets(runs.sweep_runs, "gamma"),
        references=STORED.over_datasets(runs.reference_runs),
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
        methods=[UNSUPERVISED.sweep_method],
    script:
        "../scripts/figure_sweep.py"


use rule lamp_fig4 as lamp_fig5 with:
    input:
        code=code("figure_sweep.py"),
        rows=STORED.over_datasets(runs.sweep_runs, "alpha"),
        references=STORED.over_datasets(runs.reference_runs),
    output:
        figure("lamp_fig5", "Fig. 5"),
    log:
        f"{RESULTS}/logs/render/lamp_fig5.log",
    params:
        parameter="alpha",
        methods=[UNSUPERVISED.sweep_method],


rule lamp_table1:
    input:
        code=code("table.py"),
        published="published/lamp_table1.csv",
        splits=expand(rules.folds.output, dataset=UNSUPERVISED.datasets),
        rows=STORED.table1(),
    output:
        table("lamp_table1", TABLES["lamp_table1"].label),
    log:
        f"{RESULTS}/logs/render/lamp_table1.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        kind=TABLES["lamp_table1"].kind,
        title=TABLES["lamp_table1"].title,
        methods=None,
        transposed=TABLES["lamp_table1"].transposed,
    script:
        "../scripts/table.py"


use rule lamp_table1 as lamp_table2 with:
    input:
        code=code("table.py"),
        published="published/lamp_table2.csv",
        splits=expand(rules.scaffold.output, dataset=TRANSFER.datasets),
        rows=STORED.finetune(),
    output:
        table("lamp_table2", TABLES["lamp_table2"].label),
    log:
        f"{RESULTS}/logs/render/lamp_table2.log",
    params:
        kind=TABLES["lamp_table2"].kind,
        title=TABLES["lamp_table2"].title.format(corpus=TRANSFER.corpus),
        methods=None,
        transposed=TABLES["lamp_table2"].transposed,


use rule lamp_table1 as lamp_table3 with:
    input:
        code=code("table.py"),
        published="published/lamp_table3.csv",
        splits=expand(rules.folds.output, dataset=UNSUPERVISED.datasets),
        rows=STORED.table3(),
    output:
        table("lamp_table3", TABLES["lamp_table3"].label),
    log:
        f"{RESULTS}/logs/render/lamp_table3.log",
    params:
        kind=TABLES["lamp_table3"].kind,
        title=TABLES["lamp_table3"].title,
        methods=None,
        transposed=TABLES["lamp_table3"].transposed,


rule data_table:
    input:
        code=code("data_table.py"),
        reports=expand(rules.pack.output.guard, dataset=all_datasets(CONFIG)),
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
