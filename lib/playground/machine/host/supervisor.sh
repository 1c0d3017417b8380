#!/bin/bash
# First process of the lab's own pid and network namespaces: when it dies, the kernel ends everything in the lab.
# Arguments: state folder, this folder, then the user-namespace flags for hosts (empty when the lab runs as root).
# It obeys lines on the control pipe and quits when its standard input, held open by the owner, ends.
set -u
state=$1 scripts=$2
shift 2
host_user=("$@")
run=$state/run
cd /

read -ra stat </proc/self/stat # /proc is still that of the outside, so these are the outside's numbers.
echo "${stat[0]} ${stat[21]}" >"$run/supervisor.new"

exec 3<>"$run/control"
{ ip link set lo up &&
	{ [ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; } &&
	ip link add lab0 type bridge forward_delay 0 mcast_snooping 0 &&
	ip addr add 198.18.0.1/16 dev lab0 && ip addr add 198.18.0.2/16 dev lab0 && ip addr add 198.18.0.3/16 dev lab0 && ip addr add 169.254.169.254/32 dev lab0 && ip link set lab0 up &&
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start; } || exit 1
mv "$run/supervisor.new" "$run/supervisor"

exec 6<&0 </dev/null # The shell gives a background job /dev/null as standard input, so the owner's pipe needs its own number.
(
	cat <&6 >/dev/null
	echo quit >&3
) &
exec 6<&-

# A volume in memory outlives the host's power cycles, so it is mounted here and only lent to the host.
memory_volumes() { # host folder
	local volume mountpoint size
	while read -r volume mountpoint size; do
		[ ! -f "$1/volumes/$volume.img" ] && ! mountpoint -q "$1/volumes/$volume" || continue
		mount -t tmpfs -o "mode=755,size=${size}m" tmpfs "$1/volumes/$volume" || return 1
		if [ -d "$1/volumes/$volume.saved" ]; then cp -a "$1/volumes/$volume.saved/." "$1/volumes/$volume"; fi
		chown --reference="$1/var/lib/postgresql" "$1/volumes/$volume" || return 1
	done <"$1/volumes/table"
}

# Start a host: its namespaces first, then the cable, then it goes on by itself.
power_on() { # name address cable
	local dir=$state/hosts/$1 here=$run/hosts/$1 pid ticks
	rm -rf "$here" && mkdir -p "$here/root" "$here/share" && mkfifo "$here/born" "$here/go" || return 1
	memory_volumes "$dir" || { echo "the host's volumes could not be mounted" >"$here/failed"; return 1; }
	exec 5<>"$here/born"
	unshare "${host_user[@]}" --net --mount --uts --ipc --pid --fork --kill-child --propagation private \
		bash "$scripts/init.sh" "$1" "$2" "$dir" "$here" "$scripts" 3>&- 5>&- </dev/null >>"$dir/console.log" 2>&1 &
	read -r -t 10 -u 5 pid ticks || { echo "the host's first process did not start" >"$here/failed"; return 1; }
	ip link del "$3" 2>/dev/null
	# The hardware address is the host's for good: its neighbours remember it over a power cycle.
	local hardware
	hardware=$(IFS=. && printf '02:00:%02x:%02x:%02x:%02x' $2)
	ip link add "$3" type veth peer name eth0 address "$hardware" netns "/proc/$pid/ns/net" && ip link set "$3" master lab0 up ||
		{ echo "the host could not be cabled" >"$here/failed"; kill -9 $!; return 1; }
	echo "$pid $ticks" >"$here/init.new" && mv "$here/init.new" "$here/init"
	echo go >"$here/go"
}

# A daemon of the lab itself (a directory, a name server): it lives and dies with the lab.
start_service() { # name
	bash -c 'read -ra stat </proc/self/stat; echo "${stat[0]} ${stat[21]}" >"$1/mark.new"; mv "$1/mark.new" "$1/mark"; exec bash "$1/command"' \
		service "$run/services/$1" 3>&- </dev/null >>"$run/services/$1/log" 2>&1 &
}

while read -r -u 3 verb name address cable; do
	case $verb in
	on) power_on "$name" "$address" "$cable" >>"$run/supervisor.log" 2>&1 & ;;
	service) start_service "$name" ;;
	quit) exit 0 ;;
	esac
done
