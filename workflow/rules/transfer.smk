# Pre-training on a corpus of molecules, then fine-tuning on labelled ones with a scaffold split.


use rule pretrain as pretrain_corpus with:
    output:
        **of_each_seed(
            [f"{RESULTS}/transfer/pretrain/{RUN}"], [TRANSFER.pretraining_seed]
        ),
    log:
        f"{RESULTS}/logs/transfer/pretrain/{RUN}.log",
    benchmark:
        f"{RESULTS}/benchmarks/transfer/pretrain/{RUN}.jsonl"
    resources:
        **asked_to_train(TRANSFER.pretraining, 1),
    params:
        seeds=[TRANSFER.pretraining_seed],
        methods=lambda wildcards: [
            runs.method_params(wildcards.method, wildcards.setting)
        ],
        settings=lambda wildcards: [
            runs.pretraining_params(wildcards.method, TRANSFER.pretraining)
        ],
        domain="molecules",
        states=[f"{RESULTS}/state/transfer/pretrain/{RUN}"],


rule finetune:
    input:
        code=code("finetune.py", "relamp.train.molecules"),
        data=rules.pack.output.packed,
        split=rules.scaffold.output[0],
        encoder=pretrained_encoder,
    output:
        f"{RESULTS}/transfer/finetune/{{dataset}}/{{start}}/rows.csv",
    log:
        f"{RESULTS}/logs/transfer/finetune/{{dataset}}/{{start}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/transfer/finetune/{{dataset}}/{{start}}.jsonl"
    conda:
        "../../envs/train.yaml"
    resources:
        **asked("finetune", TRANSFER.finetuning.epochs * len(TRANSFER.seeds)),
    params:
        seeds=list(TRANSFER.seeds),
        shape=[TRANSFER.pretraining.hidden, TRANSFER.pretraining.layers],
        labels=lambda wildcards: runs.transfer_labels(
            CONFIG, wildcards.start, wildcards.dataset
        ),
        settings=TRANSFER.finetuning.model_dump(mode="json"),
        state=f"{RESULTS}/state/transfer/finetune/{{dataset}}/{{start}}",
    script:
        "../scripts/finetune.py"
