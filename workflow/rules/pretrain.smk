# One job pre-trains a method at one setting on one data set, seed after seed (LAMP Algorithm 1).
RUN = "{dataset}/{method}/{setting}"


rule pretrain:
    input:
        code=lambda wildcards: code_of("pretrain.py", wildcards.method),
        data=rules.pack.output.packed,
    output:
        **trained([ONE]),
    log:
        f"{RESULTS}/logs/pretrain/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pretrain/{RUN}.jsonl"
    conda:
        "../../envs/train.yaml"
    resources:
        **asked_to_train(UNSUPERVISED.pretraining, len(UNSUPERVISED.seeds)),
    params:
        seeds=list(UNSUPERVISED.seeds),
        methods=lambda wildcards: [
            runs.method_params(wildcards.method, wildcards.setting)
        ],
        settings=lambda wildcards: [
            runs.pretraining_params(wildcards.method, UNSUPERVISED.pretraining)
        ],
        domain="graphs",
        states=[f"{RESULTS}/state/pretrain/{RUN}"],
    script:
        "../scripts/pretrain.py"


# A sweep is one job: on a cluster every job costs seconds of waiting. Settings that are there already cost nothing.
if GAMMAS:

    use rule pretrain as pretrain_gammas with:
        input:
            code=code_of("pretrain.py", UNSUPERVISED.sweep_method),
            data=rules.pack.output.packed,
        output:
            **trained(GAMMAS),
        log:
            f"{RESULTS}/logs/pretrain/{{dataset}}/gammas.log",
        benchmark:
            f"{RESULTS}/benchmarks/pretrain/{{dataset}}/gammas.jsonl"
        resources:
            **asked_to_train(
                UNSUPERVISED.pretraining,
                len(UNSUPERVISED.seeds) * len(GAMMAS),
                UNSUPERVISED.sweep_method,
            ),
        params:
            **sweep_params(GAMMAS),

    ruleorder: pretrain_gammas > pretrain


if ALPHAS:

    use rule pretrain as pretrain_alphas with:
        input:
            code=code_of("pretrain.py", UNSUPERVISED.sweep_method),
            data=rules.pack.output.packed,
        output:
            **trained(ALPHAS),
        log:
            f"{RESULTS}/logs/pretrain/{{dataset}}/alphas.log",
        benchmark:
            f"{RESULTS}/benchmarks/pretrain/{{dataset}}/alphas.jsonl"
        resources:
            **asked_to_train(
                UNSUPERVISED.pretraining,
                len(UNSUPERVISED.seeds) * len(ALPHAS),
                UNSUPERVISED.sweep_method,
            ),
        params:
            **sweep_params(ALPHAS),

    ruleorder: pretrain_alphas > pretrain
