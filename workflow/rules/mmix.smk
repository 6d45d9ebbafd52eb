# M-Mix: nodes, graphs by a linear SVM, graph edit distance, images.
NODE = "{dataset}/{method}/{setting}"
IMAGE = "{dataset}/{method}"


rule pretrain_nodes:
    input:
        code=lambda wildcards: code_of("pretrain.py", wildcards.method, "nodes"),
        data=rules.pack.output.packed,
    output:
        **node_trained(["{method}"], ["{setting}"]),
    log:
        f"{RESULTS}/logs/mmix/nodes/{NODE}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/nodes/{NODE}.jsonl"
    wildcard_constraints:
        method="|".join(NODE_METHODS),
        setting=r"default|samples~\d+_dim~\d+",
    conda:
        "../../envs/train.yaml"
    resources:
        **asked_to_train_nodes(
            MMIX.nodes.pretraining,
            [(MMIX.nodes.pretraining.sample_size, MMIX.nodes.pretraining.hidden)],
            len(MMIX.nodes.pretraining.branches),
        ),
    params:
        seeds=list(MMIX.nodes.seeds),
        methods=lambda wildcards: [runs.fixed_params("nodes", wildcards.method)],
        settings=lambda wildcards: [runs.node_params(CONFIG, wildcards.setting)],
        domain="nodes",
        states=[f"{RESULTS}/state/mmix/nodes/{NODE}"],
    script:
        "../scripts/pretrain.py"


# The grid of Fig. 2 and 3 is one job a method.
GRID = [runs.node_setting(*point) for point in MMIX.nodes.sweep.settings()]
GRID_METHODS = [method for method in MMIX.nodes.sweep.methods for _ in GRID]
GRID_RUN = "{dataset}/{method}/grid"


use rule pretrain_nodes as pretrain_nodes_grid with:
    output:
        **node_trained(["{method}"], GRID),
    log:
        f"{RESULTS}/logs/mmix/nodes/{GRID_RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/nodes/{GRID_RUN}.jsonl"
    wildcard_constraints:
        method="|".join(NODE_METHODS),
    resources:
        **asked_to_train_nodes(MMIX.nodes.sweep, MMIX.nodes.sweep.settings(), 1),
    params:
        seeds=list(MMIX.nodes.seeds),
        methods=lambda wildcards: [runs.fixed_params("nodes", wildcards.method)]
        * len(GRID),
        settings=[runs.node_params(CONFIG, setting) for setting in GRID],
        domain="nodes",
        states=[f"{RESULTS}/state/mmix/nodes/{{dataset}}/{{method}}/{s}" for s in GRID],


ruleorder: pretrain_nodes_grid > pretrain_nodes


NODE_RUNS = (MMIX.nodes.methods, [runs.NO_SETTING])


# All methods on one data set are one job, which computes what is new and keeps the rest.
rule probe:
    input:
        code=code("probe.py"),
        data=rules.pack.output.packed,
        embeddings=node_trained(*NODE_RUNS)["embeddings"],
    output:
        rows_of(node_folders("probe", *NODE_RUNS)),
    log:
        f"{RESULTS}/logs/mmix/probe/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/probe/{{dataset}}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    threads: 8
    resources:
        **asked("probe", probed(MMIX.nodes.methods, MMIX.nodes.pretraining)),
    params:
        **score_params(MMIX.nodes, MMIX.nodes.methods, probe_protocol),
    script:
        "../scripts/probe.py"


use rule probe as probe_grid with:
    input:
        code=code("probe.py"),
        data=rules.pack.output.packed,
        embeddings=node_trained(MMIX.nodes.sweep.methods, GRID)["embeddings"],
    output:
        rows_of(node_folders("probe", MMIX.nodes.sweep.methods, GRID)),
    log:
        f"{RESULTS}/logs/mmix/probe/{{dataset}}_grid.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/probe/{{dataset}}_grid.jsonl"
    resources:
        **asked("probe", probed(GRID_METHODS, MMIX.nodes.sweep)),
    params:
        **score_params(MMIX.nodes, GRID_METHODS, probe_protocol),


rule cluster:
    input:
        code=code("cluster.py"),
        data=rules.pack.output.packed,
        embeddings=rules.probe.input.embeddings,
    output:
        rows_of(node_folders("cluster", *NODE_RUNS)),
    log:
        f"{RESULTS}/logs/mmix/cluster/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/cluster/{{dataset}}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    threads: 8
    resources:
        **asked(
            "cluster",
            len(MMIX.nodes.methods)
            * len(MMIX.nodes.seeds)
            * MMIX.nodes.clustering.runs
            * MMIX.nodes.clustering.starts,
        ),
    params:
        **score_params(MMIX.nodes, MMIX.nodes.methods, MMIX.nodes.clustering),
    script:
        "../scripts/cluster.py"


