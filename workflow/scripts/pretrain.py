"""Pre-train one method at one or several settings on one data set, for every seed."""

from pathlib import Path

from relamp.runtime.code import closure_sha256
from relamp.runtime.job import run
from relamp.train.jobs import pretrain


def main(job) -> None:
    code = Path(str(job.log)).with_suffix(".code")
    code.write_text(closure_sha256([Path(path).resolve() for path in job.input.code]))
    encoders = [job.output.encoder] if isinstance(job.output.encoder, str) else job.output.encoder
    pretrain(
        Path(job.input.data),
        code,
        list(map(Path, encoders)),
        job.params.seeds,
        list(map(Path, job.params.states)),
        job.params.methods,
        job.params.settings,
        job.params.domain,
        job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
