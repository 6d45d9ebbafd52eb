#!/usr/bin/env bash
# Start a real SLURM of four small nodes on this one machine (Debian or Ubuntu, root; no systemd, no cgroups):
#   partition cpu: n1 n2     partition gpu: g1 g2, a pretended GPU each     partition low: all four, preemptible
# Accounting is on (slurmdbd on MariaDB), memory limits are enforced. Running it twice does no harm; down.sh ends it.
#   RELAMP_LAB   the folder of its state, logs and pids (default: relamp-slurm in the folder for temporary files)
set -euo pipefail
LAB=${RELAMP_LAB:-${TMPDIR:-/tmp}/relamp-slurm}
FILES="slurm.conf gres.conf cgroup.conf slurmdbd.conf"
export DEBIAN_FRONTEND=noninteractive

# Exit status 3: this machine cannot have a cluster. 1: it should have one, and something failed.
refuse() { echo "tests/slurm/up.sh: $1" >&2; exit 3; }
running() { [ -s "$LAB/run/$1.pid" ] && kill -0 "$(cat "$LAB/run/$1.pid")" 2> /dev/null; }
until_ok() { # until_ok SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      for log in "$LAB"/log/*.log; do echo "== $log"; tail -n 20 "$log"; done >&2
      echo "tests/slurm/up.sh: $what did not come up; see the logs above" >&2
      exit 1
    fi
    sleep 0.1
  done
}

[ "$(id -u)" = 0 ] || refuse "must be root, to install packages and to start daemons"
command -v apt-get > /dev/null || refuse "there is no apt-get here; it knows Debian and Ubuntu only"
for file in $FILES; do
  # What is not a link of ours belongs to a cluster that this machine is part of.
  if [ -e "/etc/slurm/$file" ] && [ "$(readlink "/etc/slurm/$file" || true)" != "$LAB/$file" ]; then
    refuse "/etc/slurm/$file is not from here: this machine has a SLURM of its own, which stays as it is"
  fi
done
NODES="n1 n2 g1 g2"
all_running() { for node in $NODES; do running "slurmd-$node" || return; done; }
if running slurmctld && all_running && timeout 10 scontrol ping > /dev/null 2>&1; then
  echo "is up already ($LAB)"
  exit 0
fi

missing=""
for package in slurmctld slurmd slurm-client slurmdbd munge mariadb-server; do
  dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q "ok installed" || missing="$missing $package"
