import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from '@playwright/test'
import { ensureBuild, projectRoot } from '@/lib/playground/setup.mjs'
import { until } from './harness/hold'
import { signInTo } from './harness/stack/sign-in'
import { Stack, titleOf } from './harness/stack/stack'

/**
 * `npm run screenshots`: the README's pictures, from a playground with something to show (a standby that lags, one that is stopped, work under way),
 * and every page worth a look on a phone and in both themes, to be judged by eye, in test-results/screenshots.
 */
const published = join(projectRoot, 'public/screenshots')
const judged = join(projectRoot, 'test-results/screenshots')
const desk = { width: 1400, height: 900 }
const phone = { width: 390, height: 844 }

type Shot = (name: string, look: { theme: 'light' | 'dark'; viewport: typeof desk }, address: string, folder?: string) => Promise<void>

/** One standby stops replaying while its primary writes, another one is down. */
const makeTrouble = async (stack: Stack): Promise<() => Promise<void>> => {
  const of = (title: string) => stack.members.find((member) => titleOf(member) === title)!
  const [lagging, primary, down] = [of('prod-orders on prod-fra-1'), of('prod-orders on prod-ams-1'), of('dev-catalog on dev-ams-2')]
  const cluster = [String(stack.lab.fleet.postgresMajor), 'catalog']
  await stack.ask(lagging, 'select pg_wal_replay_pause()')
  await stack.ask(primary, "create table if not exists public.pictured as select repeat('x', 900) as filler from generate_series(1, 90000)")
  await stack.lab.hosts.mustExec(down.host, ['pg_ctlcluster', ...cluster, 'stop', '-m', 'fast'])
  return async () => {
    await stack.ask(lagging, 'select pg_wal_replay_resume()')
    await stack.ask(primary, 'drop table public.pictured')
    await stack.lab.hosts.mustExec(down.host, ['pg_ctlcluster', ...cluster, 'start'])
  }
}

interface Made {
  planId: string
  runId: string
}

/** A plan to read, and a run that takes its time. */
const makeWork = async (page: Page): Promise<Made> => {
  const { origin } = new URL(page.url())
  const call = async (path: string, data?: unknown) => {
    const address = `/api/v1/${path}`
    const response = await (data === undefined ? page.request.get(address) : page.request.post(address, { data, headers: { origin } }))
    if (!response.ok()) throw new Error(`${path}: ${await response.text()}`)
    return response.json()
  }
  const { items } = (await call('instances?role=standby&state=online')) as { items: { id: string; title: string }[] }
  const prod = items.filter(({ title }) => title.startsWith('prod')).map(({ id }) => id)
  const plan = await call('plans', { operation: 'restart', targets: prod })
  const input = { sql: 'select pg_sleep(25), current_setting($$cluster_name$$)', statementTimeoutSeconds: 60 }
  const slow = await call('plans', { operation: 'run-sql', targets: prod, input, policy: { parallel: 2 } })
  const run = await call('runs', { planId: slow.id, digest: slow.plan.digest, reason: 'who answers' })
  return { planId: plan.id, runId: run.id }
}

const shooter =
  (browser: Browser, stack: Stack, storageState: Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>): Shot =>
  async (name, { theme, viewport }, address, folder = judged) => {
    const context = await browser.newContext({
      baseURL: stack.facts.url,
      storageState,
      viewport,
      colorScheme: theme,
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Amsterdam',
    })
    const page = await context.newPage()
    await page.goto(address, { waitUntil: 'load' })
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page
      .locator('[role=status]')
      .filter({ hasText: /^(live|ended)$/ })
      .first()
      .waitFor({ timeout: 5_000 })
      .catch(() => {}) // Not every page is live.
    await page.screenshot({ path: join(folder, `${name}.png`) })
    await context.close()
  }

await ensureBuild()
const { stack, stop } = await Stack.start()
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium' })
try {
  for (const folder of [published, judged]) mkdirSync(folder, { recursive: true })
  const page = await browser.newPage({ baseURL: stack.facts.url })
  await page.goto('/login')
  await signInTo(page, 'dana', stack.facts.people.dana!)
  await page.waitForURL((url) => url.pathname === '/')
  const heal = await makeTrouble(stack)
  try {
    const list = async () =>
      (await (await page.request.get('/api/v1/instances')).json()) as { items: { title: string; state: string; lagBytes: number }[] }
    await until('the trouble to be seen', async () => {
      const { items } = await list()
      return items.some(({ lagBytes }) => lagBytes > 50_000_000) && items.some(({ state }) => state === 'stopped')
    })
    const { planId, runId } = await makeWork(page)
    const shot = shooter(browser, stack, await page.context().storageState())
    await shot('fleet-dark', { theme: 'dark', viewport: desk }, '/', published)
    await shot('plan-light', { theme: 'light', viewport: desk }, `/instances/run/restart?plan=${planId}`, published)
    const { items } = (await (await page.request.get('/api/v1/herds?q=prod-orders')).json()) as { items: { id: string }[] }
    const pages = {
      fleet: '/',
      instances: '/instances',
      herd: `/herds/${items[0]!.id}`,
      plan: `/instances/run/restart?plan=${planId}`,
      run: `/runs/${runId}`,
      discovery: '/discovery',
      'server-add': '/servers/add',
      help: '/help',
    }
    for (const [name, address] of Object.entries(pages)) {
      await shot(`${name}-phone`, { theme: 'light', viewport: phone }, address)
      for (const theme of ['light', 'dark'] as const) await shot(`${name}-${theme}`, { theme, viewport: desk }, address)
    }
  } finally {
    await heal()
  }
} finally {
  await browser.close()
  await stop()
}
