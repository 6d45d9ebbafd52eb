#!/usr/bin/env bash
# Go on after a controller that died without a farewell (kill -9, a login node that went down):
#   slurm/resume.sh all --config preset=paper
# Its jobs still run, and a new controller does not know them: both would write the same files. So they are cancelled
# first (a training saves its state), then the folder is unlocked, then the command is run again with the words given.
# What jobs have finished meanwhile is taken over, and trainings go on from their saved states.
# --gone, before the other words: the controller's login node was another one, and it no longer runs there.
set -euo pipefail
# -P: /proc knows a process's folder without symbolic links.
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
SNAKEMAKE=${SNAKEMAKE:-snakemake}
gone=no
[ "${1:-}" = --gone ] && { gone=yes; shift; }

# The Snakemakes of this folder on this machine; those inside jobs are told which jobs they are for.
snakemakes() {
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/cwd" 2> /dev/null)" = "$PWD" ] || continue
    tr '\0' ' ' 2> /dev/null < "$process/cmdline" | grep -E 'bin/snakemake|-m snakemake' | grep -q "$@" -e '--target-jobs' || continue
    echo "${process#/proc/}"
  done
}

if controller=$(snakemakes -v) && [ -n "$controller" ]; then
  echo "a Snakemake still runs in this folder (pid $controller); end it with Ctrl-C instead, which cancels its jobs" >&2
  exit 1
fi

# Every controller writes its machine and the name of its jobs into its log; the logs' names are times.
controllers=$(grep -l 'SLURM run ID: ' .snakemake/log/*.log 2> /dev/null || true)
last=${controllers##*$'\n'}
if [ -n "$last" ] && [ -n "$(ls .snakemake/locks 2> /dev/null)" ]; then
  host=$(awk '/^  Host: / { print $2; exit }' "$last")
  if [ "$host" != "$(uname -n)" ] && [ "$gone" = no ]; then
    echo "the last run was started on $host, where it may still be at work: end it there with Ctrl-C, or, if it is gone," >&2
    echo "  slurm/resume.sh --gone $*" >&2
    exit 1
  fi
fi
for run in $(cat $controllers < /dev/null | sed -n 's/.*SLURM run ID: //p' | sort -u); do
  jobs=$(squeue --noheader --name "$run" --format '%i %T %k')
  [ -n "$jobs" ] || continue
  printf 'cancelled, of run %s:\n%s\n' "$run" "$jobs"
  scancel --name "$run"
  while [ -n "$(squeue --noheader --name "$run")" ]; do sleep 1; done
done

# Processes of a cancelled job on this machine may end a moment after the queue forgets it.
for _ in {1..30}; do
  [ -n "$(snakemakes)" ] || break
  sleep 1
done
$SNAKEMAKE --unlock
exec $SNAKEMAKE --profile slurm "$@"
