import type { Page } from '@playwright/test'
import {
  callApi,
  choose,
  confirm,
  expect,
  expectPlan,
  instances,
  jobStates,
  openList,
  row,
  test,
  tick,
  until,
  untilDone,
  untilPlanned,
  untilWell,
} from './harness/stack/fixtures'

test.afterEach(async ({ as, stack }) => {
  for (const { name } of stack.lab.fleet.hosts) await stack.lab.powerOn(name)
  await untilWell(await as('admin'), stack)
})

const pairRow = (page: Page, herd: string) => row(page, herd)
const roleOf = async (page: Page, title: string) => {
  const found = (await instances(page)).find((one) => one.title === title)
  return `${found?.state} ${found?.role}`
}
const openPair = async (page: Page, herd: string): Promise<string> => {
  await openList(page, '/dr-pairs')
  await pairRow(page, herd).getByRole('link', { name: herd, exact: true }).first().click()
  await expect(page.getByRole('region', { name: 'Candidates' })).toBeVisible()
  return new URL(page.url()).pathname.split('/')[2]!
}
test('a pair is failed over to a chosen standby and back, the tree and the report tell it, and a standby is repointed by its own page', async ({
  as,
  stack,
}) => {
  test.setTimeout(360_000)
  const page = await as('dana')
  await untilWell(page, stack)
  const id = await openPair(page, 'prod-billing')
  const candidates = page.getByRole('region', { name: 'Candidates' })
  await expect(candidates.getByRole('row').filter({ hasText: 'prod-billing on prod-ams-1' })).toContainText(/WAL/)
  await candidates
    .getByRole('row')
    .filter({ hasText: 'prod-billing on prod-ams-1' })
    .getByRole('link', { name: 'Fail over to this standby' })
    .click()
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
  await until('the new primary to be seen', async () => (await roleOf(page, 'prod-billing on prod-ams-1')) === 'online primary', 60_000)
  await until('the old one to follow', async () => (await roleOf(page, 'prod-billing on prod-ams-2')) === 'online standby', 60_000)

  await page.goto(`/dr-pairs/${id}`)
  await expect(page.getByRole('region', { name: 'Last failover' })).toBeVisible()
  await page.goto('/failovers')
  await page.locator('table.sheet tbody tr').first().getByRole('link').first().click()
  await expect(page.getByText('Nothing is left to do.')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Positions in the WAL' })).toContainText('After the first proven commit')
  await expect(page.getByRole('region', { name: 'In short' })).toContainText('carries standby.signal, proven on its host')

  await page.goto(`/dr-pairs/run/failover?ids=${id}&candidate=prod-billing%20on%20prod-ams-2`)
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
  await until(
    'the first primary to lead again',
    async () => (await roleOf(page, 'prod-billing on prod-ams-2')) === 'online primary',
    60_000,
  )
})

test('in the tree a standby is picked up and put under another one by keys, which opens the plan; it runs, and goes back', async ({
  as,
  stack,
}) => {
  test.setTimeout(240_000)
  const page = await as('dana', { viewport: { width: 2000, height: 1100 } })
  await untilWell(page, stack)
  const { herdId } = (await instances(page)).find((one) => one.title === 'prod-billing on prod-fra-1') as unknown as { herdId: string }
  const openTree = async () => {
    await page.goto(`/herds/${herdId}`)
    await expect(page.getByRole('status').filter({ hasText: /^live$/ })).toBeVisible()
  }
  await openTree()
  const card = (host: string) => page.getByRole('treeitem', { name: new RegExp(`^${host},`) })
  await card('prod-fra-1').focus()
  await page.keyboard.press('Space')
  await expect(card('prod-fra-1')).toHaveAttribute('data-held', 'true')
  await expect(card('prod-ams-1')).toHaveAttribute('data-target', 'legal')
  await expect(card('prod-ams-2')).toHaveAttribute('data-target', 'illegal')
  await expect(page.getByRole('status').filter({ hasText: 'is picked up' })).toContainText('It can follow prod-ams-1')
  await card('prod-ams-1').focus()
  await page.keyboard.press('Space')
  await page.waitForURL(/\/instances\/run\/repoint/)
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)

  await openTree()
  await expect(card('prod-fra-1')).toHaveAttribute('aria-level', '3', { timeout: 60_000 })
  await card('prod-fra-1').dragTo(card('prod-ams-2'))
  await page.waitForURL(/\/instances\/run\/repoint/)
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
})

