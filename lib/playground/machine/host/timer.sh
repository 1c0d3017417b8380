#!/bin/bash
# Runs the host agent every N seconds as postgres, and at once when a line arrives on /run/lab/timer (written by the lab).
# N is the number in /etc/matriarch/every (seconds, 30 when the file is missing).
. /usr/local/lib/lab/as-postgres.sh
[ -p /run/lab/timer ] || mkfifo -m 600 /run/lab/timer
exec 3<>/run/lab/timer
every=2
while :; do
	read -r -t "$every" -u 3 _
	every=2
	[ -r /etc/matriarch/agent.env ] && [ -x /usr/local/bin/matriarch-report ] || continue
	read -r every 2>/dev/null </etc/matriarch/every || every=30
	(
		set -a
		. /etc/matriarch/agent.env
		as_postgres timeout -k 5 60 /usr/local/bin/matriarch-report
	) </dev/null 3>&- >>/var/log/matriarch-report.log 2>&1
done
