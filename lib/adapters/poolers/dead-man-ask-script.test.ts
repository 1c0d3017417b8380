import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { askFunctions, fieldMark } from './dead-man-ask-script'

const folder = mkdtempSync(join(tmpdir(), 'matriarch-ask-'))
afterEach(() => rmSync(folder, { recursive: true }))

/** A host on which `timeout` notes how long whom may take, and one member never answers. */
const timeoutCommand = `#!/bin/sh
case "$*" in *pgbouncer*) exit 1 ;; esac
while [ "$1" != -h ]; do [ "$1" = -k ] && waits=$3; shift; done
echo "$2 $waits" >>"${folder}/asked"
[ "$2" != hung ] || exit 124
printf 'standby${fieldMark}1${fieldMark}7'
`

test('a member that keeps silent is waited for one second from the second look on, and each fourth time as long as everybody', () => {
  writeFileSync(join(folder, 'timeout'), timeoutCommand, { mode: 0o755 })
  writeFileSync(join(folder, 'pgpass'), '*:*:*:app:secret\n')
  writeFileSync(join(folder, 'pgbouncer.ini'), '')
  writeFileSync(join(folder, 'databases'), ['shop', '"shop"', 'shop'].join(fieldMark))
  const members = ['hung', 'well'].map((host, index) => `${[index, host, host, '5432', ''].join(fieldMark)}\n`)
  writeFileSync(join(folder, 'members'), members.join(''))
  const script = `dir=${folder} config=$dir/pgbouncer.ini socket= port=6432 system= patience=2\n${askFunctions}\nfor each in 1 2 3 4 5 6; do look; done`
  const host = [`PATH=${folder}:/usr/bin:/bin`, `PGPASSFILE=${folder}/pgpass`, `HOME=${folder}`]
  execFileSync('env', ['-i', ...host, 'sh', '-c', script], { timeout: 60_000 })
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trimEnd().split('\n')
  const waits = (host: string) => asked.flatMap((line) => (line.startsWith(`${host} `) ? [line.slice(5)] : [])).join(' ')
  expect([waits('hung'), waits('well')]).toEqual(['4 1 1 1 4 1', '4 4 4 4 4 4'])
  const seen = ['0', '1'].map((n) =>
    readFileSync(join(folder, `seen.${n}`), 'utf8')
      .trim()
      .split(fieldMark),
  )
  expect(seen).toEqual([
    ['0', 'silent', '0', 'no answer within 1 s'],
    ['1', 'standby', '1', ''],
  ])
})
