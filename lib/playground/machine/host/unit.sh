#!/bin/bash
# Runs a daemon of /etc/lab-units as systemd would with Restart=on-failure: as postgres, what it prints in a log, and again when it fails. A clean end,
# and one by TERM, is an end. Argument: the unit's name; its file is a shell script that execs the daemon.
exec </dev/null >/dev/null 2>&1
name=$1
echo $$ >"/var/run/postgresql/unit-$name.pid"
child='' stopping=''
trap 'stopping=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM
cd /var/lib/postgresql || exit 1
[ ! -r /etc/lab-skew ] || . /etc/lab-skew
while :; do
	sh "/etc/lab-units/$name" >>"/var/log/postgresql/unit-$name.log" 2>&1 &
	child=$!
	wait "$child"
	code=$?
	while kill -0 "$child" 2>/dev/null; do wait "$child"; done
	[ -z "$stopping" ] && [ "$code" != 0 ] && [ "$code" != 143 ] || break
	sleep 1
done
rm -f "/var/run/postgresql/unit-$name.pid"
