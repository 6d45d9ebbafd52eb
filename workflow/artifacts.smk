# Figures, tables and pages: a rule for each record of src/relamp/artifacts. Means, intervals and ranks are computed here
# and nowhere earlier; nothing here looks at a model or at raw data.


for artifact in PLAN.artifacts.values():

    rule:
        name:
            artifact.name
        input:
            **made_of(artifact),
            **asked_of(artifact),
        output:
            **shown(artifact),
        log:
            f"{RESULTS}/logs/artifacts/{artifact.name}.log",
        conda:
            "../envs/render.yaml"
        resources:
            **asked("render"),
        params:
            **PLAN.params(artifact),
            call=artifact.call,
            about=artifact.about,
        script:
            "scripts/artifact.py"


# What the report shows: all artifacts with a caption, and what all of it cost.
SHOWN = (*PLAN.artifacts, "efficiency")


# A target without files: it prints each time, and ends with an error if the configuration says so.
rule verdict:
    input:
        page=f"{RESULTS}/verdict.html",
        cells=f"{RESULTS}/verdict.csv",
        claims=f"{RESULTS}/claims.csv",
        others=[
            getattr(rules, name).output
            for name in ("leakage", "comparisons", "cross_table", "audit")
            if name in PLAN.artifacts
        ],
    log:
        f"{RESULTS}/logs/artifacts/verdict.log",
    localrule: True
    conda:
        "../envs/render.yaml"
    params:
        fail_on=list(CONFIG.fail_on),
    script:
        "scripts/verdict.py"
