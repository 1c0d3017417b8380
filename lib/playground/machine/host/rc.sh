#!/bin/bash
# What a host does once its file system and network stand: sshd, the clusters marked "auto", the agent's timer; then it
# waits, reaping whatever is orphaned. TERM is an orderly shutdown.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
unset OLDPWD
cd /
lab=/usr/local/lib/lab
. "$lab/as-postgres.sh"

mkdir -p /run/sshd
/usr/sbin/sshd -E /var/log/sshd.log || echo "sshd did not start" >/run/lab/failed
touch /run/lab/ready

(
	for conf in /etc/postgresql/*/*/start.conf; do
		[ -r "$conf" ] && grep -q '^auto' "$conf" || continue
		cluster=${conf%/start.conf}
		version=${cluster%/*}
		as_postgres "$lab/start-cluster.sh" "${version##*/}" "${cluster##*/}" &
	done
	wait
	touch /run/lab/booted
) &
for unit in /etc/lab-daemons/*; do [ ! -e "$unit" ] || systemctl start "${unit##*/}"; done
if [ -r /etc/pgbouncer/pgbouncer.ini ] && [ ! -e /etc/lab-daemons/pgbouncer ]; then as_postgres /usr/sbin/pgbouncer -q -d /etc/pgbouncer/pgbouncer.ini; fi
for unit in /etc/lab-units/*; do
	[ ! -r "$unit" ] || as_postgres "$lab/unit.sh" "${unit##*/}" &
done
bash "$lab/timer.sh" &
bash "$lab/notices.sh" &

shut_down() {
	local stopping=()
	# Patroni stops its server before it ends; what the DCS may no longer say is not waited for.
	pkill -TERM -x patroni && for _ in {1..80}; do pgrep -x patroni >/dev/null || break; sleep 0.1; done
	for cluster in /etc/postgresql/*/*/; do
		data=$(sed -n "s/^data_directory *= *'\(.*\)'.*/\1/p" "$cluster/postgresql.conf" 2>/dev/null)
		version=$(basename "$(dirname "$cluster")")
		[ -e "$data/postmaster.pid" ] || continue
		as_postgres "/usr/lib/postgresql/$version/bin/pg_ctl" stop -s -D "$data" -m fast -t 15 &
		stopping+=($!)
	done
	[ ${#stopping[@]} = 0 ] || wait "${stopping[@]}"
	exit 0
}
trap shut_down TERM
while :; do
	sleep infinity &
	wait $!
done
