import { axeFaults } from './harness/stack/axe'
import { callApi, expect, signIn, test } from './harness/stack/fixtures'
import { letProofGrowOld } from './harness/stack/proofs'

const password = 'a long enough one for nights'

test('a person adds a passkey, signs in and proves it is them with it after the password, and a copy of it opens nothing', async ({
  as,
  browser,
  stack,
}) => {
  const admin = await as('admin')
  await admin.goto('/people')
  const made = await callApi(admin, 'POST', '/api/v1/people', { userName: 'kim', fullName: 'Kim' })
  expect((await callApi(admin, 'PUT', `/api/v1/people/${made.body.id}/password`, { password })).status).toBeLessThan(300)
  const context = await browser.newContext({ baseURL: stack.facts.url })
  const page = await context.newPage()
  // Chromium's own device: the ceremony is the browser's, the keys are real.
  const devices = await context.newCDPSession(page)
  await devices.send('WebAuthn.enable')
  const plugIn = async () =>
    (
      await devices.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'usb',
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      })
    ).authenticatorId
  const key = await plugIn()
  await page.goto('/login')
  await signIn(page, 'kim', password)
  await page.waitForURL('/')

  await page.goto('/account')
  const add = async (name: string) => {
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a passkey' })
    await dialog.getByLabel('Name').fill(name)
    expect(await axeFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Continue' }).click()
    return dialog
  }
  await add('blue key')
  await expect(page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')).toHaveCount(10)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'blue key' })).toContainText('passkey, added')
  await page.getByRole('button', { name: 'Rename blue key' }).click()
  await page.getByLabel('New name of blue key').fill('key in the safe')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('listitem').filter({ hasText: 'key in the safe' })).toBeVisible()
  await expect((await add('the same again')).getByText('This device has been added before.')).toBeVisible()

  await context.clearCookies()
  await page.goto('/login')
  await signIn(page, 'kim', password)
  const use = page.getByRole('button', { name: 'Use your passkey' })
  await expect(use).toBeVisible()
  expect(await axeFaults(page)).toEqual([])
  const { credentials } = await devices.send('WebAuthn.getCredentials', { authenticatorId: key })
  const count = credentials[0]!.signCount
  await use.click()
  await page.waitForURL('/')
  expect((await devices.send('WebAuthn.getCredentials', { authenticatorId: key })).credentials[0]!.signCount).toBeGreaterThan(count)

  await page.goto('/account')
  await letProofGrowOld(stack, 'kim')
  await page.getByRole('button', { name: 'New recovery codes' }).click()
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await proof.getByLabel('Password of kim').fill(password)
  await page.keyboard.press('Enter')
  await expect(proof.getByRole('button', { name: 'Use your passkey' })).toBeVisible()
  expect(await axeFaults(page)).toEqual([])
  await proof.getByRole('button', { name: 'Use your passkey' }).click()
  await expect(page.getByRole('list', { name: 'Recovery codes' })).toBeVisible()
  await expect(proof).toBeHidden()

  // A copy made before: its count does not go on.
  await devices.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: key })
  const copy = await plugIn()
  await devices.send('WebAuthn.addCredential', { authenticatorId: copy, credential: { ...credentials[0]!, signCount: 0 } })
  await context.clearCookies()
  await page.goto('/login')
  await signIn(page, 'kim', password)
  await use.click()
  await expect(page.getByText('This passkey did not answer for you. Try again, or give a code.')).toBeVisible()
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await context.close()
})
