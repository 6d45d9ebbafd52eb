# One job pre-trains a method at one setting on one data set, seed after seed (LAMP Algorithm 1).
RUN = "{dataset}/{method}/{setting}"


rule pretrain:
    input:
        code=lambda wildcards: code_of("pretrain.py", wildcards.method),
        data=rules.pack.output.packed,
    output:
        encoder=expand(
            f"{RESULTS}/pretrain/{RUN}/seed~{{seed}}/encoder.safetensors",
            seed=UNSUPERVISED.seeds,
            allow_missing=True,
        ),
        embeddings=expand(
            f"{RESULTS}/pretrain/{RUN}/seed~{{seed}}/embeddings.safetensors",
            seed=UNSUPERVISED.seeds,
            allow_missing=True,
        ),
        history=expand(
            f"{RESULTS}/pretrain/{RUN}/seed~{{seed}}/history.csv",
            seed=UNSUPERVISED.seeds,
            allow_missing=True,
        ),
        run=expand(
            f"{RESULTS}/pretrain/{RUN}/seed~{{seed}}/run.json",
            seed=UNSUPERVISED.seeds,
            allow_missing=True,
        ),
    log:
        f"{RESULTS}/logs/pretrain/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pretrain/{RUN}.jsonl"
    conda:
        "../../envs/train.yaml"
    resources:
        **asked(
            "pretrain",
            lambda wildcards: epochs(UNSUPERVISED.pretraining, wildcards.method)
            * len(UNSUPERVISED.seeds),
        ),
    params:
        seeds=list(UNSUPERVISED.seeds),
        method=lambda wildcards: runs.method_params(wildcards.method, wildcards.setting),
        settings=lambda wildcards: runs.pretraining_params(
            wildcards.method, UNSUPERVISED.pretraining
        ),
        state=f"{RESULTS}/state/pretrain/{RUN}",
    script:
        "../scripts/pretrain.py"
