#!/bin/bash
# Runs the agent's watch for notices of EC2 as postgres, as matriarch-notices.service does: again when it ends, and seldom where this is no spot machine.
. /usr/local/lib/lab/as-postgres.sh
agent=/usr/local/bin/matriarch-report
while :; do
	if [ -r /etc/matriarch/agent.env ] && grep -qs -- --notices "$agent"; then
		(
			set -a
			. /etc/matriarch/agent.env
			as_postgres "$agent" --notices
		) </dev/null >>/var/log/matriarch-notices.log 2>&1
		[ $? = 4 ] && sleep 55
	fi
	sleep 5
done
