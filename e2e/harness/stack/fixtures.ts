import { type BrowserContext, test as base, expect, type Locator, type Page } from '@playwright/test'
import type { Plan } from '@/lib/kernel/operation/plan'
import { until } from '../hold'
import { signInTo as signIn } from './sign-in'
import { Stack, titleOf } from './stack'

export { expect, signIn, titleOf, until }

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>
export type Look = { colorScheme?: 'light' | 'dark'; viewport?: { width: number; height: number }; hasTouch?: boolean }

/** With what the longest test takes, less than a login vouches for. */
const loginMsMax = 4 * 60_000

interface Shared {
  stack: Stack
  /** User name → cookies of a login of that person, and when it was: each person logs in anew before their password has to be given again. */
  logins: Map<string, { state: StorageState; at: number }>
}
interface Own {
  /** A page of a browser of its own, logged in as this person. */
  as: (user: string, look?: Look) => Promise<Page>
  /** Errors of scripts on the pages of this test; one that a test expects must be taken out by it. */
  scriptErrors: string[]
}

export const test = base.extend<Own, Shared>({
  stack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's shape.
    async ({}, use, { project }) => {
      const { stack, stop } = await Stack.start({ hasMachines: project.name === 'console' })
      await use(stack)
      await stop()
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's shape.
  logins: [async ({}, use) => use(new Map()), { scope: 'worker' }],
  baseURL: async ({ stack }, use) => use(stack.facts.url),
  scriptErrors: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's shape.
    async ({}, use) => {
      const errors: string[] = []
      await use(errors)
      expect(errors, 'scripts of the pages ran without an error').toEqual([])
    },
    { auto: true },
  ],
  context: async ({ context, scriptErrors }, use) => {
    watch(context, scriptErrors)
    await use(context)
  },
  as: async ({ browser, stack, logins, scriptErrors }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (user, look = {}) => {
      const known = logins.get(user)
      const login = known && Date.now() - known.at < loginMsMax ? known : null
      const open = async () => {
        const context = await browser.newContext({
          baseURL: stack.facts.url,
          timezoneId: 'Europe/Amsterdam',
          ...look,
          storageState: login?.state,
        })
        watch(context, scriptErrors)
        contexts.push(context)
        return context
      }
      const context = await open()
      const page = await context.newPage()
      if (login === null) {
        const at = Date.now()
        await loginAs(page, stack, user)
        logins.set(user, { state: await context.storageState(), at })
      }
      return page
    })
    await Promise.all(contexts.map((context) => context.close()))
  },
})

const watch = (context: BrowserContext, errors: string[]): void => {
  context.on('weberror', (error) => errors.push(error.error().stack || String(error.error())))
  context.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) errors.push(message.text())
  })
}

/** Logs in through the login page, whoever was logged in before. */
export const loginAs = async (page: Page, stack: Stack, user: string): Promise<void> => {
  await page.context().clearCookies()
  await page.goto('/login')
  await signIn(page, user, stack.facts.people[user]!)
  // On a phone the menu is there, behind its button.
  await expect(page.getByRole('navigation', { name: 'Main', includeHidden: true })).toBeAttached()
}

/** The rows of a list page, by what stands in their first cell. */
export const row = (page: Page, title: string): Locator =>
  page.locator('table.sheet tbody tr').filter({ has: page.locator('th').getByText(title, { exact: true }) })

/** Opens a list and waits until it answers to clicks. */
export const openList = async (page: Page, address: string): Promise<void> => {
  await page.goto(address)
  await expect(page.locator('.list [role=status]').filter({ hasText: /^live$/ })).toBeVisible()
}

export const tick = async (page: Page, titles: readonly string[]): Promise<void> => {
  for (const title of titles) await row(page, title).getByRole('checkbox').check()
}

export const choose = async (page: Page, verb: string): Promise<void> => {
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: new RegExp(`^${verb}( \\d+…)?$`) }).click()
}

/** From a list to the plan of an operation over these instances. */
export const planFor = async (page: Page, verb: string, titles: readonly string[]): Promise<void> => {
  await openList(page, '/instances')
  await tick(page, titles)
  await choose(page, verb)
  await untilPlanned(page)
}

export const untilPlanned = async (page: Page): Promise<void> => {
  await expect(page.getByRole('region', { name: 'Targets', exact: true })).toBeVisible({ timeout: 90_000 })
}

/** Fails with what every check of the shown plan says about the excluded targets, not with a bare count. */
export const expectPlan = async (page: Page, summary: string): Promise<void> => {
  try {
    await expect(page.getByRole('region', { name: 'Summary' })).toContainText(summary)
  } catch (cause) {
    throw new Error(`The plan does not say “${summary}”.\n${await excludedBy(page)}`, { cause })
  }
}

