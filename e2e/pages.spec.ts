import type { Page } from '@playwright/test'
import { type ResourceName, resources } from '@/lib/resources'
import { axeFaults } from './harness/stack/axe'
import { callApi, expect, instances, test } from './harness/stack/fixtures'

const pagesAtOnce = 3

/** Whose pages are looked at in the project `herds`, all others in `console` at the same time: what moves and discovery leave, and enough of what both have that they take equally long. */
const ofHerds: ReadonlySet<ResourceName> = new Set([
  'herd',
  'dr-pair',
  'pooler',
  'name',
  'dns-zone',
  'scheduled-run',
  'failover',
  'certificate',
  'discovered-host',
  'discovered-instance',
  'discovered-pooler',
  'discovery-rule',
  'enrolment-key',
  'environment',
  'server',
  'instance',
])

/** Everything wrong with the page that is shown, a line each. */
const faults = async (page: Page, address: string): Promise<string[]> => {
  const answer = await page.goto(address)
  if (!answer?.ok()) return [`${address} answered ${answer?.status()}`]
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  const found = (await axeFaults(page)).map((fault) => `${address}, ${fault}`)
  for (const size of [
    { width: 390, height: 844 },
    { width: 1280, height: 800 },
  ]) {
    await page.setViewportSize(size)
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (wider > 0) found.push(`${address}: ${wider} px wider than a window of ${size.width} px`)
  }
  return found
}

/** Every page these resources have, each over its first record. */
const pagesOf = async (page: Page, shown: typeof resources): Promise<string[]> => {
  const found: string[] = []
  for (const { path, pages, form, canAdd, canDelete } of shown) {
    found.push(`/${path}`, `/${path}/help`, ...pages.map((page) => `/${path}/${page.path}`))
    if (canAdd) found.push(`/${path}/add`)
    const { body } = await callApi(page, 'GET', `/api/v1/${path}?per=1`)
    const id = (body.items as { id: string }[] | undefined)?.[0]?.id
    if (!id) continue
    found.push(`/${path}/${id}`, `/${path}/${id}/history`)
    if (form.length > 0) found.push(`/${path}/${id}/edit`)
    if (canDelete) found.push(`/${path}/${id}/delete`)
  }
  return found
}

/** Pages that are no resource's own, with something on them. */
const otherPages = async (page: Page): Promise<string[]> => {
  const [target] = await instances(page, 'role=standby')
  const planned = await callApi(page, 'POST', '/api/v1/plans', { operation: 'restart', targets: [target!.id] })
  const checked = await callApi(page, 'POST', '/api/v1/plans', { operation: 'checkpoint', targets: [target!.id] })
  const { id: planId, plan } = checked.body as { id: string; plan: { digest: string } }
  const run = await callApi(page, 'POST', '/api/v1/runs', { planId, digest: plan.digest })
  await callApi(page, 'POST', '/api/v1/tokens', { name: 'looked at', role: 'viewer' })
  const { body: me } = await callApi(page, 'GET', '/api/v1/me')
  return [
    '/',
    '/?wall=1',
    '/discovery',
    '/help',
    '/settings',
    `/instances/run/restart?plan=${planned.body.id}`,
    `/instances/run/run-sql?ids=${target!.id}`,
    `/runs/${run.body.id}`,
    `/instances/${target!.id}/timeline`,
    `/instances/${target!.id}/statements`,
    `/instances/${target!.id}/health`,
    `/people/${me.personId ?? me.id}/access`,
    '/instances?q=nothing-has-this-name',
  ]
}

test('axe finds nothing on any page in either theme, and none is wider than its window, a phone’s included', async ({
  as,
  page: signedOut,
}, { project }) => {
  test.setTimeout(900_000)
  const page = await as('admin')
  await page.goto('/')
  const isOfHerds = project.name === 'herds'
  const others = isOfHerds ? [] : await otherPages(page)
  const addresses = [
    ...others,
    ...(await pagesOf(
      page,
      resources.filter(({ name }) => ofHerds.has(name) === isOfHerds),
    )),
  ]
  const queue = addresses.values()
  const lanes = Array.from({ length: pagesAtOnce }, async () => {
    const own = await as('admin')
    for (const address of queue) expect.soft(await faults(own, address)).toEqual([])
  })
  await Promise.all(lanes)
  if (!isOfHerds) expect.soft(await faults(signedOut, '/login')).toEqual([])
  expect(addresses.length).toBeGreaterThan(isOfHerds ? 60 : 30)
})