test('a primary’s host loses power: the emergency asks for the herd’s name, and the old one comes back harmless and is failed back', async ({
  as,
  stack,
}) => {
  test.setTimeout(420_000)
  const page = await as('dana')
  await untilWell(page, stack)
  const id = await openPair(page, 'dev-catalog')
  await stack.lab.powerOff('dev-ams-1')
  await until(
    'the primary to be unreachable',
    async () => (await roleOf(page, 'dev-catalog on dev-ams-1')).startsWith('unreachable'),
    90_000,
  )
  await page.goto(`/dr-pairs/run/failover?ids=${id}`)
  await untilPlanned(page)
  await expect(page.getByRole('region', { name: 'Targets', exact: true })).toContainText(
    /Nothing proves that dev-catalog on dev-ams-1 is down|(is|may be) alive/,
  )
  const overrule = page.getByRole('button', { name: 'Plan without a fence' })
  await until(
    'the missing fence to be the only refusal',
    async () => {
      await page.goto(`/dr-pairs/run/failover?ids=${id}`)
      await untilPlanned(page)
      return overrule.isVisible()
    },
    120_000,
  )
  await expect(page.getByRole('region', { name: 'Targets', exact: true })).toContainText('Promote')
  await expect(overrule).toBeDisabled()
  await page.getByLabel('I know that dev-catalog on dev-ams-1 is off, or cut off from every client.').fill('dev-catalog')
  await overrule.click()
  await expect(page.getByRole('region', { name: 'Confirm' })).toBeVisible({ timeout: 30_000 })
  await confirm(page)
  await untilDone(page)
  await until('the standby to lead', async () => (await roleOf(page, 'dev-catalog on dev-ams-2')) === 'online primary', 60_000)
  await page.goto('/')
  await expect(page.getByText('1 former primary must not start as primary')).toBeVisible({ timeout: 30_000 })

  await stack.lab.powerOn('dev-ams-1')
  await until(
    'the old primary to be stopped and fenced',
    async () => (await roleOf(page, 'dev-catalog on dev-ams-1')).startsWith('stopped'),
    90_000,
  )

  const old = (await instances(page)).find(({ title }) => title === 'dev-catalog on dev-ams-1')!
  const [move] = (await callApi(page, 'GET', '/api/v1/failovers?sort=-startedAt')).body.items as { id: string }[]
  const whoDidIt = page.getByText(/^(Stopped|Barred from starting read-write) by Matriarch/)
  await until(
    'the page of the old primary to say who stopped it',
    async () => {
      await page.goto(`/instances/${old.id}`)
      return whoDidIt.isVisible()
    },
    60_000,
  )
  await page.goto(`/failovers/${move!.id}`)
  await expect(page.getByRole('region', { name: 'What was done on its members since' })).toContainText('Matriarch by itself')

  await page.goto(`/dr-pairs/${id}`)
  const failBack = page.getByRole('region', { name: 'Fail back' })
  await expect(failBack).toContainText(/past the fork at|no rewind is needed/, { timeout: 60_000 })
  const foretold = await failBack.textContent()
  await failBack.getByRole('link', { name: 'Rejoin former primary' }).click()
  await untilPlanned(page)
  const taken = foretold!.includes('pg_rewind') ? /pg_rewind discards that/ : /no rewind is needed/
  await expect(page.getByRole('region', { name: 'Targets', exact: true })).toContainText(taken)
  await confirm(page)
  await untilDone(page)
  await page.goto(`/dr-pairs/${id}`)
  await failBack.getByRole('link', { name: 'Fail back to the former primary' }).click({ timeout: 60_000 })
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
  await until('the first primary to lead again', async () => (await roleOf(page, 'dev-catalog on dev-ams-1')) === 'online primary', 60_000)
})

