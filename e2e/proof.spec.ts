import { axeFaults } from './harness/stack/axe'
import { expect, test } from './harness/stack/fixtures'
import { letProofGrowOld } from './harness/stack/proofs'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true }

test('a token asked for long after the login asks for the password in place, keeps what was typed, and is made once it is right', async ({
  as,
  stack,
}) => {
  const page = await as('admin', phone)
  await page.goto('/tokens/add')
  await page.getByLabel('Name').fill('nightly-report')
  await letProofGrowOld(stack, 'admin')
  const create = page.getByRole('button', { name: 'Create token' })
  await create.click()
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await expect(dialog.getByLabel('Password of admin')).toBeFocused()
  expect(await axeFaults(page)).toEqual([])
  await dialog.getByLabel('Password of admin').fill('not this one')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await expect(dialog.getByText('This password is wrong.')).toBeVisible()

  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('main').getByRole('alert')).toContainText('fresh proof')
  await expect(page.getByLabel('Name')).toHaveValue('nightly-report')

  await create.click()
  await dialog.getByLabel('Password of admin').fill(stack.facts.people.admin!)
  await page.keyboard.press('Enter')
  await expect(page.getByText('The token nightly-report')).toBeVisible()
  await expect(dialog).toBeHidden()
})
