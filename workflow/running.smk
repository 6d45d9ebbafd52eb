# How a run begins, what becomes of its jobs when it ends early, and what is said of jobs that were killed.
import shlex
from logging import FileHandler, StreamHandler
from shutil import which

import snakemake.dag
from relamp.runtime import controller
from relamp.runtime.terminal import Patient
from relamp.tools import ending, telling
from relamp.tools.killed import KilledJobs
from relamp.tools.producers import ByEnd

# Snakemake puts the path of its Python into commands as it is; one with a space in it needs quotes.
sys.executable = shlex.quote(sys.executable)
controller.announce()

# Snakemake waits for ever for a job that fails while nobody reads what it prints.
for handler in logger.handlers:
    if isinstance(handler, StreamHandler) and not isinstance(handler, FileHandler):
        handler.setStream(Patient(handler.stream))
sys.stdout, sys.stderr = Patient(sys.stdout), Patient(sys.stderr)
logger.addHandler(KilledJobs())

# As a module of another workflow it leaves that one's shells and signals alone.
if workflow.modifier.is_main_snakefile():
    # Ctrl-C at a terminal reaches every process there. Jobs are told by Snakemake instead, and take the place of their
    # shell, so that what it tells, and how they end, comes from nobody in between.
    shell.prefix("trap '' INT; exec ")
    # Another workflow keeps Snakemake's own look-up, too.
    snakemake.dag.OutputIndex = ByEnd

if workflow.is_main_process and workflow.modifier.is_main_snakefile():
    ending.end_before_start()
    if "--unlock" in sys.argv:
        try:
            ending.refuse_beside_others(Path.cwd())
        except RelampError as error:
            print(f"relamp: {error}", file=sys.stderr)
            sys.exit(1)


def is_told(record):
    """Whether a message is shown once a run is ending: jobs that were told to end are no errors."""
    return getattr(record, "event", None) not in ("job_error", "error")


def begin():
    """Say what will run, and have a signal end it well. For `onstart`: only there all jobs are known, and none is at work.

    Of several `onstart` Snakemake heeds the last alone, so that the workflow's own calls this.
    """
    if workflow.executor_plugin.name == "slurm" and not which("sbatch"):
        print(
            "relamp: there is no SLURM here (no sbatch); leave --profile slurm out, or run on a login node",
            file=sys.stderr,
        )
        sys.exit(1)
    if workflow.is_main_process and workflow.local_exec:
        jobs = {
            workflow.dag.jobid(job): job
            for job in workflow.dag.needrun_jobs()
            if job.rule.script
        }
        message, plan = telling.planned(jobs, workflow.cores)
        logger.info(message, extra={"plan": plan})
        ending.end_with_jobs(
            lambda: logger.addFilter(is_told), workflow.scheduler.exit_gracefully
        )
