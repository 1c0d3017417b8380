import { axeFaults } from './harness/stack/axe'
import { expectNoWider } from './harness/stack/fits'
import { expect, instances, test, titleOf } from './harness/stack/fixtures'

test('load on a server moves its chart without a reload, a key reads what was, and a chosen time is in the link', async ({ as, stack }) => {
  const page = await as('vera')
  const primary = stack.members.find((member) => member.role === 'primary' && member.environment === 'dev')!
  const target = (await instances(page, 'role=primary')).find(({ title }) => title === titleOf(primary))!
  await page.goto(`/instances/${target.id}`)
  await page.getByRole('link', { name: 'Charts' }).click()
  const commits = page.getByRole('region', { name: 'Commits and rollbacks', exact: true })
  const newest = commits.locator('.chart-figures')
  await expect(newest).toContainText(/Commits [\d.]+\/s/, { timeout: 60_000 })
  await stack.lab.hosts.exec(
    primary.host,
    ['psql', '-X', '-p', String(primary.port), '-qc', 'do $$ begin for n in 1..20000 loop commit; perform 1; end loop; end $$'],
    { timeoutMs: 60_000 },
  )

  await commits.getByText('Table').click()
  await expect(commits.getByRole('cell', { name: /^[\d,]{3,}\/s$/ }).first()).toBeVisible({ timeout: 90_000 })
  expect(await axeFaults(page)).toEqual([])
  const chart = commits.getByRole('slider')
  await chart.press('ArrowLeft')
  await expect(newest).not.toContainText('newest')
  // One cross-hair goes through all charts.
  await expect(page.getByRole('region', { name: 'Sessions', exact: true }).locator('.chart-figures')).not.toContainText('newest')
  await chart.press('+')
  await expect(page).toHaveURL(/from=.*&to=/)
  await page.getByRole('button', { name: '6 hours' }).click()
  await expect(page).toHaveURL(/range=6h/)
  await page.setViewportSize({ width: 390, height: 844 })
  await expect(commits).toBeVisible()
  await expectNoWider(page)
})

test('the front page draws each environment over time, fits a phone, and a list shows the last day of a figure in a column of its own', async ({
  as,
  stack,
}) => {
  const page = await as('vera')
  await page.goto('/')
  await page.getByRole('heading', { name: 'Over time' }).scrollIntoViewIfNeeded()
  const seen = page.getByRole('region', { name: 'Instances sampled', exact: true })
  const ofDev = stack.members.filter(({ environment }) => environment === 'dev').length
  await expect(seen.locator('.chart-figures')).toContainText(new RegExp(`dev ${ofDev}\\b`), { timeout: 150_000 })
  expect(await axeFaults(page)).toEqual([])
  await page.setViewportSize({ width: 390, height: 844 })
  await expect(seen).toBeVisible()
  await expectNoWider(page)

  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto('/instances?environment=dev')
  await page.getByRole('button', { name: 'Columns' }).click()
  const dialog = page.getByRole('dialog', { name: 'Columns' })
  await dialog.getByText('Commits, 24 h').click()
  await dialog.getByRole('button', { name: 'Show these' }).click()
  await expect(page.getByRole('img', { name: /^Commits, 24 h: now [\d.,]+\/s, lowest .*, highest / }).first()).toBeVisible()
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('button', { name: 'Back to the default' }).click()
})
