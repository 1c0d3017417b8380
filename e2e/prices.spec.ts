import type { Page } from '@playwright/test'
import { expectFits } from './harness/stack/fits'
import { expect, test } from './harness/stack/fixtures'

const offers = (page: Page) => page.getByRole('region', { name: 'Table: offers' })

test('the cheapest fitting machines are found by filters that stay in the address, compared with RDS, and each other type says why it does not fit', async ({
  as,
}) => {
  const page = await as('admin')
  await page.goto('/')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Prices' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Prices' })).toBeVisible()
  // A worker reads them right after the start; nothing is of the sample then.
  await expect(async () => {
    await page.reload()
    await expect(page.getByText(/[Ss]ample of/)).toHaveCount(0, { timeout: 1000 })
  }).toPass({ timeout: 90_000 })

  await page.getByLabel('vCPUs, at least').fill('4')
  await page.getByLabel('Memory, at least (GiB)').fill('16')
  await page.getByLabel('Storage (GB)').fill('100')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page).toHaveURL(/vcpusMin=4&memoryGibMin=16/)
  await expect(offers(page).getByRole('row').nth(1)).toContainText(/\/h.*%.*\$\d+\.\d{2}100$/)
  await expect(offers(page).getByRole('img').first()).toBeVisible()
  await expect(page.getByText(/adjusted price = spot price × \(1 \+ 2 × highest eviction rate\)/)).toBeVisible()
  const compared = page.getByRole('region', { name: 'Table: comparison' })
  await expect(compared.getByRole('row', { name: /^Spot machine/ })).toContainText(/\d+ % less/)
  await expectFits(page)

  await page.getByLabel('Strategy').selectOption('cheapest')
  await expect(page).toHaveURL(/strategy=cheapest/)
  await expect(page.getByText('The eviction rate has no weight.')).toBeVisible()
  const hourly = (await offers(page).locator('tbody td:nth-child(7)').allTextContents()).map((text) =>
    Number(/\$([\d.]+)\/h/.exec(text)![1]),
  )
  expect(hourly.length).toBeGreaterThan(10)
  expect(hourly).toEqual(hourly.toSorted((a, b) => a - b))
  await page.reload()
  await expect(page.getByLabel('vCPUs, at least')).toHaveValue('4')

  await page.getByRole('link', { name: /types do not fit/ }).click()
  const unfit = page.getByRole('region', { name: 'Table: types that do not fit' })
  await expect(unfit.getByRole('row', { name: /^c5\.large/ })).toContainText('2 vCPUs, fewer than 4')
  await expectFits(page)

  await page.goto('/prices?vcpusMax=many')
  await expect(page.getByText('Write a whole number from 1 to 4096.')).toBeVisible()
  await expectFits(page)
})

test('on a phone the requirements are typed, and the offers scroll inside their table', async ({ as }) => {
  const page = await as('admin', { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'dark' })
  await page.goto('/prices?vcpusMin=8')
  await page.getByLabel('Regions').fill('eu-west-1')
  await page.getByRole('button', { name: 'Show' }).tap()
  await expect(page).toHaveURL(/regions=eu-west-1/)
  await expect(offers(page).getByRole('row').nth(1)).toContainText('eu-west-1')
  expect(await offers(page).evaluate((table) => table.scrollWidth > table.clientWidth)).toBe(true)
  await expectFits(page)
})
