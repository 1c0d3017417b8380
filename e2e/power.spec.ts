import { expect, openList, row, test, titleOf, untilWell } from './harness/stack/fixtures'

test.afterEach(async ({ as, stack }) => {
  for (const { name } of stack.lab.fleet.hosts) await stack.lab.powerOn(name)
  await untilWell(await as('admin'), stack)
})

test('a host without power turns its instances unreachable with their last values kept and aged, and back by itself when it returns', async ({
  as,
  stack,
}) => {
  const page = await as('vera')
  const front = await as('vera')
  const all = stack.members.length
  const dark = stack.members.filter(({ host }) => host === 'prod-fra-1')
  await openList(page, '/instances')
  await front.goto('/')
  await expect(front.getByText(`${all} of ${all} instances`)).toBeVisible()
  await page.evaluate(() => Object.assign(window, { wasNotReloaded: true }))

  await stack.lab.powerOff('prod-fra-1')
  for (const member of dark)
    await expect(row(page, titleOf(member)).getByText('Unreachable', { exact: true })).toBeVisible({ timeout: 60_000 })
  const standby = row(page, 'prod-orders on prod-fra-1')
  await expect(standby.getByText('Standby', { exact: true }), 'the last role is kept').toBeVisible()
  await expect(standby, 'the last version is kept').toContainText('15.')
  await expect(row(page, 'prod-orders on prod-ams-1').getByText('Online', { exact: true })).toBeVisible()
  await expect(front.getByText(`${all - dark.length} of ${all} instances`)).toBeVisible({ timeout: 30_000 })
  await expect(front.getByRole('region', { name: 'Needs attention' }).or(front.locator('.fleet-needs'))).toContainText('prod-ledger')

  await expect(standby).toHaveClass(/stale/, { timeout: 90_000 })
  await standby.getByText('Standby', { exact: true }).hover()
  await expect(standby.locator('td[title^="Standby: seen"]')).toHaveAttribute('title', /seen .+ ago/)

  await stack.lab.powerOn('prod-fra-1')
  for (const member of dark) await expect(row(page, titleOf(member)).getByText('Online', { exact: true })).toBeVisible({ timeout: 60_000 })
  await expect(standby).not.toHaveClass(/stale/)
  await expect(front.getByText(`${all} of ${all} instances`)).toBeVisible({ timeout: 30_000 })
  expect(await page.evaluate(() => 'wasNotReloaded' in window)).toBe(true)
})
