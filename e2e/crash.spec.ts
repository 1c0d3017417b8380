import type { Page } from '@playwright/test'
import {
  confirm,
  expect,
  jobStates,
  openList,
  runState,
  signIn,
  test,
  titleOf,
  until,
  untilPlanned,
  untilWell,
} from './harness/stack/fixtures'
import type { Stack } from './harness/stack/stack'

/** Starts the restart of every instance of the playground and returns once some have ended and some have not. */
const inTheMiddleOfARestartOfAll = async (page: Page, stack: Stack): Promise<void> => {
  await openList(page, '/instances')
  await page.getByLabel('Select every row of this page').check()
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: `Restart ${stack.members.length}…` }).click()
  await untilPlanned(page)
  await confirm(page)
  const grid = page.getByRole('region', { name: 'Targets and steps' })
  await expect(grid.locator('tbody tr').filter({ hasText: 'running' }).first()).toBeVisible({ timeout: 60_000 })
}

/** Every job has an honest end, and what should run runs. */
const expectHonestEnd = async (page: Page, stack: Stack): Promise<void> => {
  await expect(runState(page)).toHaveText(/^(done|failed|needs attention)$/, { timeout: 100_000 })
  const states = await jobStates(page)
  expect(Object.keys(states).sort()).toEqual(stack.members.map(titleOf).sort())
  // Refused: without the console's database a worker has no keys, sees no host, and does not begin what it cannot compare with its plan.
  const ends = ['done', 'undone', 'needs attention', 'refused']
  // After a failure the run begins no other target: those are cancelled, and were never touched.
  if (Object.values(states).some((state) => state !== 'done' && state !== 'cancelled')) ends.push('cancelled')
  for (const [title, state] of Object.entries(states)) expect(ends, title).toContain(state)
  await until('no instance left stopped', async () => (await stack.answering()).length === stack.members.length, 30_000)
  await untilWell(page, stack)
}

test.afterEach(async ({ stack }) => {
  await stack.startDatabase()
  while (stack.workers().length < 2) await stack.startWorker()
})

test('one of two workers killed -9 during a restart of everything: the other one brings every job to an honest end', async ({
  as,
  stack,
}) => {
  const page = await as('admin')
  await inTheMiddleOfARestartOfAll(page, stack)
  await stack.kill(stack.workers()[0]!)
  await expectHonestEnd(page, stack)
})

test('the only worker killed -9 during a restart of everything: the next one goes on where it was', async ({ as, stack }) => {
  const page = await as('admin')
  for (const pid of stack.workers().slice(1)) await stack.kill(pid)
  await inTheMiddleOfARestartOfAll(page, stack)
  await stack.kill(stack.workers()[0]!)
  await stack.startWorker()
  await expectHonestEnd(page, stack)
})

test('the console’s own PostgreSQL killed -9 during a restart of everything: once it is back nothing was lost', async ({
  as,
  stack,
  browser,
}) => {
  const page = await as('admin')
  await inTheMiddleOfARestartOfAll(page, stack)
  await stack.killDatabase()
  const other = await browser.newPage({ baseURL: stack.facts.url })
  await other.goto('/login')
  await signIn(other, 'admin', stack.facts.people.admin!)
  await expect(other.getByRole('alert').filter({ hasText: 'own database does not answer' })).toBeVisible()
  await other.close()
  await stack.startDatabase()
  await expectHonestEnd(page, stack)
  const { body } = await page.evaluate(async () => ({ body: await (await fetch('/api/v1/audit/verify')).json() }))
  expect(body).toMatchObject({ ok: true })
})
