# From stored rows to scores, verdicts and what stands behind them; nothing here looks at a model or at raw data.
from relamp.study.runnable import methods_by_evaluation

BY_KIND = STORED.by_kind()


rule scores:
    input:
        **BY_KIND,
        code=code("scores.py"),
    output:
        scores=f"{RESULTS}/scores.csv",
        settings=f"{RESULTS}/settings.csv",
    log:
        f"{RESULTS}/logs/judge/scores.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        kinds=list(BY_KIND),
        fixed=runs.fixed_settings(CONFIG),
    script:
        "../scripts/scores.py"


rule judge:
    input:
        scores=rules.scores.output.scores,
        settings=rules.scores.output.settings,
        damage=expand(rules.damage.output, dataset=CONFIG.damage.datasets),
        published=PUBLISHED,
        claims="published/claims.yaml",
        code=code("judge.py"),
    output:
        report(
            f"{RESULTS}/verdict.html",
            caption="../report/verdict.rst",
            category="Claims and verdicts",
            labels={"artifact": "verdicts", "what": "page"},
        ),
        csv=f"{RESULTS}/verdict.csv",
        md=f"{RESULTS}/verdict.md",
        json=f"{RESULTS}/verdict.json",
        claims=f"{RESULTS}/claims.csv",
    log:
        f"{RESULTS}/logs/judge/judge.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        methods=methods_by_evaluation(),
        judging=CONFIG.judging.model_dump(mode="json"),
        preset=CONFIG.preset,
        rendered={
            name: f"{RESULTS}/tables/{name}.html"
            for name in (*REPORTED, *MMIX_TABLES)
            if "_table" in name
        },
    script:
        "../scripts/judge.py"


rule leakage:
    input:
        scores=rules.scores.output.scores,
        code=code("leakage.py"),
    output:
        figure=figure("leakage", "Leakage gap", "Claims and verdicts"),
        table=[f"{RESULTS}/tables/leakage.{kind}" for kind in ("html", "csv", "md")],
    log:
        f"{RESULTS}/logs/judge/leakage.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    script:
        "../scripts/leakage.py"


rule comparisons:
    input:
        scores=rules.scores.output.scores,
        code=code("comparisons.py"),
    output:
        figure=figure("ranks", "Average ranks", "Claims and verdicts"),
        table=[f"{RESULTS}/tables/comparisons.{kind}" for kind in ("html", "csv")],
    log:
        f"{RESULTS}/logs/judge/comparisons.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        judging=CONFIG.judging.model_dump(mode="json"),
    script:
        "../scripts/comparisons.py"


rule cross_table:
    input:
        scores=rules.scores.output.scores,
        code=code("cross_table.py"),
    output:
        table("cross_table", "All methods on all data sets", "Claims and verdicts"),
    log:
        f"{RESULTS}/logs/judge/cross_table.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    script:
        "../scripts/cross_table.py"


rule audit:
    input:
        published=PUBLISHED,
        claims="published/text_claims.yaml",
        code=code("audit.py"),
    output:
        csv=f"{RESULTS}/tables/audit.csv",
        md=f"{RESULTS}/tables/audit.md",
    log:
        f"{RESULTS}/logs/judge/audit.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    script:
        "../scripts/audit.py"


# A target without files: it prints each time, and ends with an error if the configuration says so.
rule verdict:
    input:
        cells=rules.judge.output.csv,
        claims=rules.judge.output.claims,
        page=rules.judge.output[0],
        others=[
            rules.leakage.output,
            rules.comparisons.output,
            rules.cross_table.output,
            rules.audit.output,
        ],
    log:
        f"{RESULTS}/logs/judge/verdict.log",
    localrule: True
    conda:
        "../../envs/render.yaml"
    params:
        fail_on=list(CONFIG.fail_on),
    script:
        "../scripts/verdict.py"
