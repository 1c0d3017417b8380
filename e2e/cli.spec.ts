import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, runState, test, titleOf, untilWell } from './harness/stack/fixtures'

interface Ended {
  code: number | null
  out: string
  err: string
}

test('what the console does, the command line does with a token: plan, run by digest, watch, and exit codes that tell', async ({
  as,
  stack,
}) => {
  const page = await as('dana')
  await page.goto('/tokens/add')
  await page.getByLabel('Name').fill('nightly')
  await page.getByLabel('Role').selectOption('dba')
  await page.getByRole('button', { name: 'Create token' }).click()
  const secret = page.locator('code').filter({ hasText: /^mat_/ }).first()
  const token = (await secret.textContent())!.trim()

  const home = await mkdtemp(join(tmpdir(), 'mat-cli-'))
  const matriarch = (...args: string[]) =>
    new Promise<Ended>((resolve, reject) => {
      const env = { PATH: process.env.PATH, HOME: home, MATRIARCH_URL: stack.facts.url, MATRIARCH_TOKEN: token }
      const bin = join(import.meta.dirname, '../lib/cli/bin.mjs')
      const child = spawn(process.execPath, [bin, ...args], { env: env as unknown as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'] })
      const ended: Ended = { code: null, out: '', err: '' }
      child.stdout.on('data', (text) => (ended.out += text))
      child.stderr.on('data', (text) => (ended.err += text))
      child.once('error', reject)
      child.once('close', (code) => resolve({ ...ended, code }))
    })
  try {
    const standbys = stack.members.filter(({ herd, role }) => herd === 'prod-billing' && role === 'standby')
    const targets = ['--env', 'prod', '--herd', 'prod-billing', '--role', 'standby']
    const before = await stack.startTimes(standbys)

    const listed = await matriarch('instances', ...targets, '-o', 'json')
    expect(listed.code).toBe(0)
    expect((JSON.parse(listed.out) as { title: string }[]).map(({ title }) => title).sort()).toEqual(standbys.map(titleOf).sort())

    const planned = await matriarch('plan', 'restart', ...targets)
    expect(planned.code, planned.err).toBe(0)
    const digest = /digest\s+(\S+)/.exec(planned.out)![1]!
    expect(await stack.startTimes(standbys), 'a plan changes nothing').toEqual(before)

    expect((await matriarch('run', 'restart', ...targets, '--yes', '--digest', 'f'.repeat(64))).code, 'not the plan that was read').toBe(5)
    expect((await matriarch('plan', 'start', ...targets)).code, 'refused by a gate').toBe(4)
    expect((await matriarch('plan', 'explode', ...targets)).code, 'usage').toBe(2)
    expect(await stack.startTimes(standbys), 'none of these ran').toEqual(before)

    const phrase = `restart ${standbys.length} in prod`
    const ran = await matriarch('run', 'restart', ...targets, '--yes', '--digest', digest, '--phrase', phrase, '--reason', 'by script')
    expect(ran.code, ran.err + ran.out).toBe(0)
    const after = await stack.startTimes(standbys)
    for (const title of Object.keys(before)) expect(after[title]! > before[title]!, `${title} has a new postmaster`).toBe(true)

    const runId = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(ran.out)![0]
    const watched = await matriarch('watch', runId)
    expect(watched.code).toBe(0)
    for (const member of standbys) expect(watched.out).toContain(`${titleOf(member)}: done`)
    await page.goto(`/runs/${runId}`)
    await expect(runState(page), 'the browser shows the same run').toHaveText('done')
    await expect(page.getByRole('region', { name: 'The run' })).toContainText('dana (token nightly)')
  } finally {
    await rm(home, { recursive: true })
  }
  await untilWell(page, stack)
})
