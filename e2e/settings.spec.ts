import { expectFits } from './harness/stack/fits'
import { confirm, expect, instances, runState, test, titleOf, untilPlanned } from './harness/stack/fixtures'

test('a setting that differs on one member is found side by side and in the fleet, with where it is written, right after it was changed', async ({
  as,
  stack,
}) => {
  const standby = stack.members.find((member) => member.role === 'standby' && member.environment === 'dev')!
  const psql = (sql: string) =>
    stack.lab.hosts.exec(standby.host, ['psql', '-X', '-p', String(standby.port), '-c', sql], { timeoutMs: 30_000 })
  const page = await as('vera')
  const target = (await instances(page, 'role=standby')).find(({ title }) => title === titleOf(standby))!
  await page.goto(`/instances/${target.id}/settings`)
  await page.getByRole('button', { name: 'Look now' }).click()
  await expect(page.getByRole('region', { name: 'Table: settings' })).toContainText('postgresql.conf', { timeout: 30_000 })
  try {
    expect((await psql("alter system set work_mem = '13MB'")).code).toBe(0)
    expect((await psql('select pg_reload_conf()')).code).toBe(0)
    await page.getByRole('button', { name: 'Look now' }).click()
    const changes = page.getByRole('region', { name: 'Table: changes of settings' })
    await expect(changes).toContainText(/work_mem.*13MB.*postgresql.auto.conf/, { timeout: 30_000 })
    await page.getByLabel('Search').fill('work_mem')
    await expect(page).toHaveURL(/q=work_mem/)
    await page.reload()
    await expect(page.getByRole('region', { name: 'Table: settings' }).getByRole('row', { name: /^work_mem 13MB/ })).toBeVisible()
    await expect(page.getByRole('button', { name: /^Set…/ })).toHaveCount(0)
    await expectFits(page)

    const herdId = ((await (await page.request.get(`/api/v1/instances/${target.id}`)).json()) as { herdId: string }).herdId
    await page.goto(`/herds/${herdId}/settings`)
    await page.getByRole('button', { name: 'Look now' }).click()
    const row = page.getByRole('region', { name: 'Table: differences' }).getByRole('row', { name: /^work_mem/ })
    await expect(row).toContainText('13MB postgresql.auto.conf', { timeout: 30_000 })
    await expectFits(page)

    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Find settings' }).click()
    await page.getByRole('combobox', { name: 'Setting', exact: true }).fill('work_mem')
    await page.getByLabel('Whose value').selectOption('is')
    await page.getByLabel('Value', { exact: true }).fill('13312kB')
    await page.getByRole('main').getByRole('button', { name: 'Find' }).click()
    await expect(page.getByRole('region', { name: 'Table: instances' })).toContainText(titleOf(standby))
    await expectFits(page)
  } finally {
    await psql('alter system reset work_mem')
    await psql('select pg_reload_conf()')
  }
})

test('a value is set beside its row, on one member and then on every member of the herd, from the plan with what it is now to the proof that it is in force', async ({
  as,
  stack,
}) => {
  const members = stack.members.filter((member) => member.environment === 'dev')
  const standby = members.find((member) => member.role === 'standby')!
  const page = await as('dana')
  const target = (await instances(page, 'role=standby')).find(({ title }) => title === titleOf(standby))!
  const dialog = page.getByRole('dialog', { name: 'Set work_mem' })
  try {
    await page.goto(`/instances/${target.id}/settings?q=work_mem&show=all`)
    await page.getByRole('button', { name: 'Look now' }).click()
    const table = page.getByRole('region', { name: 'Table: settings' })
    await table
      .getByRole('row', { name: /^work_mem / })
      .getByRole('button', { name: 'Set… work_mem' })
      .click({ timeout: 30_000 })
    await expect(dialog).toContainText(`Of ${titleOf(standby)}. The plan is shown first.`)
    await dialog.getByLabel('New value').fill("'open")
    await expectFits(page)
    await dialog.getByLabel('New value').fill('12kB')
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await untilPlanned(page)
    await expect(page.getByRole('main')).toContainText('work_mem: it is at least 64kB.')

    await page.goto(`/instances/${target.id}/settings?q=work_mem&show=all`)
    await table
      .getByRole('row', { name: /^work_mem / })
      .getByRole('button', { name: 'Set… work_mem' })
      .click()
    await dialog.getByLabel('New value').fill('14MB')
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await untilPlanned(page)
    await expect(page.getByRole('main')).toContainText(/work_mem.*→ 14MB \(postgresql\.auto\.conf, by a reload\)/)
    await expect(page.getByRole('main')).toContainText("alter system set work_mem = '14MB'")
    await expectFits(page)
    await confirm(page)
    await expect(runState(page)).toHaveText(/done/i, { timeout: 60_000 })
    await page.goto(`/instances/${target.id}/settings?q=work_mem`)
    await page.getByRole('button', { name: 'Look now' }).click()
    await expect(table.getByRole('row', { name: /^work_mem 14MB/ })).toContainText('postgresql.auto.conf', { timeout: 30_000 })

    const { herdId } = (await (await page.request.get(`/api/v1/instances/${target.id}`)).json()) as { herdId: string }
    await page.goto(`/herds/${herdId}/settings`)
    await page.getByRole('button', { name: 'Look now' }).click()
    const differences = page.getByRole('region', { name: 'Table: differences' })
    await differences
      .getByRole('row', { name: /^work_mem/ })
      .getByRole('button', { name: 'Set… work_mem' })
      .click({ timeout: 30_000 })
    await expect(dialog).toContainText('Of every member of')
    await dialog.getByLabel('New value').fill('15MB')
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await untilPlanned(page)
    await expect(page.getByRole('main')).toContainText(`${titleOf(standby)}: work_mem`)
    await expect(page.getByRole('main')).toContainText('14MB (postgresql.auto.conf')
    await expectFits(page)
    await confirm(page)
    await expect(runState(page)).toHaveText(/done/i, { timeout: 60_000 })
    await page.goto(`/herds/${herdId}/settings`)
    await page.getByRole('button', { name: 'Look now' }).click()
    await expect(page.getByRole('region', { name: 'Table: changes of settings' })).toContainText(/work_mem.*15MB/, { timeout: 30_000 })
    await expect(differences.getByRole('row', { name: /^work_mem/ })).toHaveCount(0)
  } finally {
    for (const { host, port } of members)
      for (const sql of ['alter system reset work_mem', 'select pg_reload_conf()'])
        await stack.lab.hosts.exec(host, ['psql', '-X', '-p', String(port), '-c', sql], { timeoutMs: 30_000 })
  }
})
