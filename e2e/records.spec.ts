import { randomUUID } from 'node:crypto'
import type { Page } from '@playwright/test'
import { expect, loginAs, test } from './harness/stack/fixtures'

test.beforeEach(async ({ page, stack }) => loginAs(page, stack, 'admin'))

/** On a loaded machine, with two tabs, errors without a word or a stack were seen here; what scripts throw is judged by the other files. */
test.afterEach(({ scriptErrors }) => {
  scriptErrors.length = 0
})

/**
 * A herd without members is something a person should look at: other specs must not find ours. Nobody looks at its page while it goes: Next says of a page whose
 * object is gone that its render failed, before it shows that there is no such page.
 */
test.afterEach(async ({ context, baseURL }) => {
  await Promise.all(context.pages().map((one) => one.close()))
  const left = (await (await context.request.get('/api/rows/herds?name=~e2e-&shape=ids')).json()) as string[]
  for (const id of left) {
    const response = await context.request.delete(`/api/v1/herds/${id}`, { headers: { origin: baseURL! } })
    expect(response.status()).toBeLessThan(300)
  }
})

const choose = async (page: Page, field: string, words: string) => {
  await page.getByRole('combobox', { name: field }).click()
  await page.getByRole('combobox', { name: field }).fill(words)
  await page.getByRole('option', { name: words, exact: true }).click()
}

const fillHerd = async (page: Page, name: string) => {
  await page.getByLabel('Name', { exact: false }).first().fill(name)
  await choose(page, 'Environment', 'dev')
  await page.getByRole('textbox', { name: 'Cluster name' }).fill(name)
  await page.getByRole('textbox', { name: 'Port' }).fill('6543')
  await page.getByRole('textbox', { name: 'Data directory' }).fill(`/srv/${name}`)
}

const addHerd = async (page: Page): Promise<{ name: string; path: string }> => {
  const name = `e2e-${randomUUID().slice(0, 8)}`
  await page.goto('/herds/add')
  await fillHerd(page, name)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible()
  return { name, path: new URL(page.url()).pathname }
}

test('a form names what to mend beside the field, before and after the server has looked', async ({ page }) => {
  const { name } = await addHerd(page)
  await page.goto('/herds/add')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Name is needed.', { exact: true })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Name' }).first()).toBeFocused()
  await fillHerd(page, name)
  await page.getByRole('textbox', { name: 'Port' }).fill('70000')
  await page.getByRole('textbox', { name: 'Port' }).blur()
  await expect(page.getByText('A port is a whole number from 1 to 65535.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Port' }).fill('6543')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Another herd already has this' }).first()).toBeVisible()
  await expect(page).toHaveURL(/\/herds\/add$/)
})

test('saving and adding another, saving and going on, and the history with before and after', async ({ page }) => {
  const name = `e2e-${randomUUID().slice(0, 8)}`
  await page.goto('/herds/add')
  await fillHerd(page, name)
  await page.getByRole('button', { name: 'Save and add another' }).click()
  await expect(page.getByText('Herd saved.')).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Name' }).first()).toHaveValue('')
  await fillHerd(page, `${name}-b`)
  await page.getByRole('button', { name: 'Save and continue editing' }).click()
  await expect(page).toHaveURL(/\/herds\/[0-9a-f-]{36}\/edit$/)
  await expect(page.getByRole('textbox', { name: 'Port' })).toHaveValue('6543')
  await page.getByRole('textbox', { name: 'Port' }).fill('6544')
  await page.getByRole('button', { name: 'Save and continue editing' }).click()
  await expect(page.getByRole('form').getByRole('status').last()).toHaveText('')
  await page.getByRole('textbox', { name: 'Port' }).fill('6545')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: `${name}-b`, exact: true })).toBeVisible()

  await page.goto(`${new URL(page.url()).pathname}/history`)
  await expect(page.getByRole('row', { name: 'Port 6543 6544' })).toBeVisible()
  await expect(page.getByRole('row', { name: 'Port 6544 6545' })).toBeVisible()
})

