# Raw files, verified, become one packed file a data set; folds are fixed once for all methods.


rule pack:
    input:
        code=code("pack.py"),
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
    resources:
        mem_mb=2000,
        runtime=10,
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
        mem_mb=2000,
        runtime=5,
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
        mem_mb=2000,
        runtime=10,
    script:
        "../scripts/scaffold.py"
