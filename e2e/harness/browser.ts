import { expect, type Page } from '@playwright/test'
import { stackFacts } from './global-setup'

/** The playground's directory has one of each: see lib/playground/fleets. */
const directoryPeople = { viewer: 'vera' } as const

/** For `test.use({ baseURL })`; undefined while tests are only listed. */
export const stackUrl = (): string | undefined => stackFacts()?.url

/** Signs in through the login page, as the break-glass administrator or as one of the playground's people. */
export const signIn = async (page: Page, who: 'admin' | keyof typeof directoryPeople = 'admin'): Promise<void> => {
  const { admin, people } = stackFacts()
  const user = who === 'admin' ? admin.user : directoryPeople[who]
  const password = who === 'admin' ? admin.password : people[user]
  if (password === undefined) throw new Error(`The playground's directory has no ${user}.`)
  await page.context().clearCookies()
  await page.goto('/login')
  await page.getByLabel('User name').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeAttached()
}
