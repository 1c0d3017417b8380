#!/bin/bash
# First process of a host: builds the host's own root file system from the machine's /usr and the host's folder,
# waits for its cable, gives up what it no longer needs, and goes on as rc.sh.
# Arguments: host name, address, the host's folder, its run folder, the folder of these scripts.
set -eu
name=$1 address=$2 dir=$3 here=$4 scripts=$5
exec 4<>"$here/go"
read -ra stat </proc/self/stat
echo "${stat[0]} ${stat[21]}" >"$here/born"

umask 022
hostname "$name"
root=$here/root
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
mkdir usr etc var run tmp proc sys dev root home srv old mnt media opt
for link in bin sbin lib lib32 lib64 libx32; do
	if [ -L "/$link" ]; then
		ln -s "$(readlink "/$link")" "$link"
	elif [ -d "/$link" ]; then
		mkdir "$link" && mount --rbind "/$link" "$link"
	fi
done
mount --rbind /usr usr && mount -o remount,bind,ro usr
mount --bind "$dir/local" usr/local
mount --bind "$dir/etc" etc && mount --bind /etc/ssl etc/ssl && mount -o remount,bind,ro etc/ssl
mount --bind "$dir/var" var
# What is in /usr, as dpkg and apt know it: nobody can change it here.
for state in lib/dpkg lib/apt; do
	[ ! -d "/var/$state" ] || { mkdir -p "var/$state" && mount --bind "/var/$state" "var/$state" && mount -o remount,bind,ro "var/$state"; }
done
mount --bind "$dir/srv" srv
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p run/lab run/lock run/sshd run/postgresql && mount --bind "$here/share" run/lab
mount -t proc proc proc
mount --rbind /sys sys && mount -o remount,bind,ro sys
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do touch "dev/$node" && mount --bind "/dev/$node" "dev/$node"; done
ln -s /proc/self/fd dev/fd && ln -s fd/0 dev/stdin && ln -s fd/1 dev/stdout && ln -s fd/2 dev/stderr
mkdir dev/shm dev/pts && mount -t tmpfs -o mode=1777 tmpfs dev/shm
if [ "$(id -u)" = 0 ]; then
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
	[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
	mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
	chown postgres:postgres run/postgresql && chmod 2775 run/postgresql
else
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
fi
ln -s pts/ptmx dev/ptmx

# Volumes: an image where loop devices work and survive a power cut; else memory, kept by the lab and saved on `down`.
while read -r volume mountpoint _; do
	if [ -f "$dir/volumes/$volume.img" ]; then
		mount -o loop "$dir/volumes/$volume.img" "$root$mountpoint"
	else
		mount --bind "$dir/volumes/$volume" "$root$mountpoint"
	fi
done <"$dir/volumes/table"

read -r -t 15 -u 4 _ || { echo "no cable" >"$here/failed"; exit 1; }
exec 4>&-
ip link set lo up
ip addr add "$address/16" dev eth0 && ip link set eth0 up
ip route add 169.254.169.254/32 dev eth0 # Where EC2 tells a machine about itself; nobody answers where it is none.
[ "$(id -u)" = 0 ] || echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start

pivot_root . old
umount -l /old && rmdir /old
if [ "$(id -u)" = 0 ]; then
	exec setpriv --bounding-set=-sys_admin,-sys_module,-sys_rawio,-sys_boot,-sys_time,-mknod,-mac_admin,-mac_override,-syslog \
		bash /usr/local/lib/lab/rc.sh
fi
exec setpriv --ambient-caps=-all --inh-caps=-all bash /usr/local/lib/lab/rc.sh
