import { confirm, expect, expectPlan, planFor, runState, test, titleOf, untilWell } from './harness/stack/fixtures'

test('when something changed after the plan was read, the new plan is shown with the change marked and nothing has run', async ({
  as,
  stack,
}) => {
  const page = await as('dana')
  const standby = stack.members.find(({ environment, role }) => environment === 'dev' && role === 'standby')!
  const primary = stack.members.find(({ environment, role }) => environment === 'dev' && role === 'primary')!
  const cluster = [String(stack.lab.fleet.postgresMajor), 'catalog'] as const
  await planFor(page, 'Restart', [titleOf(primary), titleOf(standby)])
  await expectPlan(page, '2 instances will run')
  const before = await stack.startTimes([primary])

  await stack.lab.hosts.mustExec(standby.host, ['pg_ctlcluster', ...cluster, 'stop', '-m', 'fast'])
  try {
    await page.getByRole('button', { name: 'Restart 2 in DEV' }).click()
    await expect(page.getByRole('alert').filter({ hasText: 'Something changed since you read this plan. Nothing has run.' })).toBeVisible({
      timeout: 30_000,
    })
    const changed = page
      .getByRole('region', { name: 'Targets' })
      .locator('[data-changed]')
      .filter({ has: page.locator('summary').getByText(titleOf(standby), { exact: true }) })
    await expect(changed.getByText('changed', { exact: true })).toBeVisible()
    await expect(changed.getByRole('list', { name: 'What changed since the plan you read' })).not.toBeEmpty()
    await expect(page.getByRole('region', { name: 'Summary' })).toContainText('1 is excluded')
    expect(await stack.startTimes([primary]), 'nothing has run').toEqual(before)
  } finally {
    await stack.lab.hosts.mustExec(standby.host, ['pg_ctlcluster', ...cluster, 'start'])
  }
  await untilWell(page, stack)
})

test('stopping in a protected environment asks for the typed phrase, and Enter fires nothing', async ({ as, stack }) => {
  const page = await as('dana')
  const target = stack.members.find(({ environment, role }) => environment === 'prod' && role === 'standby')!
  const before = await stack.startTimes([target])
  await planFor(page, 'Stop', [titleOf(target)])
  const button = page.getByRole('button', { name: 'Stop 1 in PROD' })
  await expect(button).toBeDisabled()
  await page.keyboard.press('Enter')
  const phrase = page.getByLabel('Type stop 1 in prod to confirm')
  await phrase.fill('stop 2 in prod')
  await expect(page.getByText('This is not the phrase.')).toBeVisible()
  await expect(button).toBeDisabled()
  await phrase.fill('stop 1 in prod')
  await expect(button).toBeEnabled()
  await phrase.press('Enter')
  await page.getByLabel('Reason').press('Enter')
  await expect(page).toHaveURL(/\/instances\/run\/stop\?plan=/)
  await page.goto('/runs?q=stop')
  await expect(page.getByText('No runs', { exact: false }).first()).toBeVisible()
  expect(await stack.startTimes([target])).toEqual(before)
})

test('a reload never asks for a phrase, not even over all of prod', async ({ as, stack }) => {
  const page = await as('dana')
  const prod = stack.members.filter(({ environment }) => environment === 'prod')
  const loadTimes = () => Promise.all(prod.map((member) => stack.ask(member, 'select pg_conf_load_time()')))
  const before = await loadTimes()
  await planFor(page, 'Reload', prod.map(titleOf))
  await expect(page.getByText(/^Type .+ to confirm$/)).toBeHidden()
  await expect(page.getByRole('button', { name: `Reload ${prod.length} in PROD` })).toBeEnabled()
  await confirm(page)
  await expect(runState(page)).toHaveText('done', { timeout: 60_000 })
  const after = await loadTimes()
  for (const [index, member] of prod.entries()) expect(after[index], titleOf(member)).not.toBe(before[index])
})