/** A line for each target of the plan that is shown which will not run. */
const excludedBy = async (page: Page): Promise<string> => {
  const { body } = await callApi(page, 'GET', `/api/v1/plans/${new URL(page.url()).searchParams.get('plan')}`)
  const { plan } = body as { plan?: Plan }
  if (!plan) return JSON.stringify(body)
  return plan.targets
    .filter(({ eligible }) => !eligible)
    .map(({ title, reason, now }) => `${title}: ${reason} Now: ${now.map(({ label, value }) => `${label}: ${value}`).join('; ')}`)
    .join('\n')
}

/** Makes the plan that is shown again with what was filled in, and waits for the new one. */
export const planAgain = async (page: Page): Promise<void> => {
  const planOf = (url: URL) => url.searchParams.get('plan')
  const read = planOf(new URL(page.url()))
  await page.getByRole('button', { name: 'Make the plan again' }).click()
  await page.waitForURL((url) => planOf(url) !== null && planOf(url) !== read)
  await untilPlanned(page)
}

/** Types the phrase where one is asked, and presses the plan's own button. */
const press = async (page: Page): Promise<void> => {
  const last = page.getByRole('region', { name: 'Confirm' })
  const phrase = last.locator('.plan-phrase')
  if (await phrase.isVisible()) await last.getByLabel(/^Type .+ to confirm/).fill((await phrase.textContent())!)
  await last.locator('button.btn-env').click()
}

/** Puts the plan that is shown off by this long, and waits for the page of what is scheduled. */
export const putOff = async (page: Page, seconds: number): Promise<void> => {
  const last = page.getByRole('region', { name: 'Confirm' })
  await last.getByLabel('At a time').check()
  await fillTime(last, seconds)
  await press(page)
  await page.waitForURL(/\/scheduled-runs\/[0-9a-f-]{36}/, { timeout: 30_000 })
}

/** Moves what is scheduled, on its page, to so long from now. */
export const moveTo = async (page: Page, seconds: number): Promise<void> => {
  await page.getByRole('button', { name: 'Move', exact: true }).click()
  const form = page.getByRole('form', { name: 'Move' })
  await fillTime(form, seconds)
  await form.getByRole('button', { name: 'Move it' }).click()
  await expect(form).toBeHidden({ timeout: 30_000 })
}

/** Where the browsers of `as` are. */
const fillTime = async (within: Locator, seconds: number): Promise<void> => {
  const local = new Date(Date.now() + seconds * 1000).toLocaleString('sv-SE', { timeZone: 'Europe/Amsterdam' })
  await within.getByLabel('Date and time, Europe/Amsterdam').fill(local.replace(' ', 'T'))
}

/** Confirms the plan that is shown and waits for the run's page; resolves to the run's id. */
export const confirm = async (page: Page): Promise<string> => {
  await press(page)
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/, { timeout: 30_000 })
  return new URL(page.url()).pathname.split('/')[2]!
}

/** The state of each target as the run's page shows it: in the grid, or above the steps of the only one. */
export const jobStates = async (page: Page): Promise<Record<string, string>> => {
  const targets = page.getByRole('region', { name: 'Targets and steps' })
  const only = targets.locator('.run-one').first()
  if (await only.isVisible())
    return { [(await only.getByRole('link').textContent())!.trim()]: (await only.locator('.st').first().textContent())!.trim() }
  const rows = targets.locator('tbody tr')
  return Object.fromEntries(
    await rows.evaluateAll((all) =>
      all.map((one) => [one.querySelector('th')!.textContent!.trim(), one.querySelectorAll('td')[1]!.textContent!.trim()]),
    ),
  )
}

export const runState = (page: Page): Locator => page.getByRole('region', { name: 'The run' }).locator('.st').first()

/** Waits on a run's page until it has ended well. */
export const untilDone = (page: Page): Promise<void> => expect(runState(page)).toHaveText(/Done/i, { timeout: 120_000 })

/** A call of the API from the page itself, with its login and as its origin. */
export const callApi = (
  page: Page,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> =>
  page.evaluate(
    async ([method, path, body]) => {
      const response = await fetch(path!, { method, body, headers: body === undefined ? {} : { 'content-type': 'application/json' } })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
  )

export interface InstanceFact {
  id: string
  title: string
  state: string
  role: string
  observedAt: string
  [field: string]: unknown
}

/** The instances as the console's API gives them to the person of this page. */
export const instances = async (page: Page, query = ''): Promise<InstanceFact[]> => {
  const response = await page.request.get(`/api/v1/instances?${query}`)
  expect(response.status()).toBe(200)
  return ((await response.json()) as { items: InstanceFact[] }).items
}

/** Waits until the console has seen every instance of the playground online, with facts younger than this call: what a spec leaves behind for the next. */
export const untilWell = async (page: Page, stack: Stack): Promise<void> => {
  const since = new Date().toISOString()
  const wanted = stack.members.map(titleOf)
  await until(
    'every instance online again',
    async () => {
      const found = await instances(page)
      return wanted.every((title) => found.some((one) => one.title === title && one.state === 'online' && one.observedAt > since))
    },
    60_000,
  )
}
