import { expectFits } from './harness/stack/fits'
import { expect, test } from './harness/stack/fixtures'

test('a manifest of pg-spot-operator becomes a blueprint, a mistyped key is named first, and beside its form stands what fits and what a change does', async ({
  as,
}) => {
  const page = await as('admin')
  await page.goto('/blueprints')
  await page.getByRole('link', { name: 'Import' }).click()
  const text = page.getByLabel('Manifest, flags or variables')
  await text.fill('pg_spot_operator --instance-name imported --region eu-central-1 --cpu-mim 2 --ram-min 8 --storage-min 100 --stripes 4')
  await page.getByRole('button', { name: 'Read' }).click()
  const keys = page.getByRole('region', { name: 'Table: imported keys' })
  await expect(keys.getByRole('row', { name: /--cpu-mim/ })).toContainText('Did you mean --cpu-min?')
  await expect(keys.getByRole('row', { name: /--stripes/ })).toContainText('Kept, no effect')
  await expect(page.getByRole('button', { name: 'Add blueprint' })).toBeDisabled()
  await expectFits(page)
  await text.fill((await text.inputValue()).replace('--cpu-mim', '--cpu-min'))
  await page.getByRole('button', { name: 'Read' }).click()
  await page.getByRole('button', { name: 'Add blueprint' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Edit imported' })).toBeVisible()

  const card = page.getByRole('region', { name: 'Price and fit' })
  await expect(card.getByRole('region', { name: 'Table: machines that fit' }).getByRole('row').nth(1)).toBeVisible()
  await page.getByLabel('vCPUs, at least').fill('4000')
  await expect(card.getByText('No machine type fits.')).toBeVisible()
  await expect(card.getByText(/fewer than 4000/).first()).toBeVisible()
  await expect(card.getByRole('region', { name: 'What the change does' })).toContainText('Nothing is launched from it yet.')
  await expectFits(page)
  await page.getByLabel('vCPUs, at least').fill('4')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'imported' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Price and fit' }).getByText(/a month for 1 machine/)).toBeVisible()
  await expectFits(page)

  await page.goto('/prices?vcpusMin=4&allowsBurstable=true&regions=eu-central-1')
  await page.getByRole('link', { name: 'Blueprint of these requirements' }).click()
  await expect(page.getByLabel('vCPUs, at least')).toHaveValue('4')
  await expect(page.getByLabel('Burstable types, too')).toBeChecked()
  await expect(page.getByLabel('Regions')).toHaveValue('eu-central-1')
})
