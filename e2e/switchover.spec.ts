import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import { axeFaults } from './harness/stack/axe'
import {
  callApi,
  choose,
  confirm,
  expect,
  expectPlan,
  instances,
  moveTo,
  openList,
  putOff,
  test,
  tick,
  titleOf,
  until,
  untilDone,
  untilPlanned,
  untilWell,
} from './harness/stack/fixtures'
import type { Stack } from './harness/stack/stack'

const herd = 'dev-catalog'
const hosts = ['dev-ams-1', 'dev-ams-2']

test.afterEach(async ({ as, stack }) => untilWell(await as('dana'), stack))

const idOf = async (page: Page, path: string, wanted: (item: Record<string, unknown>) => boolean): Promise<string> => {
  const { items } = (await callApi(page, 'GET', `/api/v1/${path}`)).body as { items: Record<string, unknown>[] }
  return String(items.find(wanted)!.id)
}

const leads = async (page: Page, host: string): Promise<boolean> =>
  (await instances(page)).some((one) => one.title === `${herd} on ${host}` && one.role === 'primary' && one.state === 'online')

/** From the herd's page to the plan, as a person goes. */
const openPlan = async (page: Page, herdId: string): Promise<void> => {
  await page.goto(`/herds/${herdId}`)
  await page.getByRole('link', { name: 'Switch over', exact: true }).first().click()
  await untilPlanned(page)
  await expectPlan(page, '1 DR pair will run')
}

const verifyFile = (stack: Stack, document: string, key: string): { status: number | null; said: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'mat-verify-'))
  try {
    writeFileSync(join(folder, 'certificate.json'), document)
    const bin = join(import.meta.dirname, '../lib/cli/bin.mjs')
    const env = { PATH: process.env.PATH, HOME: folder, MATRIARCH_URL: stack.facts.url } as unknown as NodeJS.ProcessEnv
    const { status, stdout } = spawnSync(process.execPath, [bin, 'verify', join(folder, 'certificate.json'), '--key', key], {
      env,
      encoding: 'utf8',
    })
    return { status, said: stdout }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('paused poolers are an alarm of the front page and resumed from it; a scheduled switchover is moved to another time, and skipped, with the reason, when its herd is not well by then', async ({
  as,
  stack,
}) => {
  test.setTimeout(300_000)
  const page = await as('dana')
  await page.goto('/')
  const herdId = await idOf(page, 'herds', (item) => item.name === herd)
  await openPlan(page, herdId)
  await putOff(page, 7_200)
  const scheduled = page.url()
  await expect(page.getByText(/^Starts at .*in 1 h/)).toBeVisible()
  await page.goto(`/herds/${herdId}`)
  await expect(page.getByText(/is scheduled for/)).toBeVisible()
  const standbys = (await instances(page, 'role=standby')).map(({ title }) => title)
  const standby = stack.members.find((member) => member.herd === herd && standbys.includes(titleOf(member)))!
  await stack.ask(standby, 'select pg_wal_replay_pause()')
  await page.goto(scheduled)
  await moveTo(page, 25)
  await expect(page.getByRole('region', { name: 'History' })).toContainText(/dana.*At/)

  await openList(page, '/poolers')
  await tick(
    page,
    hosts.map((host) => `pgbouncer on ${host}`),
  )
  await choose(page, 'Pause')
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
  await page.goto('/')
  await page.getByRole('link', { name: 'Resume all 2' }).click({ timeout: 30_000 })
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
  await page.goto('/')
  await expect(page.getByText('poolers are paused')).toBeHidden({ timeout: 30_000 })

  await expect(page.getByText(/nothing has run: .*replay is paused/).first()).toBeVisible({ timeout: 60_000 })
  await page.goto(scheduled)
  await expect(page.getByText(/^Skipped at/)).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText(/^Nothing has run\..*replay is paused/)).toBeVisible()
  await expect(page.getByRole('link', { name: 'Plan it again' })).toHaveAttribute('href', new RegExp(`ids=${herdId}`))
  await stack.ask(standby, 'select pg_wal_replay_resume()')
})

