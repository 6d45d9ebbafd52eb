# Support vector machines on stored embeddings, and on graph kernels in the same folds: rows, never only a mean.


rule svm:
    input:
        code=code("svm.py"),
        data=rules.pack.output.packed,
        embeddings=rules.pretrain.output.embeddings,
        folds=rules.folds.output,
    output:
        f"{RESULTS}/svm/{RUN}/rows.csv",
    log:
        f"{RESULTS}/logs/svm/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/svm/{RUN}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    resources:
        **asked("svm", len(UNSUPERVISED.seeds)),
    params:
        seeds=list(UNSUPERVISED.seeds),
        labels=lambda wildcards: {
            "method": wildcards.method,
            "dataset": wildcards.dataset,
            **runs.setting_values(wildcards.method, wildcards.setting),
        },
        protocol=UNSUPERVISED.svm.model_dump(mode="json"),
    script:
        "../scripts/svm.py"


rule bag:
    input:
        code=code("bag.py"),
        data=rules.pack.output.packed,
        folds=rules.folds.output,
    output:
        f"{RESULTS}/bag/{{dataset}}/rows.csv",
    log:
        f"{RESULTS}/logs/bag/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/bag/{{dataset}}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    resources:
        **asked("bag", len(UNSUPERVISED.seeds)),
    params:
        seeds=list(UNSUPERVISED.seeds),
        protocol=UNSUPERVISED.svm.model_dump(mode="json"),
    script:
        "../scripts/bag.py"


rule kernel:
    input:
        code=code("kernel.py"),
        data=rules.pack.output.packed,
        folds=rules.folds.output,
    output:
        f"{RESULTS}/kernel/{{dataset}}/{{kernel}}/rows.csv",
    log:
        f"{RESULTS}/logs/kernel/{{dataset}}/{{kernel}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/kernel/{{dataset}}/{{kernel}}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    resources:
        **asked("kernel", len(UNSUPERVISED.seeds)),
    params:
        seeds=list(UNSUPERVISED.seeds),
        protocol=UNSUPERVISED.svm.model_dump(mode="json"),
        options=UNSUPERVISED.kernel_options.model_dump(mode="json"),
    script:
        "../scripts/kernel.py"
