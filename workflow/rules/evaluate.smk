# Support vector machines on stored embeddings, and on graph kernels in the same folds: rows, never only a mean.


rule svm:
    input:
        **svm_input([ONE]),
    output:
        f"{RESULTS}/svm/{RUN}/rows.csv",
    log:
        f"{RESULTS}/logs/svm/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/svm/{RUN}.jsonl"
    conda:
        "../../envs/evaluate.yaml"
    threads: 8
    resources:
        **asked("svm", len(UNSUPERVISED.seeds)),
    params:
        **svm_params(
            lambda wildcards: [
                runs.Run(wildcards.dataset, wildcards.method, wildcards.setting)
            ],
            UNSUPERVISED.svm,
        ),
    script:
        "../scripts/svm.py"


# All runs of a table, or of a sweep, on one data set are one job, which computes what is new and keeps the rest.
use rule svm as svm_table with:
    input:
        **svm_input(TABLE),
    output:
        STORED.svm(TABLE),
    log:
        f"{RESULTS}/logs/svm/{{dataset}}/table.log",
    benchmark:
        f"{RESULTS}/benchmarks/svm/{{dataset}}/table.jsonl"
    resources:
        **asked("svm", len(UNSUPERVISED.seeds) * len(TABLE)),
    params:
        **svm_params(TABLE, UNSUPERVISED.svm),


ruleorder: svm_table > svm


if GAMMAS:

    use rule svm as svm_gammas with:
        input:
            **svm_input(GAMMAS),
        output:
            STORED.svm(GAMMAS),
        log:
            f"{RESULTS}/logs/svm/{{dataset}}/gammas.log",
        benchmark:
            f"{RESULTS}/benchmarks/svm/{{dataset}}/gammas.jsonl"
        resources:
            **asked("svm", len(UNSUPERVISED.seeds) * len(GAMMAS)),
        params:
            **svm_params(GAMMAS, UNSUPERVISED.svm),

    ruleorder: svm_gammas > svm


if ALPHAS:

    use rule svm as svm_alphas with:
        input:
            **svm_input(ALPHAS),
        output:
            STORED.svm(ALPHAS),
        log:
            f"{RESULTS}/logs/svm/{{dataset}}/alphas.log",
        benchmark:
            f"{RESULTS}/benchmarks/svm/{{dataset}}/alphas.jsonl"
        resources:
            **asked("svm", len(UNSUPERVISED.seeds) * len(ALPHAS)),
        params:
            **svm_params(ALPHAS, UNSUPERVISED.svm),

    ruleorder: svm_alphas > svm


if CROSS:

    use rule svm as svm_cross with:
        input:
            **svm_input(CROSS),
        output:
            STORED.svm(CROSS),
        log:
            f"{RESULTS}/logs/svm/{{dataset}}/cross.log",
        benchmark:
            f"{RESULTS}/benchmarks/svm/{{dataset}}/cross.jsonl"
        resources:
            **asked("svm", len(UNSUPERVISED.seeds) * len(CROSS)),
        params:
            **svm_params(CROSS, UNSUPERVISED.svm),

    ruleorder: svm_cross > svm


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
