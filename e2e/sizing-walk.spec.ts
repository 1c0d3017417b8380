import type { Page } from '@playwright/test'
import { askCloud } from '@/lib/playground/lab/cloud-cli'
import { expectFits } from './harness/stack/fits'
import { callApi, expect, instances, loginAs, test, untilDone } from './harness/stack/fixtures'
import { sized } from './harness/stack/machines-fleet'
import { letHoursPass, letRuleComeDue } from './harness/stack/time-passes'

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click()
const idIn = (page: Page): string => new URL(page.url()).pathname.split('/').at(-1)!
const headed = (page: Page, name: string) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible()

/** Opens the newest decision of a rule once it is made, and reads it. */
const openDecision = async (page: Page, ruleId: string, since: number): Promise<Record<string, unknown>> => {
  let found: Record<string, unknown> = {}
  await expect
    .poll(
      async () => {
        const { body } = await callApi(page, 'GET', `/api/v1/sizing-decisions?ruleId=${ruleId}&sort=-createdAt`)
        const all = (body.items as Record<string, unknown>[]).filter(({ createdAt }) => Date.parse(String(createdAt)) >= since)
        found = all[0] ?? {}
        return found.state ?? 'deciding'
      },
      { timeout: 60_000 },
    )
    .not.toBe('deciding')
  await page.goto(`/sizing-decisions/${found.id}`)
  return found
}

test('at its minute a rule shrinks a real standby, its reverse rule grows it again, a blackout date holds it, and the savings of the hours between are shown', async ({
  page,
  stack,
}) => {
  await loginAs(page, stack, 'admin')
  const [standby] = await instances(page, `title=${encodeURIComponent(sized.title)}`)
  const herd = await callApi(page, 'GET', `/api/v1/herds/${String(standby!.herdId)}`)
  const typeNow = async () => (await askCloud(stack.lab, ['list'])).rows!.find(([machine]) => machine === sized.standby)?.[2]
  const typeSeen = async () => {
    const { body } = await callApi(page, 'GET', `/api/v1/machines?title=${sized.standby}`)
    return (body.items as { type: string }[])[0]?.type
  }
  await expect.poll(typeSeen, { timeout: 60_000 }).toBe(sized.type)

  await page.goto(`/sizing-rules/add?herdId=${standby!.herdId}`)
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('night')
  await page.getByLabel('Action').selectOption({ label: 'Shrink' })
  await page.getByRole('textbox', { name: 'Type', exact: true }).fill('m5.large')
  await page.getByRole('textbox', { name: 'Schedules' }).fill('22:30')
  await page.getByRole('textbox', { name: 'Conditions' }).fill('lagSeconds < 60 and active < 500')
  await page.getByLabel('Resize the last standby').check()
  await page.getByLabel('Act in a protected environment').check()
  await save(page)
  await headed(page, 'night')
  const down = idIn(page)
  await expect(page.getByRole('listitem').filter({ hasText: /22:30 UTC$/ })).toHaveCount(10)
  await page.getByRole('button', { name: 'Dry run over 7 days' }).click()
  await expect(page.getByRole('region', { name: 'Dry run', exact: true })).toContainText('In the last 7 days it was due')

  let since = Date.now()
  await letRuleComeDue(stack, down)
  expect(await openDecision(page, down, since)).toMatchObject({
    state: 'submitted',
    because: `${sized.title}: ${sized.type} → m5.large.`,
  })
  await expectFits(page)
  await page.getByRole('link', { name: 'Its run' }).click()
  await untilDone(page)
  expect(await typeNow()).toBe('m5.large')

  await page.goto(`/sizing-rules/${down}`)
  await page.getByRole('link', { name: 'Add the rule that reverses it' }).click()
  await page.getByRole('textbox', { name: 'Schedules' }).fill('06:00')
  await expect(page.getByLabel('Resize the last standby')).toBeChecked()
  await save(page)
  await headed(page, 'reverse of night')
  const back = idIn(page)

  await expect.poll(typeSeen, { timeout: 60_000 }).toBe('m5.large')
  await letHoursPass(stack, sized.standby, 6)
  await page.goto(`/savings?herdId=${standby!.herdId}`)
  await expect(
    page
      .getByRole('region', { name: 'Table: savings by herd' })
      .getByRole('row')
      .filter({ hasText: String(herd.body.title) }),
  ).toContainText(/\$0\.\d*[1-9]\d* *(4\d|50) %/)
  await expectFits(page)

  since = Date.now()
  await letRuleComeDue(stack, back)
  expect(await openDecision(page, back, since)).toMatchObject({
    state: 'submitted',
    because: `${sized.title}: m5.large → ${sized.type}.`,
  })
  await page.getByRole('link', { name: 'Its run' }).click()
  await untilDone(page)
  expect(await typeNow()).toBe(sized.type)

  await page.goto('/calendars/add')
  await page.getByRole('textbox', { name: 'Name' }).fill('Black Friday')
  await page.getByRole('textbox', { name: 'Dates' }).fill(new Date().toISOString().slice(5, 10))
  await save(page)
  await headed(page, 'Black Friday')
  since = Date.now()
  await letRuleComeDue(stack, down)
  expect(await openDecision(page, down, since)).toMatchObject({
    state: 'held',
    because: expect.stringContaining('The calendar Black Friday holds it'),
  })
  expect(await typeNow()).toBe(sized.type)
  await page.goto(`/sizing-rules/${down}`)
  await expect(page.getByRole('listitem').filter({ hasText: 'The calendar Black Friday holds it' })).not.toHaveCount(0)
  await expectFits(page)
})

test.afterEach(async ({ page }) => {
  for (const [path, name] of [
    ['sizing-rules', 'night'],
    ['calendars', 'Black Friday'],
  ]) {
    const { body } = await callApi(page, 'GET', `/api/v1/${path}?name=${encodeURIComponent(name!)}`)
    for (const { id } of body.items as { id: string }[]) await callApi(page, 'DELETE', `/api/v1/${path}/${id}`)
  }
})
