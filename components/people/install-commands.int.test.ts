import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { installCommands } from './install-commands'

const published = join(projectRoot, 'public/agent')
/** Stands for `runuser -u postgres -- …`: notes what would run, and what it reads. */
const runuser = '#!/bin/sh\nprintf "%s\\n" "$*" >>"$FOLDER/ran"\ncase $* in *--enrol*) cat >>"$FOLDER/ran" ;; esac\n'
let server: Server
let origin: string
let folder: string
let isTampered = false

beforeAll(async () => {
  server = createServer((request, response) => {
    const file = join(published, request.url!.replace(/^\/agent\//, ''))
    const text = readFileSync(file, 'utf8')
    response.end(isTampered && !file.endsWith('.sha256') ? `${text}\n# one line more\n` : text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minst-'))
  for (const name of ['bin', 'etc', 'lib']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'bin/runuser'), runuser, { mode: 0o755 })
  return () => rmSync(folder, { recursive: true, force: true })
})

/** The commands as an administrator pastes them, with their folders in one of the test's own. */
const paste = (): Promise<number | null> => {
  const commands = installCommands(origin, 'matenrol_key')
    .replaceAll('/usr/local/bin', join(folder, 'bin'))
    .replaceAll('/etc/matriarch', join(folder, 'etc'))
    .replace('install -d -o postgres /var/lib/matriarch', `install -d ${join(folder, 'lib')}`)
  return new Promise((resolve) => {
    const child = spawn('sh', { env: { PATH: `${folder}/bin:${process.env.PATH}`, FOLDER: folder } as unknown as NodeJS.ProcessEnv })
    child.once('close', resolve)
    child.stdin.end(`${commands}\n`)
  })
}
const ran = (): string => {
  try {
    return readFileSync(join(folder, 'ran'), 'utf8')
  } catch {
    return ''
  }
}

test('pasted, the commands put the published agent in place, tell it where the console is, enrol it and send a first report', async () => {
  isTampered = false
  expect(await paste()).toBe(0)
  expect(readFileSync(join(folder, 'bin/matriarch-report'), 'utf8')).toBe(readFileSync(join(published, 'matriarch-report'), 'utf8'))
  expect(readFileSync(join(folder, 'etc/agent.env'), 'utf8')).toBe(`MATRIARCH_URL=${origin}\n`)
  expect(ran()).toBe('-u postgres -- matriarch-report --enrol -\nmatenrol_key\n-u postgres -- matriarch-report\n')
})

test('a file that is not the published one is neither made a program nor run, and the key is not handed to it', async () => {
  isTampered = true
  expect(await paste()).not.toBe(0)
  expect(statSync(join(folder, 'bin/matriarch-report')).mode & 0o111).toBe(0)
  expect(ran()).toBe('')
})
