import type { Page } from '@playwright/test'
import { axeFaults } from './harness/stack/axe'
import { expect, test } from './harness/stack/fixtures'
import { letProofGrowOld } from './harness/stack/proofs'

/** On the provider's own page, which says whom to try. */
const signInThere = async (page: Page, user: string): Promise<void> => {
  const password = (await page.getByText(`${user} · `).textContent())!.split(' · ')[1]!
  await page.getByLabel('User name').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Continue' }).click()
}

test('a person signs in at the identity provider, proves there again who they are without losing what they typed, and is signed out here when they are there', async ({
  browser,
  stack,
}) => {
  const context = await browser.newContext({ baseURL: stack.facts.url, viewport: { width: 390, height: 844 }, hasTouch: true })
  const page = await context.newPage()
  await page.goto('/login?callbackUrl=%2Ftokens%2Fadd')
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: 'Sign in with Playground SSO' }).click()
  await signInThere(page, 'sara')
  await page.waitForURL('/tokens/add')

  await page.getByLabel('Name').fill('nightly-report')
  await letProofGrowOld(stack, 'sara')
  await page.getByRole('button', { name: 'Create token' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await expect(dialog.getByLabel('Password')).toBeHidden()
  expect(await axeFaults(page)).toEqual([])
  const [there] = await Promise.all([
    context.waitForEvent('page'),
    dialog.getByRole('button', { name: 'Sign in with Playground SSO again' }).click(),
  ])
  await signInThere(there, 'sara')
  await expect(page.getByText('The token nightly-report')).toBeVisible()
  await expect.poll(() => there.isClosed()).toBe(true)

  await page.goto('/account')
  await expect(page.getByText('From the identity provider; groups at the last check: matriarch-dbas.')).toBeVisible()
  const other = await context.newPage()
  await other.goto('/api/auth/oidc/end')
  await other.getByRole('button', { name: 'Sign out' }).click()
  await expect(async () => {
    await page.goto('/account')
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible({ timeout: 1_000 })
  }).toPass()
  // Who signs out here is told where they may still be signed in.
  await page.goto('/login?out=1')
  expect(await axeFaults(page)).toEqual([])
  await expect(page.getByRole('link', { name: 'Sign out there, too' })).toHaveAttribute('href', '/api/auth/oidc/end')
  await context.close()
})

test('who gives up at the identity provider, or comes back with somebody else’s answer, is told so on the login page and stays out', async ({
  page,
}) => {
  await page.goto('/api/auth/oidc/callback?state=x&code=y')
  await expect(page.getByText('That took too long, or began in another browser. Sign in again.')).toBeVisible()
  await page.goto('/login?error=auth.rejected%3A%20Call%200900-EVIL')
  await expect(page.getByText('0900')).toBeHidden()
  await page.goto('/proved?error=x')
  await expect(page.getByText('Nothing is confirmed.')).toBeVisible()
  expect(await axeFaults(page)).toEqual([])
})
