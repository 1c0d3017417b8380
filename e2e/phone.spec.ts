import type { Page } from '@playwright/test'
import { callApi, expect, signIn, test } from './harness/stack/fixtures'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true }

test('on a phone a tap on an entry of the menu goes there, and a tap beside the menu closes it', async ({ as }) => {
  const page = await as('admin', phone)
  await page.goto('/')
  const menu = page.getByRole('button', { name: 'Menu' })
  const entries = page.getByRole('navigation', { name: 'Main' })
  await menu.tap()
  await entries.getByRole('link', { name: 'Herds' }).tap()
  await expect(page).toHaveURL(/\/herds$/)
  await expect(page.getByRole('heading', { level: 1, name: 'Herds' })).toBeVisible()
  await expect(menu).toHaveAttribute('aria-expanded', 'false')

  await menu.tap()
  await expect(entries.getByRole('link', { name: 'Servers' })).toBeInViewport()
  await page.touchscreen.tap(370, 600)
  await expect(menu).toHaveAttribute('aria-expanded', 'false')
  await expect(page).toHaveURL(/\/herds$/)

  await menu.tap()
  await page.locator('#side').getByRole('button', { name: 'Find' }).tap()
  await page.getByRole('combobox', { name: /^Find a page/ }).fill('servers')
  await page.getByRole('option', { name: /^Servers/ }).tap()
  await expect(page).toHaveURL(/\/servers$/)
})

const wider = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

test('a value without a blank in the history makes no page wider than its window', async ({ as }) => {
  const page = await as('admin')
  await page.goto('/')
  const { body } = await callApi(page, 'GET', '/api/v1/servers?per=1')
  const [server] = body.items as { id: string }[]
  const note = async (text: string | null): Promise<string | null> => {
    const { body: now } = await callApi(page, 'GET', `/api/v1/servers/${server!.id}`)
    const changed = await callApi(page, 'PATCH', `/api/v1/servers/${server!.id}`, { note: text, revision: now.revision })
    expect(changed.status, JSON.stringify(changed.body)).toBe(200)
    return now.note as string | null
  }
  const before = await note('x'.repeat(300))
  for (const address of [`/servers/${server!.id}`, `/servers/${server!.id}/history`])
    for (const width of [390, 1100, 1400]) {
      await page.setViewportSize({ width, height: 900 })
      await page.goto(address)
      await expect(page.getByText('x'.repeat(300)).first()).toBeVisible()
      expect(await wider(page), `${address} in a window of ${width} px`).toBe(0)
    }
  await note(before)
})

test('the session of a directory’s person, with the full names of its groups, is no wider than a phone', async ({ as, page, stack }) => {
  await page.goto('/login')
  await signIn(page, 'otto', stack.facts.people.otto!)
  await expect(page.getByRole('heading', { level: 1, name: 'Fleet' })).toBeVisible()
  const admin = await as('admin', phone)
  await admin.goto('/')
  const { body } = await callApi(admin, 'GET', '/api/v1/sessions?per=50')
  const ofGroups = (body.items as { id: string; groups: string[] }[]).find(({ groups }) => groups.some((name) => name.startsWith('cn=')))
  await admin.goto(`/sessions/${ofGroups!.id}`)
  await expect(admin.getByText(/^cn=/).first()).toBeVisible()
  expect(await wider(admin)).toBe(0)
})