test('under load a herd is switched over from its page: the gap is foretold, a lock from outside is waited for, a live strip shows no error, and the certificate proves it; it goes back at a time that was set', async ({
  as,
  stack,
}) => {
  test.setTimeout(420_000)
  const page = await as('dana')
  await page.goto('/')
  await untilWell(page, stack)
  const herdId = await idOf(page, 'herds', (item) => item.name === herd)
  const [from, to] = (await leads(page, hosts[0]!)) ? hosts : hosts.toReversed()
  const ledgerFile = stack.lab.layout.at('ledger-switchover-walk')
  rmSync(ledgerFile, { force: true })
  const load = await startLoad(stack.lab, herd, { ledgerFile, writers: 8, through: hosts })

  await openPlan(page, herdId)
  const targets = page.getByRole('region', { name: 'Targets', exact: true })
  await expect(targets).toContainText(/About .+ without a writer/)
  await expect(targets).toContainText(/commit twenty rows a second from now on, through \S.* as app, database catalog/)

  const body = { reason: 'moves a disk', holder: 'dev-ams-1:4711', ttlSeconds: 60 }
  const lock = await callApi(page, 'POST', `/api/v1/herds/${herdId}/lock`, body)
  expect(lock.status).toBe(201)
  const other = await as('admin')
  await other.goto(`/herds/${herdId}`)
  await expect(other.getByText('Locked by dana: moves a disk')).toBeVisible()
  const runId = await confirm(page)
  await expect(page.getByRole('region', { name: 'Targets and steps' })).toContainText('moves a disk', { timeout: 30_000 })
  expect((await callApi(page, 'DELETE', `/api/v1/locks/${lock.body.id}`)).status).toBe(204)

  const strip = page.getByRole('figure', { name: /^Commits of the canary/ })
  await expect(strip).toContainText('no error so far', { timeout: 60_000 })
  await untilDone(page)
  await expect(strip).toContainText(/Errors\s*none/)
  await expect(strip).toContainText(/new primary, timeline \d+/)
  await expect(strip).toContainText(/Longest gap\s*[\d.]+ m?s/)
  const next = page.getByRole('region', { name: 'Next steps' })
  await expect(next).toContainText('Proven: no logged commit is lost', { timeout: 30_000 })
  expect(await axeFaults(page)).toEqual([])
  await next.getByRole('link', { name: 'Certificate' }).click()
  await expect(page.getByText('Proven: no logged commit that was acknowledged is lost.')).toBeVisible()
  await expect(page.getByRole('region', { name: 'What a client saw' })).toContainText(/as app, database catalog/)
  await expect(page.getByRole('figure', { name: /^Commits of the canary: .* Errors none/ })).toBeVisible()
  const [document, key] = await Promise.all(
    [new URL(page.url()).pathname.replace('/certificates/', '/api/v1/certificates/').concat('/document'), '/api/v1/certificate-key'].map(
      async (path) => (await page.request.get(path)).text(),
    ),
  )
  const verified = verifyFile(stack, document!, (JSON.parse(key!) as { keyId: string }).keyId)
  expect(verified.said).toContain('verdict: proven')
  expect(verified.status).toBe(0)

  await until('the new primary to be seen', () => leads(page, to!), 60_000)
  await page.goto(`/dr-pairs/run/switchover?ids=${herdId}&candidate=${encodeURIComponent(`${herd} on ${from}`)}`)
  await untilPlanned(page)
  await putOff(page, 15)
  await page.getByRole('link', { name: 'Its run' }).click({ timeout: 60_000 })
  await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.includes(runId))
  await untilDone(page)
  await until('the first primary to be seen again', () => leads(page, from!), 60_000)

  expect(await load.stop()).toMatchObject({ failed: 0, unknown: 0, reconnects: 0 })
  expect(await verify(stack.lab, herd, ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
})
