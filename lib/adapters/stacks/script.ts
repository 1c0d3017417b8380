import { quoteShell } from '@/lib/domain/values/shell-quote'

/** A script as root, whoever the SSH user is. */
export const asRoot = (script: string, values: readonly string[] = []): string[] => [
  'sh',
  '-c',
  'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n "$@"; fi',
  'sh',
  'sh',
  '-c',
  script,
  'sh',
  ...values,
]

/** A command as postgres. */
export const asPostgres = (argv: readonly string[]): string[] => [
  'sh',
  '-c',
  'cd /; if [ "$(id -un)" = postgres ]; then exec "$@"; elif [ "$(id -u)" = 0 ]; then exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; else exec sudo -n -u postgres "$@"; fi',
  'sh',
  ...argv,
]

const common = `
LC_ALL=C; export LC_ALL
fail() { echo "$1" >&2; exit 1; }
isSame() { [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$4" ] && [ "$(stat -c '%U 0%a' "$1")" = "$2 $3" ]; }`

/** Standard input: what to look at, one a line. Answers with one line for each, and the time of the host. */
export const lookScript = `${common}
echo "T $(date +%s%N)"
while read -r kind name owner mode sum; do
  case $kind in
  F)
    if [ ! -e "$name" ]; then echo "F absent - $name"; else
      there=$(sha256sum <"$name" | cut -d ' ' -f 1)
      if isSame "$name" "$owner" "$mode" "$sum"; then echo "F same $there $name"; else echo "F other $there $name"; fi
    fi ;;
  P) [ ! -e "$name" ] || echo "P $name" ;;
  U)
    active=no; enabled=no
    case $(systemctl is-active "$name" 2>/dev/null) in active | activating | reloading) active=yes ;; esac
    [ "$(systemctl is-enabled "$name" 2>/dev/null)" = enabled ] && enabled=yes
    echo "U $active $enabled $name" ;;
  D) if [ ! -e "$name" ]; then echo "D absent $name"; elif [ -z "$(ls -A "$name")" ]; then echo "D empty $name"; else echo "D taken $name"; fi ;;
  L) ! grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$name") [0-9A-F]+:0000 0A" /proc/net/tcp /proc/net/tcp6 || echo "L $name" ;;
  esac
done
exit 0`

/** $1 path. Exit code 3: it is not there. */
export const textScript = '[ -e "$1" ] || exit 3; exec cat "$1"'

/** $1 again: what was kept aside stays. Standard input: path, owner, mode, SHA-256 and the text in base64, one file a line. Each is written aside and moved into its place. */
export const putScript = `${common}
umask 022
while read -r path owner mode sum text; do
  dir=$(dirname "$path"); mkdir -p "$dir" || exit 1
  [ ! -e "$path" ] || ! isSame "$path" "$owner" "$mode" "$sum" || continue
  new=$(mktemp "$dir/.matriarch.XXXXXX") || exit 1
  printf %s "$text" | base64 -d >"$new" && chown "$owner:$owner" "$new" && chmod "$mode" "$new" && sync "$new" || { rm -f "$new"; exit 1; }
  if [ "$1" = again ]; then :; elif [ -e "$path" ]; then cp -a "$path" "$path.matriarch-before" || exit 1; else rm -f "$path.matriarch-before"; fi
  mv "$new" "$path" || exit 1
  case $path in /etc/systemd/*) systemctl daemon-reload ;; esac
done`

/** Standard input as for \`put\`, without texts. */
export const takeBackScript = `${common}
back= other=
while read -r path owner mode sum; do
  case "$back " in *" $path "*) continue ;; esac
  if [ -e "$path" ]; then
    isSame "$path" "$owner" "$mode" "$sum" || { other="$other $path"; continue; }
    back="$back $path"
    if [ -e "$path.matriarch-before" ]; then mv "$path.matriarch-before" "$path" || exit 1; else rm -f "$path" || exit 1; fi
  fi
  dir=$(dirname "$path")
  case $dir in /etc/matriarch/* | *.service.d) rmdir -p --ignore-fail-on-non-empty "$dir" 2>/dev/null ;; esac
  case $path in /etc/systemd/*) systemctl daemon-reload ;; esac
done
for path in $other; do case "$back " in *" $path "*) ;; *) fail "$path was changed by somebody else: it is left as it is" ;; esac; done
exit 0`

const apt = `LC_ALL=C; export LC_ALL DEBIAN_FRONTEND=noninteractive`

/** Packages. A policy keeps their daemons from starting before they are configured, and goes again. */
export const installScript = `${apt}
policy=/usr/sbin/policy-rc.d made=
if [ ! -e "$policy" ] || grep -q matriarch "$policy"; then made=1; printf '#!/bin/sh\\n# matriarch: while its packages are installed\\nexit 101\\n' >"$policy" && chmod 755 "$policy" || exit 1; fi
apt-get -q -o DPkg::Lock::Timeout=120 update >&2 && apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold install --no-install-recommends "$@" >&2
code=$?
[ -z "$made" ] || rm -f "$policy"
exit $code`

export const purgeScript = `${apt}; exec apt-get -q -y -o DPkg::Lock::Timeout=120 purge "$@"`

/** $1 unit, $2 verb. etcd counts as started only once it has a quorum, so nothing waits for that here. */
export const unitScript = `
case $2 in
start) systemctl enable -q "$1" && systemctl start --no-block "$1" ;;
stop) systemctl stop "$1" && systemctl disable -q "$1" ;;
*) systemctl "$2" "$1" ;;
esac`

/** $1 seconds, $2 to $4 authority, certificate and key, $5 URL, $6 body. The status is the last line. */
export const etcdScript = 'exec curl -s -m "$1" --cacert "$2" --cert "$3" --key "$4" -d "$6" -w "\\n%{http_code}" -- "$5"'

/** $1 address, $2 port, $3 tls or postgres, $4 and $5 an own certificate and key. Prints the SHA-256 of the certificate that is shown there; nothing: none is. */
export const shownScript = `exec python3 -I -c '
import hashlib, socket, ssl, sys
address, port, asks, cert, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.load_cert_chain(cert, key)
with socket.create_connection((address, int(port)), 4) as plain:
    if asks == "postgres":
        plain.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
        if plain.recv(1) != b"S":
            sys.exit(1)
    with context.wrap_socket(plain) as wrapped:
        print(hashlib.sha256(wrapped.getpeercert(True)).hexdigest())
' "$@"`

/** Each value a path. */
export const removeScript = `${common}
for path in "$@"; do
  rm -f -- "$path" "$path.matriarch-before" || exit 1
  dir=$(dirname "$path")
  case $dir in /etc/matriarch/* | *.service.d) rmdir -p --ignore-fail-on-non-empty "$dir" 2>/dev/null ;; esac
  case $path in /etc/systemd/*) systemctl daemon-reload ;; esac
done
exit 0`

/** $1 directory, two levels below / at least. */
export const clearScript = 'case $1 in /*/*/*) exec rm -rf -- "$1" ;; *) echo "$1 is no directory of a cluster" >&2; exit 1 ;; esac'

/** The first line of standard input is the password of what follows. */
export const withPassword = (argv: readonly string[]): string[] => [
  'sh',
  '-c',
  `IFS= read -r PGPASSWORD; export PGPASSWORD; ${quoteShell(argv)}`,
]
