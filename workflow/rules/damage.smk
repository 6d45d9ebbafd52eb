# Structural entropy before and after augmentation (LAMP Eq. 5 and 6).


rule damage:
    input:
        code=code("damage.py"),
        data=rules.pack.output.packed,
    output:
        f"{RESULTS}/damage/{{dataset}}.csv",
    log:
        f"{RESULTS}/logs/damage/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/damage/{{dataset}}.jsonl"
    conda:
        "../../envs/data.yaml"
    resources:
        **asked("damage"),
    params:
        protocol=CONFIG.damage.model_dump(mode="json", exclude={"datasets"}),
    script:
        "../scripts/damage.py"
