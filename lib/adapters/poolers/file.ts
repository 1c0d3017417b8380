import { createHash } from 'node:crypto'
import { Fault } from '@/lib/kernel/ground/errors'
import type { PoolerAddress, PoolerFile, PoolerWrite } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'

/**
 * The fence is one token of the last writer of the whole file, and below it one for each herd with lines written on their own: `TOKEN HERD`. `held` prints the
 * highest that counts against the herd $2, or any when that is empty; `fenced` what the fence $1 becomes when the token $2 writes for $3.
 */
export const fences = `
held() {
  [ -r "$1" ] || { echo 0; return; }
  awk -v herd="$2" 'BEGIN { most = 0 } (NR == 1 || herd == "" || $2 == herd) && $1 + 0 > most + 0 { most = $1 } END { print most }' "$1"
}
fenced() {
  [ -n "$3" ] || { echo "$2"; return; }
  awk -v token="$2" -v herd="$3" 'NR == 1 { print; next } $2 != herd { print } END { if (NR == 0) print 0; print token, herd }' "$1"
}`

/** $1 the file. First line: mode, owner, token; then the file itself. */
const readScript = `
file=$(readlink -f -- "$1") || exit 3
[ -e "$file" ] || exit 3
stat -L -c '%a %U:%G' -- "$file" | tr '\\n' ' ' || exit 1
${fences}
held "$file.fence" ''
exec cat -- "$file"`

/**
 * $1 the file, $2 the token, $3 the digest of what is replaced, $4 `write` with the text on stdin, or `restore`, $5 the herd whose lines alone change, or
 * nothing. The writer holds the lock, so that two writers see each other's tokens; the token is on the disk before the file changes, so that a
 * writer that comes late is told apart even if this one dies in between.
 */
export const writeScript = `
LC_ALL=C; export LC_ALL
file=$(readlink -f -- "$1") && [ -f "$file" ] || { echo "$1 is not there" >&2; exit 3; }
folder=$(dirname -- "$file")
[ -w "$folder" ] || { echo "$folder cannot be written by $(id -un), so the file cannot be replaced in one step: give that user the folder" >&2; exit 4; }
umask 077
exec 9>>"$file.fence" || exit 4
flock -w 5 9 || { echo "another writer holds $file.fence" >&2; exit 4; }
${fences}
held=$(held "$file.fence" "$5")
[ "$held" -le "$2" ] || { echo "$held"; exit 9; }
[ "$(sha256sum <"$file" | cut -d ' ' -f 1)" = "$3" ] || exit 8
new=$file.new
if [ "$4" = restore ]; then cp -p -- "$file.before" "$new" || exit 4
else cat >"$new" && chown --reference="$file" -- "$new" && chmod --reference="$file" -- "$new" || { rm -f -- "$new"; exit 4; }
fi
sync -- "$new" && ln -f -- "$file" "$file.before" || exit 4
fences=$(fenced "$file.fence" "$2" "$5")
printf '%s\\n' "$fences" >"$file.fence" && sync -- "$file.fence" && mv -- "$new" "$file" && sync -- "$folder"`

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

export const readPoolerFile = async (ssh: Ssh, { host, configPath }: PoolerAddress, options: CallOptions): Promise<PoolerFile | null> => {
  const result = await ssh.exec(host, ['sh', '-c', readScript, 'sh', configPath], options)
  if (result.exitCode === 3) return null
  const end = result.stdout.indexOf('\n')
  const [mode, owner, fence] = result.stdout.slice(0, end).split(' ')
  if (result.exitCode !== 0 || !mode || !owner || result.isCut)
    throw new Fault('shell.failed', {
      isOver: true,
      because: `${configPath} on ${host.hostname} cannot be read: ${result.stderr.trim().split('\n')[0] || `exit code ${result.exitCode}`}`,
    })
  const text = result.stdout.slice(end + 1)
  return { text, digest: digestOf(text), owner, mode, fence: Number(fence ?? 0) || 0 }
}

/** `text` null: what the last write replaced. */
export const writePoolerFile = async (
  ssh: Ssh,
  { host, configPath }: PoolerAddress,
  { text, expectedDigest, token, herdId }: Omit<PoolerWrite, 'text'> & { text: string | null },
  options: CallOptions,
): Promise<void> => {
  const how = text === null ? 'restore' : 'write'
  const argv = ['sh', '-c', writeScript, 'sh', configPath, String(token), expectedDigest, how, herdId ?? '']
  const { exitCode, stdout, stderr } = await ssh.exec(host, argv, { ...options, stdin: text ?? '' })
  const where = `${configPath} on ${host.hostname}`
  if (exitCode === 9)
    throw new Fault('pooler.fenced', {
      isOver: true,
      because: `${where} was written by a later writer (token ${stdout.trim()}, ours is ${token}). It is left alone.`,
    })
  if (exitCode === 8)
    throw new Fault('record.conflict', { isOver: true, because: `${where} was changed by somebody else meanwhile. It is left alone.` })
  if (exitCode !== 0)
    throw new Fault('shell.failed', {
      isOver: true,
      because: `${where} could not be written: ${stderr.trim().split('\n')[0] || `exit code ${exitCode}`}`,
    })
}