test('everything in an environment with one host dead is failed over in one run, a verdict for each pair and the names moved, and brought back', async ({
  as,
  stack,
}) => {
  test.setTimeout(480_000)
  const page = await as('dana')
  await untilWell(page, stack)
  const herds = ['prod-billing', 'prod-ledger', 'prod-orders']
  const leadersOf = async () => {
    const primaries = (await instances(page)).filter((one) => one.role === 'primary' && one.state === 'online')
    return herds.map((herd) => primaries.flatMap(({ title }) => (title.startsWith(`${herd} on `) ? [title.split(' on ')[1]] : [])).join())
  }
  /** What the zone's own server answers, asked without the console. */
  const namesLeadTo = async (): Promise<string[]> => {
    const names = herds.map((herd) => stack.lab.fleet.herds.find(({ name }) => name === herd)!.virtualHost)
    const answers = await Promise.all(
      names.map((name) => stack.lab.run(['dig', `@${stack.lab.names().primary.address}`, '+short', name, 'CNAME'])),
    )
    return answers.map(({ stdout }) => stdout.trim().split('.')[0]!)
  }
  const planAll = async (): Promise<void> => {
    await openList(page, '/dr-pairs')
    await tick(page, herds)
    await choose(page, 'Fail over')
    await untilPlanned(page)
  }
  const runAll = async (): Promise<void> => {
    await expectPlan(page, '3 DR pairs will run')
    await confirm(page)
    await untilDone(page)
    expect(await jobStates(page)).toEqual(Object.fromEntries(herds.map((herd) => [herd, 'done'])))
  }
  const before = ['prod-ams-2', 'prod-fra-1', 'prod-ams-1']
  expect(await leadersOf()).toEqual(before)

  await stack.lab.powerOff('prod-fra-1')
  await planAll()
  await expectPlan(page, '1 is excluded')
  const found = (await callApi(page, 'GET', '/api/v1/dr-pairs')).body.items as { id: string; name: string }[]
  const ids = found.filter(({ name }) => herds.includes(name)).map((one) => one.id)
  await until(
    'the plan of all three to pass at a person’s word',
    async () => {
      await page.goto(`/dr-pairs/run/failover?ids=${ids.join(',')}&override=prod-ledger`)
      await untilPlanned(page)
      return (await page.getByRole('region', { name: 'Summary' }).textContent())!.includes('3 DR pairs will run')
    },
    120_000,
  )
  await runAll()
  const after = ['prod-ams-1', 'prod-ams-1', 'prod-ams-2']
  await expect.poll(leadersOf, { timeout: 60_000 }).toEqual(after)
  expect(await namesLeadTo()).toEqual(after)

  await stack.lab.powerOn('prod-fra-1')
  await until(
    'the old primary to be stopped and fenced',
    async () => (await roleOf(page, 'prod-ledger on prod-fra-1')).startsWith('stopped'),
    90_000,
  )
  const { id } = (await instances(page)).find((one) => one.title === 'prod-ledger on prod-fra-1')!
  await page.goto(`/instances/run/rejoin?ids=${id}`)
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
  await untilWell(page, stack)

  await planAll()
  await runAll()
  await expect.poll(leadersOf, { timeout: 60_000 }).toEqual(before)
  expect(await namesLeadTo()).toEqual(before)

  const cascaded = (await instances(page)).find((one) => one.title === 'prod-orders on prod-fra-1')!
  await page.goto(`/instances/run/repoint?ids=${cascaded.id}&upstream=prod-orders%20on%20prod-ams-2`)
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
})
