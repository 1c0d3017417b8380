import { codeAt } from '@/lib/auth/totp'
import { axeFaults } from './harness/stack/axe'
import { callApi, expect, signIn, test } from './harness/stack/fixtures'

const password = 'a long enough one for nights'
/** What the app shows half a minute on: each code counts once. */
const code = (key: string, inSeconds = 0) => codeAt(key.replaceAll(/\s/g, ''), new Date(Date.now() + inSeconds * 1000))

test('a person adds an authenticator app, signs in with its code or a recovery code, and an administrator resets it when it is lost', async ({
  as,
  browser,
  stack,
}) => {
  const admin = await as('admin')
  await admin.goto('/people')
  const made = await callApi(admin, 'POST', '/api/v1/people', { userName: 'fay', fullName: 'Fay' })
  const id = String(made.body.id)
  expect((await callApi(admin, 'PUT', `/api/v1/people/${id}/password`, { password })).status).toBeLessThan(300)
  const context = await browser.newContext({ baseURL: stack.facts.url, viewport: { width: 390, height: 844 }, hasTouch: true })
  const page = await context.newPage()
  await page.goto('/login')
  await signIn(page, 'fay', password)
  await page.waitForURL('/')

  await page.goto('/account')
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add an authenticator app' })
  await dialog.getByLabel('Name').fill('phone')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await expect(dialog.getByRole('img', { name: 'QR code' })).toBeVisible()
  expect(await axeFaults(page)).toEqual([])
  const key = (await dialog.getByText(/^([A-Z2-7]{4} ?){8}$/).textContent())!
  await dialog.getByLabel('Code of your second factor').fill('000000')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await expect(dialog.getByText('is wrong')).toBeVisible()
  await dialog.getByLabel('Code of your second factor').fill(code(key))
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  const codes = page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')
  await expect(codes).toHaveCount(10)
  expect(await axeFaults(page)).toEqual([])
  const recovery = (await codes.first().textContent())!
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await expect(page.getByText('10 recovery codes are left.')).toBeVisible()

  await context.clearCookies()
  await page.goto('/login')
  await signIn(page, 'fay', password)
  const asked = page.getByLabel('Code of your second factor')
  await expect(asked).toBeFocused()
  expect(await axeFaults(page)).toEqual([])
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Sign in' }), 'the password opens nothing').toBeVisible()
  await signIn(page, 'fay', password)
  await asked.fill('111111')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByText('This code is wrong, or was used before.')).toBeVisible()
  await asked.fill(code(key, 30))
  await page.keyboard.press('Enter')
  await page.waitForURL('/')

  await context.clearCookies()
  await page.goto('/login?callbackUrl=%2Faccount')
  await signIn(page, 'fay', password)
  await asked.fill(recovery)
  await page.keyboard.press('Enter')
  await expect(page.getByText('9 recovery codes are left.')).toBeVisible()

  await admin.goto(`/people/${id}/access`)
  await admin.getByRole('button', { name: 'Reset second factors' }).click()
  await admin.getByRole('button', { name: 'Reset second factors of fay' }).click()
  await expect(admin.getByText('No second factor: the password alone signs fay in')).toBeVisible()
  await page.reload()
  await signIn(page, 'fay', password)
  await expect(page.getByText('No second factor')).toBeVisible()
  await context.close()
})
