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