# The encoders are those of the unsupervised experiments, the SVM is M-Mix's.
use rule svm as svm_linear with:
    input:
        **svm_input(LINEAR),
    output:
        STORED.svm(LINEAR, "mmix/svm"),
    log:
        f"{RESULTS}/logs/mmix/svm/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/svm/{{dataset}}.jsonl"
    resources:
        **asked("svm", len(UNSUPERVISED.seeds) * len(LINEAR)),
    params:
        **svm_params(LINEAR, MMIX.graphs.svm),


use rule bag as bag_linear with:
    output:
        f"{RESULTS}/mmix/bag/{{dataset}}/rows.csv",
    log:
        f"{RESULTS}/logs/mmix/bag/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/bag/{{dataset}}.jsonl"
    params:
        seeds=list(UNSUPERVISED.seeds),
        protocol=MMIX.graphs.svm.model_dump(mode="json"),


EDITED_NODES = (
    len(UNSUPERVISED.seeds)
    * MMIX.edit_distance.protocol.graphs
    * sum(MMIX.edit_distance.protocol.nodes)
)


rule embed_edits:
    input:
        code=lambda wildcards: code_of("embed_edits.py", wildcards.method),
        data=f"{RESULTS}/data/{MMIX.edit_distance.dataset}.safetensors",
        encoder=trained(
            [runs.Run(MMIX.edit_distance.dataset, "{method}", "{setting}")]
        )["encoder"],
    output:
        expand(
            f"{RESULTS}/mmix/edits/{{method}}/{{setting}}/seed~{{seed}}.safetensors",
            seed=UNSUPERVISED.seeds,
            allow_missing=True,
        ),
    log:
        f"{RESULTS}/logs/mmix/edits/{{method}}/{{setting}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/edits/{{method}}/{{setting}}.jsonl"
    conda:
        "../../envs/train.yaml"
    resources:
        **asked("embed_edits", EDITED_NODES),
    params:
        seeds=list(UNSUPERVISED.seeds),
        method=lambda wildcards: runs.method_params(wildcards.method, wildcards.setting),
        settings=lambda wildcards: runs.pretraining_params(
            wildcards.method, UNSUPERVISED.pretraining
        ),
        protocol=MMIX.edit_distance.protocol.model_dump(mode="json"),
    script:
        "../scripts/embed_edits.py"


rule edit_distance:
    input:
        code=code("edit_distance.py"),
        data=f"{RESULTS}/data/{MMIX.edit_distance.dataset}.safetensors",
        embeddings=rules.embed_edits.output,
    output:
        f"{RESULTS}/mmix/edit_distance/{{method}}/{{setting}}/rows.csv",
    log:
        f"{RESULTS}/logs/mmix/edit_distance/{{method}}/{{setting}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/edit_distance/{{method}}/{{setting}}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    resources:
        **asked("edit_distance", EDITED_NODES),
    params:
        seeds=list(UNSUPERVISED.seeds),
        labels=lambda wildcards: {
            "method": wildcards.method,
            "dataset": MMIX.edit_distance.dataset,
        },
        protocol=MMIX.edit_distance.protocol.model_dump(mode="json"),
    script:
        "../scripts/edit_distance.py"


use rule edit_distance as edit_kernel with:
    input:
        code=code("edit_distance.py"),
        data=f"{RESULTS}/data/{MMIX.edit_distance.dataset}.safetensors",
    output:
        f"{RESULTS}/mmix/edit_kernel/{{kernel}}/rows.csv",
    log:
        f"{RESULTS}/logs/mmix/edit_kernel/{{kernel}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/edit_kernel/{{kernel}}.jsonl"
    params:
        seeds=list(UNSUPERVISED.seeds),
        labels=lambda wildcards: {
            "method": wildcards.kernel,
            "dataset": MMIX.edit_distance.dataset,
        },
        protocol=MMIX.edit_distance.protocol.model_dump(mode="json"),


