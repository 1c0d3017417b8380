#!/bin/bash
# Starts a cluster the way pg_ctlcluster does, without its two seconds of polling.
# Arguments: PostgreSQL major, cluster name. Run as postgres.
set -eu
conf=/etc/postgresql/$1/$2
data=$(sed -n "s/^data_directory *= *'\(.*\)'.*/\1/p" "$conf/postgresql.conf")
# Only at boot is nothing running for certain: a lock file is then a leftover, and its number may now be someone else's.
[ -e /run/lab/booted ] || rm -f "$data/postmaster.pid"
cd /
[ ! -r /etc/lab-skew ] || . /etc/lab-skew
exec "/usr/lib/postgresql/$1/bin/pg_ctl" start -s -w -t 60 -D "$data" -l "/var/log/postgresql/postgresql-$1-$2.log" \
	-o "-c config_file=\"$conf/postgresql.conf\""
