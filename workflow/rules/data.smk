# Raw files, verified, become one packed file a data set; folds are fixed once for all methods.


# Here alone the network is needed, so it runs where the command was typed: on a cluster, on the login node.
rule fetch:
    input:
        code=code("fetch.py"),
    output:
        f"{RESULTS}/raw/{{dataset}}.json",
    log:
        f"{RESULTS}/logs/fetch/{{dataset}}.log",
    localrule: True
    conda:
        "../../envs/data.yaml"
    params:
        registered=lambda wildcards: registered(wildcards.dataset),
    script:
        "../scripts/fetch.py"


rule pack:
    input:
        code=code("pack.py"),
        record=fetch_record,
        own=own_files,
    output:
        packed=f"{RESULTS}/data/{{dataset}}.safetensors",
        guard=f"{RESULTS}/data/{{dataset}}.guard.json",
        dropped=f"{RESULTS}/data/{{dataset}}.dropped.csv",
    log:
        f"{RESULTS}/logs/pack/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pack/{{dataset}}.jsonl"
    conda:
        "../../envs/data.yaml"
    threads: lambda wildcards: 4 if is_corpus(wildcards.dataset) else 1
    resources:
        **asked("pack"),
    params:
        registered=lambda wildcards: registered(wildcards.dataset),
        parts=f"{RESULTS}/state/pack/{{dataset}}",
        own=lambda wildcards: CONFIG.own.get(wildcards.dataset),
    script:
        "../scripts/pack.py"


rule folds:
    input:
        code=code("folds.py"),
        data=rules.pack.output.packed,
    output:
        expand(
            f"{RESULTS}/folds/{{dataset}}/seed~{{seed}}.csv",
            seed=UNSUPERVISED.seeds,
            allow_missing=True,
        ),
    log:
        f"{RESULTS}/logs/folds/{{dataset}}.log",
    conda:
        "../../envs/data.yaml"
    resources:
        **asked("folds", len(UNSUPERVISED.seeds)),
    params:
        seeds=list(UNSUPERVISED.seeds),
        folds=UNSUPERVISED.svm.folds,
    script:
        "../scripts/folds.py"


rule scaffold:
    input:
        code=code("scaffold.py"),
        data=rules.pack.output.packed,
    output:
        f"{RESULTS}/folds/{{dataset}}/scaffold.csv",
    log:
        f"{RESULTS}/logs/scaffold/{{dataset}}.log",
    conda:
        "../../envs/data.yaml"
    resources:
        **asked("scaffold"),
    script:
        "../scripts/scaffold.py"
