import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from '@playwright/test'
import { startLoad } from '@/lib/playground/lab/load-cli'
import { ensureBuild, projectRoot } from '@/lib/playground/setup.mjs'
import { until } from './harness/hold'
import { signInTo } from './harness/stack/sign-in'
import { Stack, titleOf } from './harness/stack/stack'

/**
 * `npm run screenshots`: the README's pictures, from a playground with something to show (a switchover under load, a standby that lags, one that is stopped, work under way),
 * and every page worth a look on a phone and in both themes, to be judged by eye, in test-results/screenshots.
 */
const published = join(projectRoot, 'public/screenshots')
const judged = join(projectRoot, 'test-results/screenshots')
const desk = { width: 1400, height: 900 }
const phone = { width: 390, height: 844 }

/** `part`: the accessible name of the figure that is pictured, not the whole page. */
type Look = { theme: 'light' | 'dark'; viewport: typeof desk; part?: RegExp }
type Shot = (name: string, look: Look, address: string, folder?: string) => Promise<void>

/** One standby stops replaying while its primary writes; another one, the former primary of the herd that was moved, is down. */
const makeTrouble = async (stack: Stack): Promise<() => Promise<void>> => {
  const of = (title: string) => stack.members.find((member) => titleOf(member) === title)!
  const [lagging, primary, down] = [of('prod-orders on prod-fra-1'), of('prod-orders on prod-ams-1'), of('dev-catalog on dev-ams-1')]
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

/** As much of the API's answers as is read here. */
interface Answer {
  id: string
  state: string
  plan: { digest: string; phrase?: string | null }
  items: { id: string; title: string; state: string; lagBytes: number }[]
}
type Call = (path: string, data?: unknown) => Promise<Answer>

/** The console's API as the person of this page. Throws its answer when it refuses. */
const apiOf =
  (page: Page): Call =>
  async (path, data) => {
    const { origin } = new URL(page.url())
    const address = `/api/v1/${path}`
    const response = await (data === undefined ? page.request.get(address) : page.request.post(address, { data, headers: { origin } }))
    if (!response.ok()) throw new Error(`${path}: ${await response.text()}`)
    return response.json()
  }

interface Moved {
  runId: string
  certificateId: string
}

/** A switchover of the playground's first herd while an application writes through its poolers, and what proves it. */
const moveHerd = async (stack: Stack, call: Call): Promise<Moved> => {
  const [{ name }, through] = [stack.lab.fleet.herds[0]!, stack.lab.fleet.poolers!.map(({ host }) => host)]
  const load = await startLoad(stack.lab, name, { ledgerFile: stack.lab.layout.at('ledger-pictures'), through })
  try {
    const { items } = await call(`herds?q=${name}`)
    const { id, plan } = await call('plans', { operation: 'switchover', targets: [items[0]!.id] })
    const run = await call('runs', { planId: id, digest: plan.digest, phrase: plan.phrase ?? undefined })
    await until('the switchover to be done', async () => (await call(`runs/${run.id}`)).state === 'done', 120_000)
    let certificateId: string | undefined
    await until('its certificate', async () => {
      certificateId = (await call('certificates')).items[0]?.id
      return certificateId !== undefined
    })
    return { runId: run.id, certificateId: certificateId! }
  } finally {
    await load.stop()
  }
}

interface Made {
  planId: string
  runId: string
}

/** A plan to read, and a run that takes its time. */
const makeWork = async (call: Call): Promise<Made> => {
  const { items } = await call('instances?role=standby&state=online')
  const prod = items.filter(({ title }) => title.startsWith('prod')).map(({ id }) => id)
  const plan = await call('plans', { operation: 'restart', targets: prod })
  const input = { sql: 'select pg_sleep(25), current_setting($$cluster_name$$)', statementTimeoutSeconds: 60 }
  const slow = await call('plans', { operation: 'run-sql', targets: prod, input, policy: { parallel: 2 } })
  const run = await call('runs', { planId: slow.id, digest: slow.plan.digest, reason: 'who answers' })
  return { planId: plan.id, runId: run.id }
}

const shooter =
  (browser: Browser, stack: Stack, storageState: Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>): Shot =>
  async (name, { theme, viewport, part }, address, folder = judged) => {
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
    const pictured = part ? page.getByRole('figure', { name: part }) : page
    await pictured.screenshot({ path: join(folder, `${name}.png`) })
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
  const call = apiOf(page)
  const moved = await moveHerd(stack, call)
  const heal = await makeTrouble(stack)
  try {
    await until('the trouble to be seen', async () => {
      const { items } = await call('instances')
      return items.some(({ lagBytes }) => lagBytes > 50_000_000) && items.some(({ state }) => state === 'stopped')
    })
    const { planId, runId } = await makeWork(call)
    const shot = shooter(browser, stack, await page.context().storageState())
    await shot('fleet-dark', { theme: 'dark', viewport: desk }, '/', published)
    await shot('plan-light', { theme: 'light', viewport: desk }, `/instances/run/restart?plan=${planId}`, published)
    await shot('switchover-strip', { theme: 'light', viewport: desk, part: /^Commits of the canary/ }, `/runs/${moved.runId}`, published)
    await shot('certificate-light', { theme: 'light', viewport: desk }, `/certificates/${moved.certificateId}`, published)
    const { items } = await call('herds?q=prod-orders')
    const pages = {
      fleet: '/',
      instances: '/instances',
      herd: `/herds/${items[0]!.id}`,
      plan: `/instances/run/restart?plan=${planId}`,
      run: `/runs/${runId}`,
      switchover: `/runs/${moved.runId}`,
      certificate: `/certificates/${moved.certificateId}`,
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
