# M-Mix's figures, and its Theorem 3.1 on stored embeddings.
POINTS = MMIX.nodes.sweep.settings() * len(MMIX.nodes.sweep.methods)
CHECKED = f"{RESULTS}/mmix/hard_negatives"
CHECKED_RUNS = (["{method}"], [runs.node_setting()])


rule mmix_fig2:
    input:
        code=code("sample_sizes.py"),
        rows=STORED.sweep(),
    output:
        figure("mmix_fig2", "Fig. 2", "M-Mix"),
    log:
        f"{RESULTS}/logs/render/mmix_fig2.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        settings=POINTS,
    script:
        "../scripts/sample_sizes.py"


# The same grid over epochs: it is in the rows of the same probes.
rule mmix_fig3:
    input:
        code=code("over_epochs.py"),
        rows=STORED.sweep(),
    output:
        figure("mmix_fig3", "Fig. 3", "M-Mix"),
    log:
        f"{RESULTS}/logs/render/mmix_fig3.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        settings=POINTS,
    script:
        "../scripts/over_epochs.py"


rule mmix_fig4:
    input:
        code=code("picture_grid.py"),
        data=f"{RESULTS}/data/{MMIX.images.datasets[0]}.safetensors",
        mixed=f"{RESULTS}/mmix/images/{MMIX.images.datasets[0]}/{MMIX.images.picture}/seed~{MMIX.images.seeds[0]}/mixed.csv",
    output:
        figure("mmix_fig4", "Fig. 4", "M-Mix"),
    log:
        f"{RESULTS}/logs/render/mmix_fig4.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        anchors=4,
        partners=7,
        skip=0,
    script:
        "../scripts/picture_grid.py"


# The second data set; where there is one alone, the anchors that Fig. 4 does not show.
SECOND = MMIX.images.datasets[:2][-1]


use rule mmix_fig4 as mmix_fig5 with:
    input:
        code=code("picture_grid.py"),
        data=f"{RESULTS}/data/{SECOND}.safetensors",
        mixed=f"{RESULTS}/mmix/images/{SECOND}/{MMIX.images.picture}/seed~{MMIX.images.seeds[0]}/mixed.csv",
    output:
        figure("mmix_fig5", "Fig. 5", "M-Mix"),
    log:
        f"{RESULTS}/logs/render/mmix_fig5.log",
    params:
        anchors=5,
        partners=7,
        skip=0 if len(MMIX.images.datasets) > 1 else 4,


rule hard_negatives:
    input:
        code=code("hard_negative_rows.py"),
        data=rules.pack.output.packed,
        embeddings=node_trained(*CHECKED_RUNS)["embeddings"],
        encoders=node_trained(*CHECKED_RUNS)["encoder"],
    output:
        rows=f"{CHECKED}/{{dataset}}/{{method}}/rows.csv",
        draws=f"{CHECKED}/{{dataset}}/{{method}}/draws.csv",
    log:
        f"{RESULTS}/logs/mmix/hard_negatives/{{dataset}}/{{method}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/hard_negatives/{{dataset}}/{{method}}.jsonl"
    wildcard_constraints:
        method="|".join(NODE_METHODS),
    conda:
        "../../envs/evaluate.yaml"
    resources:
        **asked("hard_negatives", len(MMIX.nodes.seeds)),
    params:
        seeds=list(MMIX.nodes.seeds),
        labels=lambda wildcards: {
            "method": wildcards.method,
            "dataset": wildcards.dataset,
        },
        method=lambda wildcards: runs.fixed_params("nodes", wildcards.method),
        settings=runs.node_params(CONFIG, runs.node_setting()),
        permutations=MMIX.nodes.theorem.permutations,
        anchors=MMIX.nodes.theorem.anchors,
    script:
        "../scripts/hard_negative_rows.py"


rule mmix_theorem:
    input:
        code=code("hard_negatives.py"),
        rows=expand(
            rules.hard_negatives.output.rows,
            dataset=MMIX.nodes.theorem.dataset,
            method=MMIX.nodes.theorem.methods,
        ),
        draws=expand(
            rules.hard_negatives.output.draws,
            dataset=MMIX.nodes.theorem.dataset,
            method=MMIX.nodes.theorem.methods,
        ),
    output:
        figure("mmix_theorem", "Theorem 3.1", "M-Mix"),
    log:
        f"{RESULTS}/logs/render/mmix_theorem.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    script:
        "../scripts/hard_negatives.py"
