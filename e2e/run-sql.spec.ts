import type { Page } from '@playwright/test'
import { callApi, confirm, expect, instances, openList, runState, test, titleOf, untilPlanned } from './harness/stack/fixtures'

/** From the list of primaries to the plan of a read-only statement over all of them. */
const planSql = async (page: Page, sql: string): Promise<void> => {
  await openList(page, '/instances?role=primary')
  await page.getByLabel('Select every row of this page').check()
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: /^Run SQL \d+…$/ }).click()
  await page.getByLabel(/^Statement\b(?! timeout)/).fill(sql)
  await page.getByRole('button', { name: 'Make the plan' }).click()
  await untilPlanned(page)
}

test('one statement over every ticked herd comes back as one grid that names each instance', async ({ as, stack }) => {
  const page = await as('dana')
  const primaries = stack.members.filter(({ role }) => role === 'primary')
  await planSql(page, "select current_setting('cluster_name') as cluster, 6 * 7 as answer")
  await confirm(page)
  await expect(runState(page)).toHaveText('done', { timeout: 60_000 })
  const result = page.getByRole('region', { name: 'Result rows' })
  for (const member of primaries) {
    const own = await stack.ask(member, "select current_setting('cluster_name')")
    await expect(result.getByRole('row').filter({ hasText: titleOf(member) })).toContainText(`${own}42`)
  }
  await expect(result.getByRole('row')).toHaveCount(primaries.length + 1)
})

test('a statement that would write fails on a read-only run and changes nothing', async ({ as, stack }) => {
  const page = await as('dana')
  await planSql(page, 'select 1 as a into public.should_not_exist')
  await confirm(page)
  await expect(runState(page)).toHaveText('failed', { timeout: 60_000 })
  await expect(page.getByRole('region', { name: 'Targets and steps' })).toContainText('read-only')
  for (const member of stack.members.filter(({ role }) => role === 'primary'))
    expect(await stack.ask(member, "select to_regclass('public.should_not_exist') is null")).toBe('t')
})

test('an operator is told that SQL is not theirs to run, in the menu and by the API, written or read', async ({ as }) => {
  const page = await as('otto')
  await openList(page, '/instances?role=primary')
  await page.getByLabel('Select every row of this page').check()
  await page.getByRole('button', { name: 'Actions' }).click()
  const item = page.getByRole('menuitem', { name: /^Run SQL/ })
  await expect(item).toBeDisabled()
  await expect(item).toContainText('You have no role that may run it here.')
  const [target] = await instances(page, 'role=primary')
  for (const write of [false, true]) {
    const answer = await callApi(page, 'POST', '/api/v1/plans', {
      operation: 'run-sql',
      targets: [target!.id],
      input: { sql: 'select 1', write },
    })
    expect(answer).toMatchObject({ status: 403, body: { code: 'access.denied' } })
  }
})

test('a statement that writes needs its phrase, runs where it may, and commits', async ({ as, stack }) => {
  const page = await as('devi')
  const primary = stack.members.find(({ environment, role }) => environment === 'dev' && role === 'primary')!
  await openList(page, '/instances?role=primary')
  await page.getByLabel('Select every row of this page').check()
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Run SQL 1…' }).click()
  await page.getByLabel(/^Statement\b(?! timeout)/).fill('create table public.written_by_devi (id int)')
  await page.getByLabel('May write').check()
  await page.getByRole('button', { name: 'Make the plan' }).click()
  await untilPlanned(page)
  await expect(page.getByRole('button', { name: 'Run SQL 1 in DEV' })).toBeDisabled()
  await confirm(page)
  await expect(runState(page)).toHaveText('done', { timeout: 60_000 })
  expect(await stack.ask(primary, "select to_regclass('public.written_by_devi') is not null")).toBe('t')
  await stack.ask(primary, 'drop table public.written_by_devi')
})
