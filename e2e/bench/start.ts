import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot } from '@/lib/playground/setup.mjs'

/** Starts it in `folder`, waits for the first page with live facts, and stops it again with Ctrl-C. */
const timeStart = async (folder: string, environment: Record<string, string>): Promise<number> => {
  const startedAt = performance.now()
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    const { url, password } = await new Promise<{ url: string; password: string }>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /^Open (\S+) {2}user admin {2}password (\S+)/.exec(line)
        if (found) resolve({ url: found[1]!, password: found[2]! })
        else console.log(`    ${line}`)
      })
      child.once('exit', (code) => reject(new Error(`npm start ended with ${code}.`)))
    })
    await untilLiveFacts(url, password)
    return (performance.now() - startedAt) / 1000
  } finally {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGINT')
    await ended
  }
}

/** Signs in as a person would and asks for the instances until every one of them has been seen. */
const untilLiveFacts = async (url: string, password: string): Promise<void> => {
  const jar = new Map<string, string>()
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(`${url}${path}`, { ...init, redirect: 'manual', headers: { ...init.headers, cookie, origin: url } })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0]!.split(/=(.*)/s)
      jar.set(name!, value ?? '')
    }
    return response
  }
  const { csrfToken } = (await (await call('/api/auth/csrf')).json()) as { csrfToken: string }
  await call('/api/auth/callback/credentials', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrfToken, userName: 'admin', password, json: 'true' }).toString(),
  })
  for (;;) {
    const response = await call('/api/v1/instances?per=100')
    if (!response.ok) throw new Error(`The console answered ${response.status}: ${await response.text()}`)
    const { items } = (await response.json()) as { items: { state: string; observedAt: string | null }[] }
    if (items.length > 0 && items.every((item) => item.observedAt !== null && item.state === 'online')) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Seconds from `npm start` in a fresh clone to the first page with live facts: package cache cold, warm, and a second start. */
export const bench = async (): Promise<{
  bench: string
  ratio: number
  peer: string
  coldSeconds: number
  warmSeconds: number
  secondSeconds: number
}> => {
  const folder = mkdtempSync(join(tmpdir(), 'mat-start-'))
  try {
    const clone = (name: string): string => {
      const to = join(folder, name)
      const done = spawnSync('git', ['clone', '--quiet', projectRoot, to], { encoding: 'utf8' })
      if (done.status !== 0) throw new Error(done.stderr)
      return to
    }
    const cache = join(folder, 'cache')
    console.log('  fresh clone, empty package cache')
    const cold = await timeStart(clone('cold'), { npm_config_cache: cache })
    console.log('  fresh clone, warm package cache')
    const warm = await timeStart(clone('warm'), { npm_config_cache: cache })
    console.log('  second start')
    const second = await timeStart(join(folder, 'warm'), { npm_config_cache: cache })
    console.table([
      { start: 'fresh clone, package cache cold', seconds: cold.toFixed(1), aim: 90 },
      { start: 'fresh clone, package cache warm', seconds: warm.toFixed(1), aim: 90 },
      { start: 'second start', seconds: second.toFixed(1), aim: 20 },
    ])
    return {
      bench: 'start',
      ratio: 90 / cold,
      peer: 'the aim of 90 s',
      coldSeconds: cold,
      warmSeconds: warm,
      secondSeconds: second,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
