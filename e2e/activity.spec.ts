import { axeFaults } from './harness/stack/axe'
import { expectFits, expectNoWider } from './harness/stack/fits'
import { confirm, expect, instances, runState, test, titleOf, untilPlanned } from './harness/stack/fixtures'

test('who blocks whom is seen live, and ended by a plan that names user, application, statement and age', async ({ as, stack }) => {
  const page = await as('otto')
  const targets = await instances(page, 'role=primary')
  const primary = stack.members.find((member) => member.role === 'primary' && member.environment === 'dev')!
  const target = targets.find(({ title }) => title === titleOf(primary))
  const psql = (application: string, sql: string) =>
    stack.lab.hosts.exec(primary.host, ['env', `PGAPPNAME=${application}`, 'psql', '-X', '-p', String(primary.port), '-Atc', sql], {
      timeoutMs: 90_000,
    })
  const holder = psql('month-end', 'select pg_advisory_xact_lock(4711), pg_sleep(80)')

  await page.goto(`/instances/${target!.id}`)
  await page.getByRole('link', { name: 'Activity' }).click()
  const table = page.getByRole('region', { name: 'Table: sessions' })
  await expect(table).toContainText('month-end', { timeout: 30_000 })
  const waiter = psql('checkout', 'select pg_advisory_xact_lock(4711)')
  const blocking = page.getByRole('region', { name: 'Who blocks whom' })
  await expect(blocking).toContainText(/month-end.*blocks 1 session/, { timeout: 30_000 })
  await expect(blocking).toContainText('checkout')
  // An operator may not read data: no value of a statement is shown.
  await expect(blocking).toContainText('select pg_advisory_xact_lock(?)')
  await expect(blocking).not.toContainText('4711)')

  await page.getByLabel('Search').fill('month-end')
  await expect(table.getByRole('row')).toHaveCount(2)
  await expectFits(page)

  await table.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Terminate sessions' }).click()
  await untilPlanned(page)
  await expect(page.getByRole('main')).toContainText(/month-end.*active for .*select pg_advisory_xact_lock\(\?\)/)
  await confirm(page)
  await expect(runState(page)).toHaveText(/done/i, { timeout: 60_000 })
  expect((await waiter).code).toBe(0)
  expect((await holder).code).not.toBe(0)

  await page.goto(`/instances/${target!.id}/activity`)
  await expect(page.getByRole('region', { name: 'Who blocks whom' })).toContainText('Nobody waits for a lock.', { timeout: 30_000 })
})

test('an error is found in the log of its server by its words, with its statement, and whoever may not run SQL is told why not', async ({
  as,
  stack,
}) => {
  const primary = stack.members.find((member) => member.role === 'primary' && member.environment === 'dev')!
  await stack.lab.hosts.exec(primary.host, ['psql', '-X', '-p', String(primary.port), '-c', 'select 1 from no_such_orders'])
  const page = await as('dana')
  const target = (await instances(page, 'role=primary')).find(({ title }) => title === titleOf(primary))
  await page.goto(`/instances/${target!.id}`)
  await page.getByRole('link', { name: 'Log', exact: true }).click()
  await page.getByLabel('Search').fill('NO_SUCH_ORDERS')
  const messages = page.getByRole('region', { name: 'Messages' })
  await expect(messages.getByRole('listitem')).toHaveCount(1, { timeout: 30_000 })
  await expect(messages).toContainText(/ERROR[\s\S]*relation "no_such_orders" does not exist[\s\S]*STATEMENT: select 1 from no_such_orders/)
  await expect(page.getByRole('region', { name: 'Errors among them' })).toContainText('relation "…" does not exist')
  await page.getByLabel('Of').selectOption('all files')
  await expect(messages.getByRole('status')).toContainText(/1 message in/, { timeout: 30_000 })
  expect(await axeFaults(page)).toEqual([])
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoWider(page)

  // The same among the logs of all members, with the one that wrote it.
  const { herdId } = target as unknown as { herdId: string }
  await page.goto(`/herds/${herdId}/log`)
  await page.getByLabel('Search').fill('NO_SUCH_ORDERS')
  await expect(messages).toContainText(/ERROR[\s\S]*relation "no_such_orders" does not exist/, { timeout: 30_000 })
  await expect(messages.getByRole('listitem').first()).toContainText(titleOf(primary))
  await expect(page.getByRole('region', { name: 'Errors among them' })).toContainText(`${titleOf(primary)}: 1`)
  expect(await axeFaults(page)).toEqual([])
  await expectNoWider(page)

  const operator = await as('otto')
  await operator.goto(`/instances/${target!.id}/log`)
  await expect(operator.getByRole('main')).toContainText('it is for those who may run SQL')
})
