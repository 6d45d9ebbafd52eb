#!/usr/bin/env bash
# nodefail.sh NODE        cut a node's power: its slurmd and every process of its jobs die at once, unwarned
# nodefail.sh NODE back   switch it on again
set -uo pipefail
LAB=${RELAMP_LAB:-${TMPDIR:-/tmp}/relamp-slurm}
node=$1
if [ "${2:-}" = back ]; then
  setsid slurmd -N "$node" < /dev/null
  exit
fi
jobs=$(squeue -h -w "$node" -t running,completing -o %A | sort -u)
kill -KILL "$(cat "$LAB/run/slurmd-$node.pid")" && rm "$LAB/run/slurmd-$node.pid"
# All nodes share this machine's processes: a job's own are known by their environment, and those that SLURM runs beside
# them by their title.
for job in $jobs; do
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' < "$process/cmdline") in
      "slurmstepd: [$job."*) ;;
      *)
        words=$(tr '\0' '\n' < "$process/environ")
        grep -qx "SLURM_JOB_ID=$job" <<< "$words" && grep -qx "SLURMD_NODENAME=$node" <<< "$words" || continue
        ;;
    esac
    kill -KILL "${process#/proc/}"
  done
done 2> /dev/null
exit 0
