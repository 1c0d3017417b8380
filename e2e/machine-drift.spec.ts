import { askCloud } from '@/lib/playground/lab/cloud-cli'
import { awscli } from './harness/aws/awscli'
import { expectFits } from './harness/stack/fits'
import { expect, openList, row, test } from './harness/stack/fixtures'
import { sized } from './harness/stack/machines-fleet'

const phone = { width: 390, height: 844 }
/** A machine of the playground on which nothing is registered. */
const stray = 'orders-restore-test'

test('a tag that somebody sets in AWS is a difference with both sides until it is taken over, and on a phone a machine that is no server’s is tied from the inbox, untied and ignored', async ({
  as,
  stack,
}) => {
  const page = await as('admin')
  const [{ rows }, { aws }] = [await askCloud(stack.lab, ['list']), await askCloud(stack.lab, ['aws'])]
  const id = rows!.find(([machine]) => machine === sized.standby)![1]!
  await awscli(aws!, aws!, ['ec2', 'create-tags', '--resources', id, '--tags', 'Key=Owner,Value=nina'])

  await page.goto('/discovery')
  const waiting = page.getByRole('listitem').filter({ hasText: stray })
  await expect(waiting).toContainText('No registered server has its addresses.')
  await expectFits(page)
  await page.setViewportSize(phone)
  await waiting.getByRole('combobox', { name: `Server that ${stray} is` }).fill('prod-ams-1')
  await page.getByRole('option', { name: /^prod-ams-1/ }).click()
  await waiting.getByRole('button', { name: `Tie ${stray} to the server` }).click()
  await expect(page.getByText('Tied: the machine is that server.')).toBeVisible()
  await expect(waiting).toBeHidden()

  await openList(page, `/machines?q=${stray}`)
  await row(page, stray).getByRole('link', { name: stray }).click()
  await page.getByRole('button', { name: 'Untie' }).click()
  await page.getByRole('button', { name: 'Ignore', exact: true }).click()
  await page.getByRole('button', { name: 'List again under Discovery' }).click()
  await expect(page.getByRole('button', { name: 'Ignore', exact: true })).toBeVisible()
  await expectFits(page)

  await openList(page, '/machines?drift=drifted')
  const drifted = row(page, sized.standby)
  await expect(drifted).toBeVisible({ timeout: 60_000 })
  await drifted.locator('th').getByRole('link').click()
  const drift = page.getByRole('region', { name: 'Drift', exact: true })
  await expect(drift.getByRole('listitem')).toContainText('+ Owner=nina')
  await expectFits(page)
  await page.setViewportSize(phone)
  await drift.getByRole('button', { name: 'Take over what the cloud says: Tags' }).click()
  await expect(drift).toBeHidden()
})
