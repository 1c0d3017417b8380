import type { Page } from '@playwright/test'
import { resources } from '@/lib/resources'
import { callApi, expect, instances, signIn, test } from './harness/stack/fixtures'

/** What the pages call whatever changes something. A person's own tokens and logins are theirs to make and end. */
const changing =
  'Add|Edit|Delete|Save|Accept|Ignore|Approve|Actions|Start|Stop|Restart|Reload|Checkpoint|Run SQL|Check now|Check again|Cancel the run|Retry|Resume|Abandon|Release|Disable'

/** A link is an act when it is called so; titles of runs begin with the same words. */
const offers = (page: Page): Promise<string[]> =>
  page.locator('#content :is(a, button):visible').evaluateAll((all, verbs) => {
    const isOffered = (one: Element) => !(one as HTMLButtonElement).disabled && one.getAttribute('aria-disabled') !== 'true'
    return all.filter(isOffered).flatMap((one) => {
      const name = (one.getAttribute('aria-label') ?? one.textContent ?? '').trim()
      const pattern = one instanceof HTMLAnchorElement ? `^(${verbs})( one|…)?$` : `^(${verbs})\\b`
      return new RegExp(pattern).test(name) ? [name] : []
    })
  }, changing)

test('a viewer is offered nothing that changes anything on any page, may open no such page, and the API answers 403', async ({ as }) => {
  test.slow()
  const page = await as('vera')
  await page.goto('/')
  const main = page.getByRole('navigation', { name: 'Main' })
  await expect(main.getByRole('link', { name: 'Instances' })).toBeVisible()
  const places = await main.getByRole('link').evaluateAll((all) => all.map((one) => one.getAttribute('href')!))
  expect(places).not.toContain('/people')
  expect(places).not.toContain('/settings')
  const ids: Record<string, string> = {}
  const listed = ['/environments', '/servers', '/herds', '/instances']
  for (const place of places) {
    await page.goto(place)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    // The help's links open the description of each operation, and run nothing.
    if (place !== '/help') expect(await offers(page), place).toEqual([])
    await expect(page.locator('table.sheet').getByRole('checkbox'), place).toHaveCount(0)
    const first = page.locator('table.sheet tbody th a').first()
    if (listed.includes(place)) await expect(first).toBeVisible()
    if (!(await first.isVisible())) continue
    const address = (await first.getAttribute('href'))!
    ids[place] = address.split('/')[2]!
    await page.goto(address)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    expect(await offers(page), address).toEqual([])
  }
  for (const resource of resources.filter(({ path }) => listed.includes(`/${path}`))) {
    const id = ids[`/${resource.path}`]!
    for (const address of [`/${resource.path}/add`, `/${resource.path}/${id}/edit`, `/${resource.path}/${id}/delete`]) {
      await page.goto(address)
      await expect(page.getByRole('button', { name: /^(Save|Delete)/ }), address).toHaveCount(0)
    }
    for (const [method, path] of [
      ['POST', resource.path],
      ['PATCH', `${resource.path}/${id}`],
      ['DELETE', `${resource.path}/${id}`],
    ] as const) {
      const body = method === 'DELETE' ? undefined : { note: 'x', revision: 1 }
      expect(await callApi(page, method, `/api/v1/${path}`, body), `${method} ${path}`).toMatchObject({
        status: 403,
        body: { code: 'access.denied' },
      })
    }
  }
  for (const operation of ['restart', 'stop', 'start', 'reload', 'checkpoint'])
    expect(await callApi(page, 'POST', '/api/v1/plans', { operation, targets: [ids['/instances']] }), operation).toMatchObject({
      status: 403,
    })
})