rule pretrain_images:
    input:
        code=lambda wildcards: code_of("pretrain.py", wildcards.method, "images"),
        data=rules.pack.output.packed,
    output:
        **of_each_seed(
            [f"{RESULTS}/mmix/images/{IMAGE}"], MMIX.images.seeds, mixed="mixed.csv"
        ),
    log:
        f"{RESULTS}/logs/mmix/images/{IMAGE}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/images/{IMAGE}.jsonl"
    wildcard_constraints:
        method="|".join(IMAGE_METHODS),
    conda:
        "../../envs/train.yaml"
    resources:
        **asked("images", MMIX.images.pretraining.epochs * len(MMIX.images.seeds)),
    params:
        seeds=list(MMIX.images.seeds),
        methods=lambda wildcards: [runs.fixed_params("images", wildcards.method)],
        settings=[MMIX.images.pretraining.model_dump(mode="json")],
        domain="images",
        states=[f"{RESULTS}/state/mmix/images/{IMAGE}"],
    script:
        "../scripts/pretrain.py"


rule probe_images:
    input:
        code=code("image_probe.py"),
        data=rules.pack.output.packed,
        embeddings=expand(
            rules.pretrain_images.output.embeddings,
            method=MMIX.images.methods,
            allow_missing=True,
        ),
    output:
        expand(
            f"{RESULTS}/mmix/image_probe/{IMAGE}/rows.csv",
            method=MMIX.images.methods,
            allow_missing=True,
        ),
    log:
        f"{RESULTS}/logs/mmix/image_probe/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mmix/image_probe/{{dataset}}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    threads: 8
    resources:
        **asked(
            "probe_images",
            len(MMIX.images.methods) * len(MMIX.images.seeds) * MMIX.images.probe.runs,
        ),
    params:
        **score_params(MMIX.images, MMIX.images.methods, MMIX.images.probe),
    script:
        "../scripts/image_probe.py"


rule mmix_table2:
    input:
        **mmix_table_input("mmix_table2"),
    output:
        mmix_table("mmix_table2"),
    log:
        f"{RESULTS}/logs/render/mmix_table2.log",
    conda:
        "../../envs/render.yaml"
    resources:
        **RENDER,
    params:
        **mmix_table_params("mmix_table2"),
    script:
        "../scripts/mmix_table.py"


use rule mmix_table2 as mmix_table3 with:
    input:
        **mmix_table_input("mmix_table3"),
    output:
        mmix_table("mmix_table3"),
    log:
        f"{RESULTS}/logs/render/mmix_table3.log",
    params:
        **mmix_table_params("mmix_table3"),


use rule mmix_table2 as mmix_table4 with:
    input:
        **mmix_table_input("mmix_table4"),
    output:
        mmix_table("mmix_table4"),
    log:
        f"{RESULTS}/logs/render/mmix_table4.log",
    params:
        **mmix_table_params("mmix_table4"),


use rule mmix_table2 as mmix_table5 with:
    input:
        **mmix_table_input("mmix_table5"),
    output:
        mmix_table("mmix_table5"),
    log:
        f"{RESULTS}/logs/render/mmix_table5.log",
    params:
        **mmix_table_params("mmix_table5"),


use rule mmix_table2 as mmix_table6 with:
    input:
        **mmix_table_input("mmix_table6"),
    output:
        mmix_table("mmix_table6"),
    log:
        f"{RESULTS}/logs/render/mmix_table6.log",
    params:
        **mmix_table_params("mmix_table6"),


use rule mmix_table2 as mmix_table7 with:
    input:
        **mmix_table_input("mmix_table7"),
    output:
        mmix_table("mmix_table7"),
    log:
        f"{RESULTS}/logs/render/mmix_table7.log",
    params:
        **mmix_table_params("mmix_table7"),


use rule mmix_table2 as mmix_table8 with:
    input:
        **mmix_table_input("mmix_table8"),
    output:
        mmix_table("mmix_table8"),
    log:
        f"{RESULTS}/logs/render/mmix_table8.log",
    params:
        **mmix_table_params("mmix_table8"),


use rule mmix_table2 as mmix_table9 with:
    input:
        **mmix_table_input("mmix_table9"),
    output:
        mmix_table("mmix_table9"),
    log:
        f"{RESULTS}/logs/render/mmix_table9.log",
    params:
        **mmix_table_params("mmix_table9"),


use rule mmix_table2 as mmix_table10 with:
    input:
        **mmix_table_input("mmix_table10"),
    output:
        mmix_table("mmix_table10"),
    log:
        f"{RESULTS}/logs/render/mmix_table10.log",
    params:
        **mmix_table_params("mmix_table10"),
