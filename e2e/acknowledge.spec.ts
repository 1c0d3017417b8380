import { callApi, expect, test, untilWell } from './harness/stack/fixtures'

test.afterEach(async ({ as, stack }) => {
  for (const { name } of stack.lab.fleet.hosts) await stack.lab.powerOn(name)
  await untilWell(await as('admin'), stack)
})

test('a problem that somebody has taken on moves out of everybody’s way, says who and why, and can be shown again', async ({
  as,
  stack,
}) => {
  const [page, viewer] = [await as('otto'), await as('vera')]
  await page.goto('/')
  await viewer.goto('/')
  await stack.lab.powerOff('dev-ams-2')
  // What is on the host has no lines of its own: the server's line names it.
  const needs = (of: typeof page) => of.locator('.fleet-problems > li', { hasText: 'not answer over SSH' })
  await expect(needs(page)).toBeVisible({ timeout: 60_000 })
  await expect(needs(viewer)).toContainText('dev-catalog on dev-ams-2', { timeout: 30_000 })
  await expect(viewer.getByRole('button', { name: /^Acknowledge/ })).toHaveCount(0)

  await page.getByRole('button', { name: 'Acknowledge: dev-ams-2' }).click()
  const dialog = page.getByRole('dialog', { name: 'Acknowledge: dev-ams-2' })
  await expect(dialog.getByRole('button', { name: 'Acknowledge', exact: true })).toBeDisabled()
  await dialog.getByLabel('What is being done').fill('its power supply is changed')
  await dialog.getByLabel('1 hour').check()
  await dialog.getByRole('button', { name: 'Acknowledge', exact: true }).click()
  await expect(needs(page)).toHaveCount(0)
  await expect(needs(viewer)).toHaveCount(0, { timeout: 30_000 })
  await viewer.getByText('1 acknowledged').click()
  await expect(viewer.locator('.fleet-aside')).toContainText('its power supply is changed')
  await expect(viewer.getByRole('button', { name: /^Show again/ })).toHaveCount(0)

  await page.getByText('1 acknowledged').click()
  await page.getByRole('button', { name: 'Show again: dev-ams-2' }).click()
  await expect(needs(page)).toBeVisible()
  await expect(needs(viewer)).toBeVisible({ timeout: 30_000 })

  await stack.lab.powerOn('dev-ams-2')
  await expect(needs(viewer)).toHaveCount(0, { timeout: 60_000 })
  const { body } = await callApi(page, 'GET', '/api/v1/herds?q=dev-catalog')
  await viewer.goto(`/herds/${(body.items as { id: string }[])[0]!.id}`)
  await viewer.getByRole('link', { name: 'Timeline' }).click()
  await expect(viewer.getByRole('heading', { level: 1 })).toContainText('dev-catalog')
  const outage = viewer.getByRole('row').filter({ hasText: 'Is unreachable, was online' })
  await expect(outage).toContainText('dev-catalog on dev-ams-2')
  await expect(outage).not.toContainText('not ended')
  // On a phone a line is read without scrolling sideways.
  await viewer.setViewportSize({ width: 390, height: 844 })
  const what = outage.getByRole('link', { name: 'Is unreachable' })
  await what.scrollIntoViewIfNeeded()
  await expect(what).toBeInViewport({ ratio: 1 })
  expect(await viewer.getByLabel('Table: timeline').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
  const { body: servers } = await callApi(page, 'GET', '/api/v1/servers?q=dev-ams-2')
  await viewer.goto(`/servers/${(servers.items as { id: string }[])[0]!.id}/timeline`)
  await expect(viewer.getByRole('row').filter({ hasText: 'Acknowledged for 1 h' })).toContainText('otto')
})
