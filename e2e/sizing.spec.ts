import type { Page } from '@playwright/test'
import { axeFaults } from './harness/stack/axe'
import { expectNoWider } from './harness/stack/fits'
import { callApi, expect, instances, loginAs, test } from './harness/stack/fixtures'

test.beforeEach(async ({ page, stack }) => loginAs(page, stack, 'admin'))

test.afterEach(async ({ page }) => {
  for (const path of ['sizing-rules', 'calendars']) {
    const { body } = await callApi(page, 'GET', `/api/v1/${path}?name=~e2e`)
    for (const { id } of body.items as { id: string }[]) await callApi(page, 'DELETE', `/api/v1/${path}/${id}`)
  }
  const limits = await callApi(page, 'GET', '/api/v1/sizing-limits?region=eu-central-1')
  for (const { id } of limits.body.items as { id: string }[]) await callApi(page, 'DELETE', `/api/v1/sizing-limits/${id}`)
})

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click()

const isFineOnAPhone = async (page: Page) => {
  expect(await axeFaults(page)).toEqual([])
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoWider(page)
  expect(await axeFaults(page)).toEqual([])
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('a rule with two conditions is written with what is wrong said beside its field, shows its next ten runs and a dry run, and run by hand says why it did nothing', async ({
  page,
}) => {
  const [standby] = await instances(page, 'role=standby')
  const herd = await callApi(page, 'GET', `/api/v1/herds/${String(standby!.herdId)}`)
  await page.goto('/sizing-rules/add')
  await page.getByRole('textbox', { name: 'Name', exact: false }).first().fill('e2e shrink at night')
  await page.getByRole('combobox', { name: 'Herd' }).click()
  await page.getByRole('combobox', { name: 'Herd' }).fill(String(herd.body.title))
  await page
    .getByRole('option', { name: String(herd.body.title) })
    .first()
    .click()
  await page.getByLabel('Action').selectOption({ label: 'Shrink' })
  await page.getByRole('textbox', { name: 'Type', exact: true }).fill('m5.large')
  await page.getByRole('textbox', { name: 'Schedules' }).fill('22:30\n0/5 25 * * *')
  await page.getByRole('textbox', { name: 'Time zone' }).fill('Europe/Berlin')
  await page.getByRole('textbox', { name: 'Conditions' }).fill('lagSeconds < 60 and actve < 5')
  await save(page)
  await expect(page.getByRole('alert').filter({ hasText: '“25” is out of range' }).first()).toBeVisible()
  await expect(page.getByRole('alert').filter({ hasText: '“actve” is no figure' }).first()).toBeVisible()
  await page.getByRole('textbox', { name: 'Schedules' }).fill('22:30')
  await page.getByRole('textbox', { name: 'Conditions' }).fill('lagSeconds < 60 and active < 500')
  await save(page)
  await expect(page.getByRole('heading', { level: 1, name: 'e2e shrink at night' })).toBeVisible()

  await expect(page.getByRole('listitem').filter({ hasText: /22:30 Europe\/Berlin$/ })).toHaveCount(10)
  await page.getByRole('button', { name: 'Dry run over 7 days' }).click()
  await expect(page.getByRole('region', { name: 'Dry run', exact: true })).toContainText('In the last 7 days it was due')
  await isFineOnAPhone(page)

  await page.getByRole('button', { name: 'Run now' }).click()
  await page.getByRole('link', { name: 'The decision', exact: true }).click()
  await expect(page.getByRole('heading', { level: 2, name: 'Members' })).toBeVisible()
  await expect
    .poll(async () => {
      await page.reload()
      return page.getByText('No machine of a cloud account is tied to its server.').count()
    })
    .toBeGreaterThan(0)
  await isFineOnAPhone(page)
})

test('a calendar says which of its lines is wrong, and is saved once it is right', async ({ page }) => {
  await page.goto('/calendars/add')
  await page.getByRole('textbox', { name: 'Name' }).fill('e2e quarter ends')
  await page.getByRole('textbox', { name: 'Dates' }).fill('03-31\n06-31')
  await save(page)
  await expect(page.getByRole('alert').filter({ hasText: '“06-31”: there is no such day.' }).first()).toBeVisible()
  await page.getByRole('textbox', { name: 'Dates' }).fill('03-31\n06-30')
  await save(page)
  await expect(page.getByRole('heading', { level: 1, name: 'e2e quarter ends' })).toBeVisible()
  await isFineOnAPhone(page)
})

test('a limit is set for a region, and the pages of savings and recommendations say what they have, or why they have nothing', async ({
  page,
}) => {
  await page.goto('/sizing-limits/add')
  await page.getByRole('textbox', { name: 'Region' }).fill('Frankfurt')
  await page.getByRole('textbox', { name: 'Herds at once' }).fill('3')
  await save(page)
  await expect(page.getByRole('alert').filter({ hasText: 'Write a region as AWS does' }).first()).toBeVisible()
  await page.getByRole('textbox', { name: 'Region' }).fill('eu-central-1')
  await save(page)
  await expect(page.getByRole('heading', { level: 1, name: 'eu-central-1' })).toBeVisible()

  await page.goto('/savings?from=2026-13')
  const refusal = page.getByRole('alert').filter({ hasText: 'is a month such as 2026-11' })
  await expect(refusal).toBeVisible()
  await page.getByRole('link', { name: 'This month' }).click()
  // Both pages have the heading; between them there is no title.
  await expect(refusal).toBeHidden()
  await expect(page.getByRole('heading', { level: 1, name: 'Savings' })).toBeVisible()
  await isFineOnAPhone(page)
  await page.goto('/sizing-recommendations')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await isFineOnAPhone(page)
})