test('a DBA of dev sees dev alone and may act there; prod does not exist for them', async ({ as }) => {
  const [page, dana] = [await as('devi'), await as('dana')]
  const own = await instances(page)
  expect(own.map(({ title }) => title).sort()).toEqual(['dev-catalog on dev-ams-1', 'dev-catalog on dev-ams-2'])
  await page.goto('/')
  await expect(page.getByText('2 of 2 instances')).toBeVisible()
  await expect(page.getByRole('main')).not.toContainText('prod')
  await page.goto(`/instances/${own[0]!.id}`)
  await expect(page.getByRole('link', { name: 'Edit' })).toBeVisible()
  expect((await callApi(page, 'POST', '/api/v1/plans', { operation: 'restart', targets: [own[0]!.id] })).status).toBe(200)

  const hidden = (await instances(dana)).find(({ title }) => title.startsWith('prod'))!
  await page.goto(`/instances/${hidden.id}`)
  await expect(page.getByRole('main')).not.toContainText(hidden.title)
  expect((await callApi(page, 'GET', `/api/v1/instances/${hidden.id}`)).status).toBe(404)
  const refused = await callApi(page, 'POST', '/api/v1/plans', { operation: 'restart', targets: [hidden.id] })
  expect(refused.status, 'as an id that nobody has').toBe(422)
  expect(JSON.stringify(refused.body)).not.toContain(hidden.title)
})

test('somebody in none of the groups sees a message that says so, and nothing else', async ({ as }) => {
  const page = await as('nora')
  await expect(page.getByRole('main')).toContainText('You have no access to anything that is registered. Ask an administrator for a role')
  await expect(page.getByRole('main')).not.toContainText('prod')
  expect((await callApi(page, 'GET', '/api/v1/instances')).body).not.toHaveProperty('items.0')
})

test('a wrong password, an unknown name and an empty password are refused with the same words', async ({ page, stack }) => {
  await page.goto('/login')
  const refusal = page.getByRole('alert').filter({ hasText: 'The user name or the password is wrong.' })
  await signIn(page, 'vera', 'not-her-password')
  await expect(refusal).toBeVisible()
  await signIn(page, 'nobody-of-that-name', stack.facts.people.vera!)
  await expect(refusal).toBeVisible()
  await page.getByLabel('Password').evaluate((input: HTMLInputElement) => {
    input.required = false
  })
  await signIn(page, 'vera', '')
  await expect(refusal).toBeVisible()
  await expect(page).toHaveURL(/\/login/)
})

test('with the directory gone the login page says so, the local administrator still gets in, and it works again when it is back', async ({
  page,
  stack,
}) => {
  await page.goto('/login')
  await stack.lab.directoryServer.kill()
  try {
    await signIn(page, 'otto', stack.facts.people.otto!)
    await expect(page.getByRole('alert').filter({ hasText: 'The directory does not answer. A local account still works.' })).toBeVisible({
      timeout: 30_000,
    })
    await signIn(page, 'admin', stack.facts.people.admin!)
    await expect(page.getByRole('heading', { level: 1, name: 'Fleet' })).toBeVisible()
  } finally {
    await stack.lab.directoryServer.start(stack.lab.fleet)
  }
  await page.context().clearCookies()
  await page.goto('/login')
  await signIn(page, 'otto', stack.facts.people.otto!)
  await expect(page.getByRole('heading', { level: 1, name: 'Fleet' })).toBeVisible()
})

test('a login that an administrator ends is over at its next request', async ({ page, as, stack, logins: kept }) => {
  await page.goto('/login')
  await signIn(page, 'otto', stack.facts.people.otto!)
  await expect(page.getByRole('heading', { level: 1, name: 'Fleet' })).toBeVisible()

  const admin = await as('admin')
  const { items } = (await (await admin.request.get('/api/v1/people?q=otto')).json()) as { items: { id: string }[] }
  await admin.goto(`/people/${items[0]!.id}/access`)
  const logins = admin.getByRole('listitem').filter({ hasText: /End(ing …| this login)/ })
  for (let left = await logins.count(); left > 0; left -= 1) {
    await expect(logins).toHaveCount(left)
    await logins.first().getByRole('button', { name: 'End this login' }).click()
  }
  await expect(logins).toHaveCount(0)
  kept.delete('otto')
  expect((await page.request.get('/api/v1/instances')).status()).toBe(401)
  await page.goto('/instances')
  await expect(page).toHaveURL(/\/login/)
})

test('the menu under your name links to what you may do, and to your own logins and tokens', async ({ as }) => {
  const page = await as('vera')
  await page.goto('/')
  await page.getByRole('button', { name: /^vera/i }).click()
  await page.getByRole('menuitem', { name: 'Your account' }).click()
  await expect(page).toHaveURL(/\/people\/[0-9a-f-]{36}\/access$/)
})
