import { confirm, expect, instances, planFor, runState, test, until, untilPlanned, untilWell } from './harness/stack/fixtures'

const title = 'dev-catalog on dev-ams-2'

test('a standby that lost its control file is rebuilt from the list: the plan says why it is copied, bytes are seen, and it streams again', async ({
  as,
  stack,
}) => {
  test.setTimeout(300_000)
  const page = await as('dana')
  await untilWell(page, stack)
  const seen = async () => (await instances(page)).find((one) => one.title === title)!
  const { id } = await seen()
  const data = await stack.ask({ host: 'dev-ams-2', port: 5432 }, 'show data_directory')
  const onHost = (...argv: string[]) => stack.lab.hosts.mustExec('dev-ams-2', argv)
  await onHost('rm', `${data}/global/pg_control`)
  await onHost('sh', '-c', `kill -QUIT $(head -n 1 ${data}/postmaster.pid)`)
  await until('it to be seen down', async () => (await seen()).state === 'stopped', 60_000)

  await planFor(page, 'Rebuild', [title])
  const targets = page.getByRole('region', { name: 'Targets', exact: true })
  await expect(targets).toContainText('Its control file cannot be read')

  await page.goto(`/instances/run/rebuild?ids=${id}&throttleMbit=40`)
  await untilPlanned(page)
  await confirm(page)
  await expect(page.getByLabel('Progress of the step')).toContainText(/\d [kM]B of [\d.]+ MB \(\d+ %\)/, { timeout: 60_000 })
  await expect(runState(page)).toHaveText(/Done/i, { timeout: 120_000 })
  await expect(page.getByRole('log')).toContainText(/MB copied/)
  await until(
    'it to stream again',
    async () => (await stack.ask({ host: 'dev-ams-2', port: 5432 }, 'select status from pg_stat_wal_receiver')) === 'streaming',
    60_000,
  )
  await until('it to be seen well', async () => (await seen()).state === 'online', 60_000)
})
