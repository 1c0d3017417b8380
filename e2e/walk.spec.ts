import {
  confirm,
  expect,
  expectPlan,
  jobStates,
  openList,
  planAgain,
  row,
  runState,
  signIn,
  test,
  titleOf,
  untilPlanned,
  untilWell,
} from './harness/stack/fixtures'

test('a newcomer logs in and sees every instance of the fleet live within seconds', async ({ page, stack }) => {
  await page.goto('/')
  await expect(page).toHaveURL(/\/login/)
  await signIn(page, 'admin', stack.facts.people.admin!)
  await expect(page.getByRole('heading', { level: 1, name: 'Fleet' })).toBeVisible()
  await expect(page.getByText(`${stack.members.length} of ${stack.members.length} instances`)).toBeVisible()
  await page.getByRole('link', { name: 'Instances', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Instances' })).toBeVisible()
  for (const member of stack.members) await expect(row(page, titleOf(member)).getByText('Online', { exact: true })).toBeVisible()
  await expect(page.locator('table.sheet tbody tr.stale')).toHaveCount(0)
  await row(page, 'prod-orders on prod-fra-1').getByText('Online', { exact: true }).hover()
  await expect(row(page, 'prod-orders on prod-fra-1').locator('td[title*="seen"]')).toHaveAttribute('title', /^Online: seen .+ ago, .+UTC$/)
})

test('the standbys of prod are found in the sidebar, ticked together, restarted with a plan, and each has a new postmaster', async ({
  as,
  stack,
}) => {
  const page = await as('dana')
  const standbys = stack.members.filter(({ environment, role }) => environment === 'prod' && role === 'standby')
  const others = stack.members.filter((member) => !standbys.includes(member))
  const before = await stack.startTimes()

  await openList(page, '/instances')
  const filters = page.getByRole('complementary', { name: 'Filters' })
  await filters.getByRole('group', { name: 'Environment' }).getByLabel('prod').check()
  await filters.getByRole('group', { name: 'Role' }).getByLabel('Standby').check()
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText(`1–${standbys.length} of ${standbys.length} instances`)
  await expect(page).toHaveURL(/role=standby/)
  await expect(page).toHaveURL(/environmentId=/)

  await page.getByLabel('Select every row of this page').check()
  await expect(page.getByRole('region', { name: 'Selection' })).toContainText(`${standbys.length} instances selected`)
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: `Restart ${standbys.length}…` }).click()

  await untilPlanned(page)
  await expectPlan(page, `${standbys.length} instances will run`)
  const first = page
    .getByRole('region', { name: 'Targets' })
    .getByRole('listitem')
    .filter({ hasText: titleOf(standbys[0]!) })
    .first()
  await first.locator('summary').first().click()
  await expect(first.getByRole('heading', { name: 'Checks' })).toBeVisible()
  await expect(first.locator('.plan-gates li').first()).toContainText(/pass|warning/)
  await first
    .getByText(/exact command/)
    .first()
    .click()
  await expect(first.locator('.plan-commands').first()).toContainText(/pg_ctl/)
  expect(await stack.startTimes(), 'a plan changes nothing').toEqual(before)

  const button = page.getByRole('button', { name: `Restart ${standbys.length} in PROD` })
  await expect(button, 'a protected environment asks for its phrase').toBeDisabled()
  await page.getByLabel(`Type restart ${standbys.length} in prod to confirm`).fill(`restart ${standbys.length} in prod`)
  await expect(button).toBeEnabled()
  await confirm(page)
  await expect(runState(page)).toHaveText('done', { timeout: 60_000 })
  expect(await jobStates(page)).toEqual(Object.fromEntries(standbys.map((member) => [titleOf(member), 'done'])))

  const after = await stack.startTimes()
  for (const member of standbys)
    expect(after[titleOf(member)]! > before[titleOf(member)]!, `${titleOf(member)} has a new postmaster`).toBe(true)
  for (const member of others) expect(after[titleOf(member)], `${titleOf(member)} was left alone`).toBe(before[titleOf(member)])
  await untilWell(page, stack)
})

test('a run cancelled in the middle stops at a safe point and leaves no instance stopped', async ({ as, stack }) => {
  const page = await as('dana')
  await openList(page, '/instances')
  await page.getByLabel('Select every row of this page').check()
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: `Restart ${stack.members.length}…` }).click()
  await untilPlanned(page)
  await page.getByText('Options', { exact: true }).click()
  await page.getByLabel('Targets in parallel', { exact: true }).fill('1')
  await planAgain(page)
  const before = await stack.startTimes()
  await confirm(page)
  const progress = page.getByRole('progressbar', { name: 'Progress of the run' })
  await expect(progress).not.toHaveAttribute('aria-valuenow', '0', { timeout: 60_000 })
  await page.getByRole('button', { name: 'Cancel the run …' }).click()
  await expect(page.getByText('What Cancel does')).toBeVisible()
  await page.getByRole('button', { name: 'Cancel the rest' }).click()
  await expect(runState(page)).toHaveText('cancelled', { timeout: 60_000 })

  const states = await jobStates(page)
  const restarted = Object.keys(states).filter((title) => states[title] === 'done')
  expect(restarted.length).toBeGreaterThan(0)
  expect(restarted.length).toBeLessThan(stack.members.length)
  expect(new Set(Object.values(states))).toEqual(new Set(['done', 'cancelled']))
  const after = await stack.startTimes()
  for (const title of Object.keys(before))
    if (restarted.includes(title)) expect(after[title]! > before[title]!, `${title} was restarted`).toBe(true)
    else expect(after[title], `${title} was not touched`).toBe(before[title])
  await untilWell(page, stack)
})
