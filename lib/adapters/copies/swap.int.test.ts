import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { putBackScript, removeScript, swapScript } from './script'

const run = promisify(execFile)
let folder: string
let home: string
let shim: string

/** $1 data directory with a copy beside, of the WAL and a tablespace too; $2 a folder of programs that come first. */
const make = `mkdir -p "$2" "$1" "$1.wal" "$1.ts/PG_15_1" "$1.matriarch/new/base" "$1.matriarch/old" "$1.wal.matriarch/new" "$1.ts.matriarch/new/PG_15_1"
for d in "$1" "$1.matriarch/new"; do echo 15 >"$d/PG_VERSION"; mkdir -p "$d/global"; ln -s "$1.wal" "$d/pg_wal"; done
echo old >"$1/global/pg_control"; echo new >"$1.matriarch/new/global/pg_control"; echo old >"$1/.gone"
echo old >"$1.wal/1"; echo new >"$1.wal.matriarch/new/1"; echo old >"$1.ts/PG_15_1/1"; echo new >"$1.ts.matriarch/new/PG_15_1/1"; echo mine >"$1.ts/other"
printf 'data\\t%s\\t%s\\nwal\\t%s\\t%s\\ntablespace\\t%s\\t%s\\n' "$1.matriarch" "$1" "$1.wal.matriarch" "$1.wal" "$1.ts.matriarch" "$1.ts" >"$1.matriarch/places"
echo copy-x >"$1.matriarch/key"; echo whole >"$1.matriarch/stage"; for d in "$1.wal" "$1.ts"; do echo copy-x >"$d.matriarch/key"; done
ln -s /bin/true "$2/sync"`

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mswap-'))
  home = join(folder, 'data')
  shim = join(folder, 'shim')
  await run('sh', ['-ec', make, 'sh', home, shim])
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const env = () => ({ ...process.env, PATH: `${shim}:/usr/bin:/bin`, XDG_STATE_HOME: join(folder, 'state') })
/** True when it came to its end. */
const ended = (script: string): Promise<boolean> =>
  run('sh', ['-c', script, 'sh', home, 'copy-x'], { env: env() }).then(
    () => true,
    () => false,
  )
const contents = async () =>
  (await run('sh', ['-c', 'cd "$1"; cat PG_VERSION global/pg_control "$1.wal/1" "$1.ts/PG_15_1/1" "$1.ts/other"; ls -A', 'sh', home]))
    .stdout
const stage = () => readFileSync(`${home}.matriarch/stage`, 'utf8').trim()
const program = (name: string, ...lines: string[]) =>
  writeFileSync(join(shim, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 })

test('a swap or a putting back that is broken off anywhere cannot start, and is completed or undone from there', async () => {
  program('mv', 'n=$(cat "$0.left"); [ "$n" -gt 0 ] || exit 1; echo $((n - 1)) >"$0.left"; exec /bin/mv "$@"')
  const before = await contents()
  /** With so many renames before it is broken off. */
  const attempt = (script: string, moves = 1000) => {
    writeFileSync(join(shim, 'mv.left'), String(moves))
    return ended(script)
  }
  const isStartable: boolean[] = []
  let moves = 0
  let after = ''
  for (; !(await attempt(swapScript, moves)); moves += 1) {
    if (stage() !== 'whole') isStartable.push(existsSync(join(home, 'PG_VERSION')))
    if (moves % 2 === 0) {
      expect(await attempt(swapScript)).toBe(true)
      after ||= await contents()
      expect([stage(), await contents()]).toEqual(['swapped', after])
      await attempt(putBackScript, moves)
    }
    expect(await attempt(putBackScript)).toBe(true)
    expect([stage(), await contents()]).toEqual(['whole', before])
  }
  expect(moves).toBeGreaterThan(12)
  expect(isStartable.slice(1, -1)).toEqual(isStartable.slice(1, -1).fill(false))
  expect([stage(), await contents()]).toEqual(['swapped', after])
})

test('a swap that hangs and the command of the next driver never move entries at the same time: the later one waits until the earlier one is over', async () => {
  const log = join(folder, 'log')
  const gate = join(folder, 'gate')
  await run('mkfifo', [gate])
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  const before = await contents()
  program('flock', `echo "$PPID waits" >>'${log}'`, 'exec /usr/bin/flock "$@"')
  // The third rename of all hangs until somebody writes to the gate.
  program('mv', `echo "$PPID moves" >>'${log}'`, `[ "$(grep -c moves '${log}')" != 3 ] || read -r line <'${gate}'`, 'exec /bin/mv "$@"')
  const movers = () => [...new Set(lines().flatMap((line) => (line.endsWith(' moves') ? [line.split(' ')[0]] : [])))]
  const swap = ended(swapScript)
  await expect.poll(() => lines().filter((line) => line.endsWith(' moves')).length).toBe(3)

  const putBack = ended(putBackScript)
  const others = () => lines().filter((line) => line.split(' ')[0] !== movers()[0])
  await expect.poll(() => others().length).toBeGreaterThan(0)
  expect(
    others().map((line) => line.split(' ')[1]),
    'what the later one does meanwhile',
  ).toEqual(['waits'])
  expect(stage()).toBe('out')
  await run('sh', ['-c', 'echo >"$1"', 'sh', gate])
  expect(await Promise.all([swap, putBack])).toEqual([true, true])
  expect([stage(), await contents(), movers().length]).toEqual(['whole', before, 2])
  expect(await ended(removeScript)).toBe(true)
  expect(existsSync(`${home}.matriarch`)).toBe(false)
})