done
mkdir -p "$LAB"/{run,log,state,spool} /etc/slurm
chmod 755 "$LAB" "$LAB/run"
if [ -n "$missing" ]; then
  # The packages' own start scripts stay silent: nothing but what is below is started.
  [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
  # shellcheck disable=SC2086  # a list of words
  { apt-get update -qq && apt-get install -y --no-install-recommends $missing; } > "$LAB/log/apt.log" 2>&1 \
    || { tail -n 5 "$LAB/log/apt.log" >&2; refuse "apt-get could not install$missing"; }
fi

host=$(hostname -s)
version=$(slurmctld -V | cut -d' ' -f2)
{
  cat << CONF
# written by tests/slurm/up.sh
ClusterName=relamp
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmUser=root
SlurmdUser=root
# A requeued job may start again after cred_expire seconds.
AuthInfo=socket=$LAB/run/munge.socket,cred_expire=5
AuthType=auth/munge
MailProg=/bin/true
StateSaveLocation=$LAB/state
SlurmdSpoolDir=$LAB/spool/%n
SlurmctldPidFile=$LAB/run/slurmctld.pid
SlurmdPidFile=$LAB/run/slurmd-%n.pid
SlurmctldLogFile=$LAB/log/slurmctld.log
SlurmdLogFile=$LAB/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherParams=OverMemoryKill
JobAcctGatherFrequency=task=1
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=26819
# For accounting this is where the socket is said.
AccountingStoragePass=$LAB/run/munge.socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
SchedulerParameters=sched_interval=2,bf_interval=2,sched_min_interval=0,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=500
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MinJobAge=3600
KillWait=10
ReturnToService=2
SlurmdTimeout=10
SlurmdParameters=config_overrides
GresTypes=gpu
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=120 PriorityTier=10 PreemptMode=off
PartitionName=gpu Nodes=g1,g2 MaxTime=120 PriorityTier=10 PreemptMode=off
PartitionName=low Nodes=ALL MaxTime=120 PriorityTier=1 PreemptMode=REQUEUE GraceTime=15
CONF
  port=27000
  for node in $NODES; do
    port=$((port + 1))
    gres=""
    [ "${node#g}" = "$node" ] || gres="Gres=gpu:pretended:1"
    echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$port CPUs=2 RealMemory=16000 $gres"
  done
} > "$LAB/slurm.conf"
# Any character device will do as a GPU that nobody opens.
printf 'NodeName=%s Name=gpu Type=pretended File=/dev/zero\n' g1 g2 > "$LAB/gres.conf"
cat > "$LAB/slurmdbd.conf" << CONF
# written by tests/slurm/up.sh
AuthType=auth/munge
AuthInfo=socket=$LAB/run/munge.socket
DbdHost=localhost
DbdPort=26819
SlurmUser=root
LogFile=$LAB/log/slurmdbd.log
PidFile=$LAB/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=26306
StorageUser=slurm
StoragePass=relamp
StorageLoc=slurm_acct_db
CONF
chmod 600 "$LAB/slurmdbd.conf"
echo "# none" > "$LAB/cgroup.conf"
if [ "$(printf '%s\n' 23.11 "$version" | sort -V | head -n 1)" = 23.11 ]; then
  echo "CgroupPlugin=disabled" > "$LAB/cgroup.conf"
fi
for file in $FILES; do ln -sfn "$LAB/$file" "/etc/slurm/$file"; done

# A munge of its own, beside one that the machine may have.
if ! running munged; then
  [ -s "$LAB/munge.key" ] || { head -c 1024 /dev/urandom > "$LAB/munge.key"; chmod 600 "$LAB/munge.key"; }
  setsid munged --force --key-file="$LAB/munge.key" --socket="$LAB/run/munge.socket" --pid-file="$LAB/run/munged.pid" \
    --log-file="$LAB/log/munged.log" --seed-file="$LAB/state/munge.seed" < /dev/null
fi
until_ok 10 munged sh -c "munge --socket='$LAB/run/munge.socket' -n | unmunge --socket='$LAB/run/munge.socket'"

sql() { mariadb --no-defaults --socket="$LAB/run/sql" --user=root "$@"; }
if ! running mariadbd; then
  [ -d "$LAB/sql/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$LAB/sql" --skip-test-db \
    --auth-root-authentication-method=normal > "$LAB/log/sql.log" 2>&1
  setsid mariadbd --no-defaults --user=root --datadir="$LAB/sql" --socket="$LAB/run/sql" --bind-address=127.0.0.1 --port=26306 \
    --pid-file="$LAB/run/mariadbd.pid" --innodb-lock-wait-timeout=900 --innodb-flush-log-at-trx-commit=2 \
    >> "$LAB/log/sql.log" 2>&1 < /dev/null &
fi
until_ok 60 mariadbd sql -e "select 1"
sql -e "CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY 'relamp', 'slurm'@'localhost' IDENTIFIED BY 'relamp';
  GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1', 'slurm'@'localhost';"
running slurmdbd || setsid slurmdbd < /dev/null
until_ok 60 slurmdbd sacctmgr -n show cluster
# The cluster has to be known before its controller starts; that it is already is no fault.
sacctmgr -i -Q add cluster relamp > /dev/null 2>&1 || true

running slurmctld || setsid slurmctld < /dev/null
until_ok 60 slurmctld scontrol ping
for node in $NODES; do
  mkdir -p "$LAB/spool/$node"
  running "slurmd-$node" || setsid slurmd -N "$node" < /dev/null
done
all_up() { [ "$(sinfo -h -N -o '%N %T' | sort -u | grep -cE ' (idle|mixed|allocated)$')" = 4 ]; }
until_ok 60 "a node" all_up
echo "SLURM $version is up after $SECONDS s ($LAB)"
