#!/usr/bin/env bash
# End the cluster that up.sh started, its jobs first, by the pids that it wrote down and by no others.
#   KEEP=1   keep its logs, state and database
set -uo pipefail
LAB=${RELAMP_LAB:-${TMPDIR:-/tmp}/relamp-slurm}

state_of() { sed 's/.*) //' "/proc/$1/stat" 2> /dev/null | cut -c1; }
stop() { # stop PROGRAM PIDFILE...: a pid that meanwhile belongs to another program is left alone
  local program=$1 file pid
  shift
  for file in "$@"; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    rm -f "$file"
    [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = "$program" ] || continue
    kill "$pid"
    for _ in $(seq 100); do
      case "$(state_of "$pid")" in "" | Z) continue 2 ;; esac
      sleep 0.1
    done
    kill -KILL "$pid"
  done
}

if [ -s "$LAB/run/slurmctld.pid" ] && [ "$(readlink /etc/slurm/slurm.conf)" = "$LAB/slurm.conf" ]; then
  for state in PENDING RUNNING SUSPENDED; do timeout 10 scancel --quiet --state="$state" 2> /dev/null; done
  for _ in $(seq 150); do [ -z "$(timeout 5 squeue -h 2> /dev/null)" ] && break || sleep 0.1; done
fi
stop slurmctld "$LAB/run/slurmctld.pid"
stop slurmd "$LAB"/run/slurmd-*.pid
stop slurmdbd "$LAB/run/slurmdbd.pid"
stop mariadbd "$LAB/run/mariadbd.pid"
stop munged "$LAB/run/munged.pid"
for file in slurm.conf gres.conf cgroup.conf slurmdbd.conf; do
  [ "$(readlink "/etc/slurm/$file")" = "$LAB/$file" ] && rm "/etc/slurm/$file"
done
[ "${KEEP:-0}" = 1 ] || rm -rf "$LAB"/{run,log,state,spool,sql,munge.key,slurm.conf,gres.conf,cgroup.conf,slurmdbd.conf}
rmdir "$LAB" 2> /dev/null
exit 0
