# The chain from raw files to rows: fetch, pack, split, damage; train; score. A job works through all seeds of a run, and
# where a study has many runs on a data set, through all of them: on a cluster every job costs seconds of waiting.


# Here alone the network is needed, so it runs where the command was typed: on a cluster, on the login node.
rule fetch:
    input:
        code=code("fetch"),
        altered=altered_files,
    output:
        output=f"{SHARED}/raw/{{dataset}}.json",
    log:
        f"{SHARED}/logs/fetch/{{dataset}}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    params:
        registered=registered,
    script:
        "scripts/fetch.py"


rule pack:
    input:
        code=code("pack"),
        record=fetch_record,
        own_files=own_files,
    output:
        packed=PATHS.packed(DATASET),
        guard=PATHS.guard(DATASET),
        dropped=f"{SHARED}/data/{{dataset}}.dropped.csv",
    log:
        f"{SHARED}/logs/pack/{{dataset}}.log",
    benchmark:
        f"{SHARED}/benchmarks/pack/{{dataset}}.jsonl"
    # What has a ~ in its name is part of another.
    wildcard_constraints:
        dataset=r"[^/~]+",
    conda:
        "../envs/data.yaml"
    # A corpus of millions of molecules is packed by several processes.
    threads: lambda wildcards: 4 if is_corpus(CONFIG, wildcards.dataset) else 1
    resources:
        **asked("pack"),
    params:
        registered=registered,
        parts=f"{SHARED}/state/pack/{{dataset}}",
        own=lambda wildcards: own_data(CONFIG, wildcards.dataset),
        split=lambda wildcards: split_of(CONFIG, wildcards.dataset),
    script:
        "scripts/pack.py"


# Some molecules of a corpus, as a corpus of its own.
rule subset:
    input:
        code=code("subset"),
        data=PATHS.packed(DATASET),
        known=PATHS.guard(DATASET),
    output:
        packed=PATHS.packed(f"{DATASET}~{{molecules}}"),
        guard=PATHS.guard(f"{DATASET}~{{molecules}}"),
    log:
        f"{SHARED}/logs/subset/{{dataset}}~{{molecules}}.log",
    benchmark:
        f"{SHARED}/benchmarks/subset/{{dataset}}~{{molecules}}.jsonl"
    wildcard_constraints:
        dataset=r"[^/~]+",
        molecules=r"[1-9]\d*",
    conda:
        "../envs/data.yaml"
    resources:
        **asked("pack", 0.1),
    script:
        "scripts/subset.py"


# Folds are fixed once for all methods.
rule folds:
    input:
        code=code("folds"),
        data=rules.pack.output.packed,
        guard=rules.pack.output.guard,
    output:
        output=[PATHS.folds(DATASET, seed) for seed in CONFIG.unsupervised.seeds],
    log:
        f"{RESULTS}/logs/folds/{{dataset}}.log",
    conda:
        "../envs/data.yaml"
    resources:
        **asked("folds", len(CONFIG.unsupervised.seeds)),
    params:
        seeds=list(CONFIG.unsupervised.seeds),
        folds=CONFIG.unsupervised.svm.folds,
    script:
        "scripts/folds.py"


rule scaffold:
    input:
        code=code("scaffold"),
        data=rules.pack.output.packed,
        guard=rules.pack.output.guard,
    output:
        output=PATHS.split(DATASET, "{split}"),
    log:
        f"{RESULTS}/logs/split/{{dataset}}/{{split}}.log",
    conda:
        "../envs/data.yaml"
    resources:
        **asked("scaffold"),
    script:
        "scripts/scaffold.py"


# Structural entropy before and after augmentation (LAMP Eq. 5 and 6).
rule damage:
    input:
        code=code("damage"),
        data=rules.pack.output.packed,
        guard=rules.pack.output.guard,
    output:
        output=PATHS.damage(DATASET),
    log:
        f"{RESULTS}/logs/damage/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/damage/{{dataset}}.jsonl"
    conda:
        "../envs/data.yaml"
    resources:
        **asked("damage"),
    params:
        protocol=damage_protocol(CONFIG),
    script:
        "scripts/damage.py"


# Pre-training (LAMP Algorithm 1): a rule per domain for any one run, and one for each method of a sweep.
for made in trainings(STUDIES):

    rule:
        name:
            made.name
        input:
            code=trained_by(made),
            data=rules.pack.output.packed,
            guard=rules.pack.output.guard,
        output:
            **made.output(PATHS),
        log:
            f"{RESULTS}/logs/train/{made.log}.log",
        benchmark:
            f"{RESULTS}/benchmarks/train/{made.log}.jsonl"
        conda:
            "../envs/train.yaml"
        resources:
            **asked(
                TRAINED_AS.get(made.study.domain, "pretrain"),
                made.work,
                kept=made.disk,
            ),
        params:
            **made.params(PATHS),
        script:
            "scripts/pretrain.py"

    if not made.alone:
        # What the directive `ruleorder` stands for, which takes no variables.
        workflow.ruleorder(made.name, f"train_{made.study.domain}")


TUNED = f"{RESULTS}/finetune/{{dataset}}/{{method}}/{{setting}}"


