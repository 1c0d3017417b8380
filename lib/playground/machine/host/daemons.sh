# Units of the stand-in for systemctl beside PostgreSQL's own: Debian's daemons of a Patroni cluster, as their unit files start them. Only root starts,
# stops and enables them; they are not restarted when they die.
daemons='etcd patroni pgbouncer haproxy'
is_daemon() { case " $daemons " in *" ${1%.service} "*) return 0 ;; *) return 1 ;; esac; }
daemon_pid() {
	local pid state
	pid=$(cat "/run/lab-daemons/${1%.service}.pid" 2>/dev/null) && [ -d "/proc/$pid" ] || return 1
	read -r _ _ state _ <"/proc/$pid/stat" 2>/dev/null || return 1
	[ "$state" != Z ] && echo "$pid"
}
daemon_config() {
	case $1 in
	etcd) echo /etc/default/etcd ;;
	patroni) echo /etc/patroni/config.yml ;;
	pgbouncer) echo /etc/pgbouncer/pgbouncer.ini ;;
	haproxy) echo /etc/haproxy/haproxy.cfg ;;
	esac
}
daemon_start() {
	local unit=$1 user=postgres command=()
	[ -r "$(daemon_config "$unit")" ] || { echo "Failed to start $unit.service: $(daemon_config "$unit") is not there." >&2; return 1; }
	case $unit in
	etcd)
		user=etcd
		install -d -o etcd -g etcd -m 0700 /var/lib/etcd
		local line
		while IFS= read -r line; do [[ $line =~ ^[A-Z_]+= ]] && command+=("$line"); done </etc/default/etcd
		command=(env "${command[@]}" /usr/bin/etcd)
		;;
	patroni) command=(/usr/bin/patroni /etc/patroni/config.yml) ;;
	pgbouncer) command=(/usr/sbin/pgbouncer /etc/pgbouncer/pgbouncer.ini) ;;
	haproxy)
		user=root
		mkdir -p /run/haproxy
		command=(/usr/sbin/haproxy -W -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid)
		;;
	esac
	mkdir -p /run/lab-daemons
	local become=(setpriv "--reuid=$user" "--regid=$user" --init-groups --)
	[ "$user" != root ] || become=()
	setsid -f bash -c 'echo $$ >"/run/lab-daemons/$1.pid"; shift; cd /; exec "$@"' start "$unit" "${become[@]}" "${command[@]}" \
		</dev/null >>"/var/log/lab-$unit.log" 2>&1
	local turn
	for turn in $(seq 50); do daemon_pid "$unit" >/dev/null && return 0; sleep 0.02; done
	echo "Job for $unit.service failed." >&2
	return 1
}
daemon_stop() {
	local pid turn
	pid=$(daemon_pid "$1") || return 0
	kill -TERM "$pid"
	for turn in $(seq 600); do [ "$(daemon_pid "$1")" = "$pid" ] || break; sleep 0.1; done
	[ "$(daemon_pid "$1")" != "$pid" ] || kill -KILL "$pid"
	rm -f "/run/lab-daemons/$1.pid"
}
daemon_act() { # verb unit
	local unit=${2%.service} pid
	[ "$(id -u)" = 0 ] || { say "$unit can only be steered by root"; return 1; }
	case $1 in
	start) daemon_pid "$unit" >/dev/null || daemon_start "$unit" ;;
	stop) daemon_stop "$unit" ;;
	restart) daemon_stop "$unit" && daemon_start "$unit" ;;
	reload)
		pid=$(daemon_pid "$unit") || { echo "$unit.service is not active, cannot reload." >&2; return 1; }
		case $unit in
		etcd) echo "Job type reload is not applicable for unit etcd.service." >&2; return 1 ;;
		haproxy) kill -USR2 "$pid" ;;
		*) kill -HUP "$pid" ;;
		esac
		;;
	enable) mkdir -p /etc/lab-daemons && : >"/etc/lab-daemons/$unit" ;;
	disable) rm -f "/etc/lab-daemons/$unit" ;;
	esac
}
daemon_is_enabled() { [ -e "/etc/lab-daemons/${1%.service}" ]; }
