import { expect, type Page } from '@playwright/test'

/** The part of `StackFacts` that specs need which look at the console alone, and not at its hosts. */
interface Console {
  url: string
  people: Record<string, string>
}
const console = (): Console | null => JSON.parse(process.env.MATRIARCH_E2E ?? 'null') as Console | null

/** For `test.use({ baseURL })`; undefined while tests are only listed. */
export const stackUrl = (): string | undefined => console()?.url

/** Signs in through the login page: the break-glass administrator, or a viewer of every environment from the playground's directory. */
export const signIn = async (page: Page, who: 'admin' | 'vera' = 'admin'): Promise<void> => {
  const password = console()?.people[who]
  if (password === undefined) throw new Error(`The playground has no ${who}.`)
  await page.context().clearCookies()
  await page.goto('/login')
  await page.getByLabel('User name').fill(who)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeAttached()
}
