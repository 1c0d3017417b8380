import { expectFits } from './harness/stack/fits'
import { expect, test } from './harness/stack/fixtures'

test('a cluster is declared in four steps, what is wrong is told on the step where it is mended, and its plan says which servers are in use', async ({
  as,
}) => {
  const page = await as('admin')
  await page.goto('/stacks')
  await page.getByRole('link', { name: 'Wizard' }).click()
  const wizard = page.getByRole('form', { name: 'Declare a cluster' })
  const next = wizard.getByRole('button', { name: 'Next' })
  await wizard.getByLabel('Environment').selectOption('prod')
  await wizard.getByLabel('Free servers only').uncheck()
  const servers = wizard.getByRole('region', { name: 'Table: Servers' })
  const names = (await servers.getByRole('rowheader').allTextContents()).slice(0, 3)
  for (const name of names)
    for (const part of ['PostgreSQL', 'etcd']) await servers.getByRole('checkbox', { name: `${part} on ${name}`, exact: true }).check()
  await servers.getByRole('checkbox', { name: `HAProxy on ${names[0]}`, exact: true }).check()
  await expect(wizard.getByText('3 servers: PostgreSQL 3, etcd 3, PgBouncer 0, HAProxy 1.')).toBeVisible()
  await expectFits(page)
  await next.click()
  await expect(wizard.getByRole('heading', { name: 'PostgreSQL' })).toBeFocused()
  await wizard.getByLabel('Connections at most').fill('many')
  await next.click()
  await next.click()
  await expect(wizard.getByRole('button', { name: '1. Servers (2 to mend)' })).toBeVisible()
  await expect(wizard.getByRole('button', { name: 'Save and read the plan' })).toBeDisabled()
  await expectFits(page)
  await wizard.getByRole('button', { name: 'postgres.maxConnections' }).click()
  await wizard.getByLabel('Connections at most').fill('300')
  await wizard.getByRole('button', { name: /^1\. Servers/ }).click()
  await expect(wizard.getByText('Write it in CIDR notation: 10.0.0.0/8.')).toBeVisible()
  await wizard.getByLabel('Network of clients').fill('10.0.0.0/8')
  await wizard.getByLabel('Name').first().fill('wizard-made')
  await wizard.getByRole('button', { name: '4. Review' }).click()
  await expect(
    wizard.getByRole('region', { name: 'Table: Values of PostgreSQL' }).getByRole('row', { name: /^max_connections 300/ }),
  ).toBeVisible()
  await expectFits(page)
  await wizard.getByRole('button', { name: 'Save and read the plan' }).click()
  await expect(page.getByRole('heading', { level: 1, name: /Build cluster/ })).toBeVisible()
  await expect(page.getByText('The servers are free').first()).toBeVisible({ timeout: 60_000 })
})