rule finetune:
    input:
        code=code("finetune", "relamp.train.molecules"),
        data=rules.pack.output.packed,
        guard=rules.pack.output.guard,
        split=splits_of,
        encoder=pretrained_encoder,
    output:
        output=PATHS.rows("finetune", DATASET, ANY),
    log:
        f"{RESULTS}/logs/finetune/{{dataset}}/{{method}}/{{setting}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/finetune/{{dataset}}/{{method}}/{{setting}}.jsonl"
    wildcard_constraints:
        method="|".join((*METHODS["molecules"], FROM_SCRATCH)),
    conda:
        "../envs/train.yaml"
    resources:
        **asked(
            "finetune",
            tuning_work,
        ),
    params:
        seeds=list(CONFIG.transfer.seeds),
        shape=[CONFIG.transfer.pretraining.hidden, CONFIG.transfer.pretraining.layers],
        labels=lambda wildcards: tuned_by(wildcards).label(
            "finetune", wildcards.dataset, Run(wildcards.method, wildcards.setting)
        ),
        settings=lambda wildcards: tuned_by(wildcards).protocol_of(
            "finetune", wildcards.dataset, Run(wildcards.method, wildcards.setting)
        ),
        state=PATHS.states(TUNED),
        lender=PATHS.lender(TUNED),
    script:
        "scripts/finetune.py"


# Embeddings of the edited graphs of M-Mix's Table 10.
rule embed_edits:
    input:
        code=lambda wildcards: code(
            "embed_edits",
            TRAINERS["graphs"],
            "relamp.evaluate.edit_distance",
            EDITS.row(wildcards.method).maker,
        ),
        data=rules.pack.output.packed,
        guard=rules.pack.output.guard,
        encoder=encoder_of_edits,
    output:
        output=[PATHS.edits(DATASET, ANY, seed) for seed in EDITS.seeds],
    log:
        f"{RESULTS}/logs/edits/{{dataset}}/{{method}}/{{setting}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/edits/{{dataset}}/{{method}}/{{setting}}.jsonl"
    conda:
        "../envs/train.yaml"
    resources:
        **asked(
            "embed_edits",
            len(EDITS.seeds)
            * CONFIG.mmix.edit_distance.protocol.graphs
            * sum(CONFIG.mmix.edit_distance.protocol.nodes),
        ),
    params:
        **trained_like(EDITS),
        seeds=list(EDITS.seeds),
        trainer=TRAINERS["graphs"],
        protocol=lambda wildcards: EDITS.protocol_of(
            "edit-distance",
            wildcards.dataset,
            Run(wildcards.method, wildcards.setting),
        ),
    script:
        "scripts/embed_edits.py"


# Rows, never only a mean: all runs of a study on a data set by one evaluation, what does not train by itself.
for made in scorings(STUDIES):

    rule:
        name:
            made.name
        input:
            **made.inputs(PATHS),
            code=code("score", made.score),
        output:
            output=made.output(PATHS),
        log:
            f"{RESULTS}/logs/score/{made.log}.log",
        benchmark:
            f"{RESULTS}/benchmarks/score/{made.log}.jsonl"
        wildcard_constraints:
            method="|".join(controls_of(STUDIES, made.evaluation)) or "none",
        conda:
            "../envs/evaluate.yaml"
            if not made.score.startswith("relamp.train")
            else "../envs/train.yaml"
        threads: threads_of(made)
        resources:
            **asked(SCORED_AS.get(made.evaluation, "svm"), made.work),
        params:
            **made.params(PATHS),
        script:
            "scripts/score.py"


# Theorem 3.1 of M-Mix on stored embeddings.
rule hard_negatives:
    input:
        **{
            name: PATHS.trained("nodes", DATASET, [ANY], THEOREM.seeds)[name]
            for name in ("embeddings", "encoder")
        },
        code=code("hard_negatives"),
        data=rules.pack.output.packed,
        guard=rules.pack.output.guard,
    output:
        **PATHS.hard_negatives(DATASET, ANY),
    log:
        f"{RESULTS}/logs/hard_negatives/{{dataset}}/{{method}}/{{setting}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/hard_negatives/{{dataset}}/{{method}}/{{setting}}.jsonl"
    conda:
        "../envs/evaluate.yaml"
    resources:
        **asked("hard_negatives", len(THEOREM.seeds)),
    params:
        **trained_like(THEOREM),
        **theorem_protocol(CONFIG),
        seeds=list(THEOREM.seeds),
        labels=labelled(THEOREM, HARD_NEGATIVES),
    script:
        "scripts/hard_negatives.py"


# Theorem 4.1 of LAMP on stored encoders.
rule information:
    input:
        code=lambda wildcards: code(
            "information",
            TRAINERS["graphs"],
            "relamp.evaluate.pruned_views",
            MEASURED.row(wildcards.method).maker,
        ),
        data=rules.pack.output.packed,
        guard=rules.pack.output.guard,
        encoder=PATHS.trained("graphs", DATASET, [ANY], MEASURED.seeds)["encoder"],
        folds=[PATHS.folds(DATASET, seed) for seed in MEASURED.seeds],
    output:
        output=PATHS.rows(INFORMATION, DATASET, ANY),
    log:
        f"{RESULTS}/logs/information/{{dataset}}/{{method}}/{{setting}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/information/{{dataset}}/{{method}}/{{setting}}.jsonl"
    conda:
        "../envs/train.yaml"
    resources:
        **asked("information", len(MEASURED.seeds)),
    params:
        **trained_like(MEASURED),
        seeds=list(MEASURED.seeds),
        labels=labelled(MEASURED, INFORMATION),
        trainer=TRAINERS["graphs"],
        protocol=lambda wildcards: information_protocol(
            CONFIG, MEASURED, Run(wildcards.method, wildcards.setting)
        ),
    script:
        "scripts/information.py"
