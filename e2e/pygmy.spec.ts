import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './harness/cli'
import { commands, openShell } from './harness/pygmy/cookbook'
import { axeFaults } from './harness/stack/axe'
import { expectNoWider } from './harness/stack/fits'
import { callApi, expect, loginAs, test } from './harness/stack/fixtures'

test('the page for pygmy’s scripts shows each herd by its number, a sizing rule beside it, and that nobody is let in by a login alone', async ({
  page,
  stack,
}) => {
  await loginAs(page, stack, 'admin')
  expect((await callApi(page, 'GET', '/v1/api/clusters')).status).toBe(401)
  await page.goto('/')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'pygmy scripts' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'pygmy scripts' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Table: clusters' }).getByRole('rowheader', { name: /^\d+$/ }).first()).toBeVisible()
  expect(await axeFaults(page)).toEqual([])
  await page.setViewportSize({ width: 390, height: 844 })
  await expectNoWider(page)
  expect(await axeFaults(page)).toEqual([])
})

/** Of a pygmy with the two clusters that its cookbook speaks of, and a rule before those that it adds. */
const dump = `COPY public.engine_clusterinfo (id, name, "primaryNodeIp", "databaseName", enabled, type) FROM stdin;
249\tproject-loadtest-1\t10.0.0.1\tpostgres\tt\tEC2
252\tproject-loadtest-jobs1\t10.0.0.2\tpostgres\tt\tEC2
\\.
COPY public.engine_rules (id, name, cluster_id, rule, action, run_type, run_at, parent_rule_id, rule_logic) FROM stdin;
11\tbefore\t249\t{"ec2_default_type": "m5.large"}\tSCALE_DOWN\tCRON\t{"0 3 1 1 *"}\t\\N\tALL
\\.
`

test('after an import every command of pygmy’s cookbook is run from a shell against the running console, and its page shows what came of them', async ({
  as,
  stack,
}) => {
  const page = await as('dana')
  await page.goto('/tokens/add')
  await page.getByLabel('Name').fill('scripts')
  await page.getByLabel('Role').selectOption('dba')
  await page.getByRole('button', { name: 'Create token' }).click()
  const token = (await page.locator('code').filter({ hasText: /^mat_/ }).first().textContent())!.trim()

  const home = mkdtempSync(join(tmpdir(), 'mat-pygmy-'))
  const shell = openShell(stack.facts.url, token)
  const answer = async (command: string) => JSON.parse(await shell.run(`curl ${command}`))
  const of = (path: string) => `http://127.0.0.1:8000/v1/api/${path}`
  try {
    writeFileSync(join(home, 'pygmy.sql'), dump)
    const words = ['import-pygmy', join(home, 'pygmy.sql')]
    words.push('--herd', 'project-loadtest-1=dev-catalog', '--herd', 'project-loadtest-jobs1=prod-billing')
    const place = { url: stack.facts.url, token, home }
    const dry = await runCli(place, words)
    const imported = await runCli(place, [...words, '--apply', /--apply (\w+)/.exec(dry.out)![1]!])
    expect(imported.out).toMatch(/3 added, 0 there already, 0 not imported, 0 failed\./)

    for (const command of commands) {
      const said = await shell.run(command)
      expect(said, command).not.toMatch(/"(error|Error|detail|not_found)"/)
    }
    const rules = (await answer(of('rules'))) as { id: number; name: string }[]
    expect(rules.filter(({ id }) => id > 11).map(({ name }) => name)).toEqual([
      'Simple cluster1 control',
      'Simple cluster1 control (reverse)',
      ...Array.from({ length: 2 }, () => ['jobs1 downsize', 'jobs1 deadline upsize', 'jobs1 early upsize']).flat(),
    ])
    await page.goto('/pygmy-scripts')
    const table = page.getByRole('region', { name: 'Table: rules' })
    await expect(table.getByRole('row').filter({ hasText: 'Simple cluster1 control' }).first()).toContainText('0 * * * *')
    await expect(table.getByRole('row').filter({ hasText: '0/5 11-20 * * *' })).toContainText('lagSeconds > 60 or primary.load > 2')
    await expect(page.getByRole('region', { name: 'Table: DNS entries' })).toContainText('clusterjobs1-secondary')
  } finally {
    for (const kind of ['rules', 'cluster/management', 'dns'])
      for (const { id } of await answer(of(kind))) await shell.run(`curl -X DELETE ${of(`${kind}/${id}`)}`)
    shell.close()
    rmSync(home, { recursive: true })
  }
})
