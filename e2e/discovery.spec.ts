import { callApi, choose, confirm, expect, openList, row, test, tick, until, untilDone, untilPlanned } from './harness/stack/fixtures'

test('a cluster nobody registered is found by its host’s agent, accepted from the inbox into a new herd, and lives', async ({
  as,
  stack,
}) => {
  const page = await as('ada')
  stack.lab.runAgent('stage-ams-1')
  await page.goto('/discovery')
  const waiting = page.getByRole('listitem').filter({ hasText: 'preview:5432' })
  await expect(waiting).toBeVisible({ timeout: 60_000 })
  await expect(waiting).toContainText('on stage-ams-1')
  await expect(waiting.getByRole('button', { name: 'Accept' }), 'a herd is never guessed').toBeDisabled()

  await waiting.getByLabel('Herd of preview: existing or new').selectOption('In a new herd')
  await waiting.getByLabel('Name of the new herd for preview').fill('stage-preview')
  await waiting.getByRole('button', { name: 'Accept' }).click()
  await expect(page.getByText('1 accepted.')).toBeVisible()
  await expect(waiting).toBeHidden()

  await openList(page, '/instances')
  const added = row(page, 'stage-preview on stage-ams-1')
  await expect(added.getByText('Online', { exact: true })).toBeVisible({ timeout: 60_000 })
  await expect(added.getByText('Primary', { exact: true })).toBeVisible()
  await expect(added).toContainText('stage')

  // It goes as it came, so that what follows meets the fleet it expects; the agent finds it again.
  await added.getByRole('link', { name: 'stage-preview on stage-ams-1' }).click()
  await page.getByRole('link', { name: 'Delete' }).click()
  await page.getByRole('button', { name: /^Delete/ }).click()
  await expect(page).toHaveURL(/\/instances$/)
  await openList(page, '/herds')
  await row(page, 'stage-preview').getByRole('link', { name: 'stage-preview' }).click()
  await page.getByRole('link', { name: 'Delete' }).click()
  await page.getByRole('button', { name: /^Delete/ }).click()
  await expect(page).toHaveURL(/\/herds$/)
  stack.lab.runAgent('stage-ams-1')
  await page.goto('/discovery')
  await expect(page.getByRole('listitem').filter({ hasText: 'preview:5432' })).toBeVisible({ timeout: 60_000 })
})

test('a PgBouncer nobody registered is found on its host, told with the herd it points to while the inbox is open, taken in, and its file managed again', async ({
  as,
  stack,
}) => {
  const page = await as('dana')
  await openList(page, '/poolers')
  await row(page, 'pgbouncer on dev-ams-2').getByRole('link', { name: 'pgbouncer on dev-ams-2' }).click()
  await page.getByRole('link', { name: 'Delete' }).click()
  await page.getByRole('button', { name: /^Delete/ }).click()
  await expect(page).toHaveURL(/\/poolers$/)

  // The report comes after the page was made and before its stream is there.
  let letStream = () => {}
  const reported = new Promise<void>((resolve) => {
    letStream = resolve
  })
  await page.route('**/api/live/**', async (route) => {
    await reported
    await route.continue()
  })
  await page.goto('/discovery')
  stack.lab.runAgent('dev-ams-2')
  const found = '/api/v1/discovered-poolers?inbox=new&q=dev-ams-2'
  await until('the report of its agent', async () => (await callApi(page, 'GET', found)).body.total === 1, 60_000)
  letStream()
  const waiting = page.getByRole('listitem').filter({ hasText: 'pgbouncer:6432 on dev-ams-2' })
  await expect(waiting).toBeVisible({ timeout: 60_000 })
  await expect(waiting).toContainText('Its database points to herd dev-catalog.')
  await waiting.getByRole('button', { name: 'Accept' }).click()
  await expect(page.getByText('1 accepted.')).toBeVisible()
  await openList(page, '/poolers')
  const taken = row(page, 'pgbouncer on dev-ams-2')
  await expect(taken.getByText('Online', { exact: true })).toBeVisible({ timeout: 30_000 })
  await expect(taken).toContainText('Points to the primary')

  await tick(page, ['pgbouncer on dev-ams-2'])
  await choose(page, 'Repoint')
  await untilPlanned(page)
  await confirm(page)
  await untilDone(page)
})
