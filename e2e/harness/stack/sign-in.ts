import type { Page } from '@playwright/test'

/** Fills the login page and sends it; the caller says which page must follow. */
export const signInTo = async (page: Page, user: string, password: string): Promise<void> => {
  await page.getByLabel('User name').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}
