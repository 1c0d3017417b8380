/** $1 volume id, $2 directory. $device becomes the block device: EBS on Nitro by the link that names the volume, on Xen by its letter. */
const device = `
LC_ALL=C; export LC_ALL
fail() { echo "$1" >&2; exit 1; }
link=\${DEVICES:-/dev}/disk/by-id/nvme-Amazon_Elastic_Block_Store_$(printf %s "$1" | tr -d -)
find_device() {
  device=
  if [ -e "$link" ]; then device=$(readlink -f "$link"); elif [ -e /dev/xvdf ]; then device=/dev/xvdf; fi
  [ -n "$device" ]
}`

/** Exit code 0: it is. */
export const isMountedScript = `${device}
find_device || exit 1
uuid=$(blkid -s UUID -o value "$device") && [ -n "$uuid" ] || exit 1
grep -q "^UUID=$uuid $2 " "\${FSTAB:-/etc/fstab}" && mountpoint -q "$2"`

/** What blkid finds anything on is never formatted (exit code 2: it finds nothing), nor what does not begin with a MiB of zeros. */
export const mountScript = `${device}
tries=0
until find_device; do
  tries=$((tries + 1)); [ "$tries" -le 30 ] || fail "the volume $1 does not show up among the devices"
  sleep 1
done
kind=$(blkid -p -s TYPE -o value "$device"); code=$?
# A new volume is all zeros; what only fails to be told is not blank.
if [ "$code" = 2 ] && [ -z "$(head -c 1048576 "$device" | tr -d '\\0' | head -c 1 | od -An -tx1)" ]; then
  mkfs.ext4 -q -m 0 "$device" || fail "mkfs.ext4 of $device failed"
elif [ "$code" != 0 ] || [ "$kind" != ext4 ]; then
  fail "$device holds \${kind:-something that blkid cannot tell} and is left as it is"
fi
uuid=$(blkid -p -s UUID -o value "$device") && [ -n "$uuid" ] || fail "$device has no UUID"
fstab=\${FSTAB:-/etc/fstab}
mkdir -p "$2" || exit 1
if ! grep -q "^UUID=$uuid " "$fstab" 2>/dev/null; then
  { cat "$fstab" 2>/dev/null; echo "UUID=$uuid $2 ext4 defaults,noatime,nofail 0 2"; } >"$fstab.matriarch" && sync "$fstab.matriarch" && mv "$fstab.matriarch" "$fstab" || exit 1
fi
mountpoint -q "$2" || mount "$2" || fail "mount $2 failed"
old=$(stat -c %u "$2") && new=$(id -u postgres) || exit 1
# A volume of another machine: postgres may have had another number there.
[ "$old" = 0 ] || [ "$old" = "$new" ] || chown -hR --from="$old" postgres:postgres "$2" || exit 1
chown postgres:postgres "$2"`