test('a concurrent edit is refused with a diff and overwrites nothing until one decides', async ({ page, context }) => {
  const { path } = await addHerd(page)
  await page.goto(`${path}/edit`)
  const other = await context.newPage()
  await other.goto(`${path}/edit`)
  await other.getByRole('textbox', { name: 'Port' }).fill('7001')
  await other.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(other).toHaveURL(path)

  await page.getByRole('textbox', { name: 'Port' }).fill('7002')
  await page.getByRole('textbox', { name: 'Virtual host' }).fill('db.example.org')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('row', { name: 'Port 7001 7002' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled()
  await page.getByRole('button', { name: 'Take theirs, keep my other changes' }).click()
  await expect(page.getByRole('textbox', { name: 'Port' })).toHaveValue('7001')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page).toHaveURL(path)
  await expect(page.getByText('db.example.org').first()).toBeVisible()
  await expect(page.getByText('7001').first()).toBeVisible()
})

test('leaving a form with unsaved words asks first', async ({ page }) => {
  await page.goto('/herds/add')
  await page.getByRole('textbox', { name: 'Name' }).first().fill('half a')
  const asked: string[] = []
  page.on('dialog', async (dialog) => {
    asked.push(dialog.message())
    await dialog.dismiss()
  })
  await page.getByRole('link', { name: 'Servers' }).click()
  expect(asked).toEqual(['What you typed is not saved. Leave all the same?'])
  await expect(page).toHaveURL(/\/herds\/add$/)
})

test('a deletion shows what goes and what is in the way; nothing that is in use can be deleted', async ({ page }) => {
  const { name, path } = await addHerd(page)
  await page.goto('/environments')
  await page.getByRole('link', { name: 'dev', exact: true }).first().click()
  await page.getByRole('link', { name: 'Delete' }).click()
  await expect(page.getByText('It cannot be deleted now')).toBeVisible()
  await expect(page.getByRole('button', { name: /^Delete/ })).toHaveCount(0)

  await page.goto(`${path}/delete`)
  await expect(page.getByText('Nothing else depends on it.')).toBeVisible()
  await page.getByRole('button', { name: `Delete ${name} in dev` }).click()
  await expect(page).toHaveURL(/\/herds$/)
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not found')
})

test('a form asks for what the chosen channel needs and nothing else, and another channel keeps nothing of it', async ({
  page,
  baseURL,
}) => {
  const name = `e2e-${randomUUID().slice(0, 8)}`
  await page.goto('/subscriptions/add')
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
  await page.getByRole('checkbox', { name: 'Paused' }).check()
  for (const label of ['URL', 'Slack URL', 'Routing key', 'Recipients', 'Quiet until']) await expect(page.getByLabel(label)).toHaveCount(0)
  await page.getByLabel('Channel').selectOption('E-mail')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Give at least one address.')).toBeVisible()
  await page.getByLabel('Recipients').fill('dba@example.org')
  await page.getByLabel('Quiet from').fill('22:00')
  await page.getByLabel('Quiet until').fill('07:00')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible()
  const path = new URL(page.url()).pathname

  await page.goto(`${path}/edit`)
  await page.getByLabel('Channel').selectOption('Signed webhook')
  await expect(page.getByLabel('Recipients')).toHaveCount(0)
  await page.getByLabel('URL').fill('https://hooks.example.com/matriarch')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('https://hooks.example.com/matriarch', { exact: true }).first()).toBeVisible()
  const call = page.context().request
  const kept = (await (await call.get(`/api/v1${path}`)).json()) as { recipients: string[]; quietUntil: string }
  expect([kept.recipients, kept.quietUntil]).toEqual([[], '07:00'])
  expect((await call.delete(`/api/v1${path}`, { headers: { origin: baseURL! } })).status()).toBeLessThan(300)
})
