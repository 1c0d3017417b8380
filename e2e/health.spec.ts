import { expectFits } from './harness/stack/fits'
import { confirm, expect, instances, runState, test, titleOf, untilPlanned } from './harness/stack/fixtures'

test('a sequence near its end is found by a look, stands on the list of herds, and is mended by the plan that its remedy leads to', async ({
  as,
  stack,
}) => {
  const page = await as('dana')
  const primary = stack.members.find((member) => member.role === 'primary' && member.environment === 'dev')!
  const target = (await instances(page, 'role=primary')).find(({ title }) => title === titleOf(primary))!
  const ask = (sql: string) => stack.ask(primary, sql)
  await ask(`create sequence public.ending maxvalue 100`)
  try {
    await ask(`select setval('public.ending', 96)`)
    await page.goto(`/instances/${target.id}`)
    await page.getByRole('link', { name: 'Health', exact: true }).click()
    const look = page.getByRole('button', { name: 'Look now' })
    const sequences = page.getByRole('region', { name: 'Table: Sequences near their end' })
    // The standby that is asked may not have replayed it at the first look.
    await expect(async () => {
      await look.click()
      await expect(look).toBeEnabled({ timeout: 60_000 })
      await expect(sequences).toContainText('public.ending')
    }).toPass({ timeout: 90_000 })
    await expect(sequences).toContainText(/Critical.*postgres: public\.ending.*96 %/)
    const entry = page.getByRole('listitem').filter({ hasText: 'Sequences near their end' })
    await entry.getByText('Query', { exact: true }).click()
    await expect(entry).toContainText('pg_sequence_last_value')
    await expectFits(page)

    await page.goto('/herds?health=critical')
    await expect(page.getByRole('link', { name: primary.herd, exact: true })).toBeVisible()

    await page.goBack()
    await sequences.getByRole('link', { name: 'Run SQL' }).click()
    await untilPlanned(page)
    await expect(page.getByRole('main')).toContainText('ALTER SEQUENCE public.ending AS bigint NO MAXVALUE')
    await confirm(page)
    await expect(runState(page)).toHaveText(/done/i, { timeout: 60_000 })
    expect(await ask(`select seqmax from pg_sequence where seqrelid = 'public.ending'::regclass`)).toBe('9223372036854775807')
  } finally {
    await ask('drop sequence public.ending')
  }
})

test('an invalid index is rebuilt by the operation that its finding leads to, with its name filled in', async ({ as, stack }) => {
  const page = await as('dana')
  const primary = stack.members.find((member) => member.role === 'primary' && member.environment === 'prod')!
  const target = (await instances(page, 'role=primary')).find(({ title }) => title === titleOf(primary))!
  const ask = (sql: string) => stack.ask(primary, sql)
  await ask(`create table public."Twins" (n int)`)
  try {
    await ask(`create index "Twins of n" on public."Twins" (n)`)
    await ask(`update pg_index set indisvalid = false where indexrelid = 'public."Twins of n"'::regclass`)
    await page.goto(`/instances/${target.id}/health`)
    const look = page.getByRole('button', { name: 'Look now' })
    const entry = page.getByRole('listitem').filter({ has: page.getByText('Invalid indexes', { exact: true }) })
    await expect(async () => {
      await look.click()
      await expect(look).toBeEnabled({ timeout: 60_000 })
      await expect(entry).toContainText('Twins of n')
    }).toPass({ timeout: 90_000 })
    await entry.getByText('Invalid indexes', { exact: true }).click()
    await entry.getByRole('link', { name: 'Reindex' }).click()
    await untilPlanned(page)
    await expect(page.getByRole('main')).toContainText('REINDEX INDEX CONCURRENTLY "public"."Twins of n"')
    await confirm(page)
    await expect(runState(page)).toHaveText(/done/i, { timeout: 60_000 })
    expect(await ask(`select indisvalid from pg_index where indexrelid = 'public."Twins of n"'::regclass`)).toBe('t')
  } finally {
    await ask('drop table public."Twins"')
  }
})
