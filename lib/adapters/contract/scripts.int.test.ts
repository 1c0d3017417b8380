import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeScripts } from '@/lib/adapters/scripts'
import { scriptsContract } from './scripts-contract'

const texts = {
  says: 'for one in "$@"; do printf "[%s]\\n" "$one"; done; echo "$MATRIARCH_CALL"',
  fails: 'echo no >&2; exit 3',
  floods: 'head -c 1000000 /dev/zero | tr "\\0" x; echo end',
  // Neither it nor its child obeys SIGTERM.
  hangs: 'trap "" TERM; sleep 600 & echo $! > "$0.child"; wait; sleep 600',
}

const put = (directory: string, name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  chmodSync(path, 0o755)
  return path
}

let place: string
let directory: string
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'scripts-'))
  directory = join(place, 'hooks')
  mkdirSync(directory, { mode: 0o755 })
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

scriptsContract('scripts on this host', async () => {
  return {
    ports: makeScripts(directory, 200),
    put: async (name) => void put(directory, name, texts[name]),
    stop: async () => {},
  }
})

const isAlive = (pid: number): boolean => {
  try {
    // A killed process that nobody has waited for yet is still listed, as a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('one that obeys no signal but the last is killed with its children, after its time of grace', async () => {
  put(directory, 'stubborn', texts.hangs)
  const result = await makeScripts(directory, 200).act.scripts.run('stubborn', [], { environment: {}, timeoutMs: 300 })
  expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', isTimedOut: true })
  const child = Number(readFileSync(join(directory, 'stubborn.child'), 'utf8'))
  expect(child).toBeGreaterThan(1)
  await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false)
})

test('what a script leaves behind in its group ends with it, and does not hold its answer up', async () => {
  put(directory, 'leaves', 'sleep 600 & echo $! > "$0.child"; echo done')
  expect(await makeScripts(directory).act.scripts.run('leaves', [], { environment: {}, timeoutMs: 5_000 })).toMatchObject({
    exitCode: 0,
    output: 'done\n',
  })
  const child = Number(readFileSync(join(directory, 'leaves.child'), 'utf8'))
  await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false)
})

test('a script sees PATH, HOME, LANG and what it is given, and nothing of this process', async () => {
  put(directory, 'env', '/usr/bin/env | cut -d= -f1 | grep -v "^_$\\|^PWD$\\|^SHLVL$" | sort | tr "\\n" " "')
  process.env.VAULT_KEY_FOR_TEST = 'secret'
  try {
    const { output } = await makeScripts(directory).act.scripts.run('env', [], { environment: { MATRIARCH_JOB: 'x' }, timeoutMs: 5_000 })
    expect(output.trim()).toBe('HOME LANG MATRIARCH_JOB PATH')
  } finally {
    delete process.env.VAULT_KEY_FOR_TEST
  }
})

test('a link out of the directory, a file that others may change, one that is no program and a directory that others may change are refused', async () => {
  const read = makeScripts(directory).read.scripts
  const outside = put(place, 'outside', 'echo out')
  symlinkSync(outside, join(directory, 'out'))
  expect(await read.whyNot('out')).toContain('outside of HOOKS_DIRECTORY')
  put(directory, 'inside', 'echo in')
  symlinkSync('inside', join(directory, 'link'))
  expect(await read.whyNot('link')).toBeNull()
  chmodSync(put(directory, 'open', 'echo'), 0o777)
  expect(await read.whyNot('open')).toContain('can be changed by others')
  chmodSync(put(directory, 'plain', 'echo'), 0o644)
  expect(await read.whyNot('plain')).toContain('may not be executed')
  mkdirSync(join(directory, 'folder'))
  expect(await read.whyNot('folder')).toContain('not a regular file')
  chmodSync(directory, 0o777)
  expect(await read.whyNot('inside')).toContain('HOOKS_DIRECTORY can be changed by others')
  chmodSync(directory, 0o755)
  expect(await makeScripts(null).read.scripts.whyNot('inside')).toContain('HOOKS_DIRECTORY is not set')
})
