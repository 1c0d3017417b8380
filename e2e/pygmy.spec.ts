import { axeFaults } from './harness/stack/axe'
import { expectNoWider } from './harness/stack/fits'
import { callApi, expect, loginAs, test } from './harness/stack/fixtures'

test('the page for pygmy’s scripts shows each herd by its number, a sizing rule beside it, and that nobody is let in by a login alone', async ({
  page,
  stack,
}) => {
  await loginAs(page, stack, 'admin')
  expect((await callApi(page, 'GET', '/v1/api/clusters')).status).toBe(401)
  await page.goto('/')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'pygmy scripts' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'pygmy scripts' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Table: clusters' }).getByRole('rowheader', { name: /^\d+$/ }).first()).toBeVisible()
  expect(await axeFaults(page)).toEqual([])
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoWider(page)
  expect(await axeFaults(page)).toEqual([])
})
