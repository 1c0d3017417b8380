import { expect, openList, planFor, test, untilWell } from './harness/stack/fixtures'

/** A fingerprint of the right form that is nobody's. */
const wrongKey = `SHA256:${'A'.repeat(43)}`

test('a machine is no second server, and one whose key was pinned wrongly is refused everything until the right key was compared and accepted', async ({
  as,
  stack,
}) => {
  const page = await as('ada')
  const host = 'stage-ams-1'
  const { address } = stack.lab.host(host)
  const fingerprint = (await stack.lab.hosts.mustExec(host, ['ssh-keygen', '-lf', '/etc/ssh/ssh_host_ed25519_key.pub'])).split(' ')[1]!

  await page.goto('/servers/add')
  await page.getByLabel('Host name').fill('stage-by-hand')
  await page.getByRole('combobox', { name: 'Environment' }).click()
  await page.getByRole('option', { name: 'stage' }).click()
  await page.getByLabel('Address').fill(address)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText(`${host} in stage has this address with this SSH port already.`).first()).toBeVisible()

  const { items } = (await (await page.request.get(`/api/v1/servers?q=${host}`)).json()) as { items: { id: string }[] }
  await page.goto(`/servers/${items[0]!.id}/edit`)
  await page.getByLabel('Pinned host key').fill(wrongKey)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: host })).toBeVisible()

  await expect(page.getByText('Everything on this server is refused')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('definition').filter({ hasText: wrongKey }).first()).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: fingerprint }).first()).toBeVisible()

  const accept = page.getByRole('button', { name: 'Accept the new key' })
  await expect(page.getByRole('button', { name: /^Accept/ })).toHaveCount(1)
  await expect(accept).toBeDisabled()
  const compared = page.getByLabel('Last 6 characters of the fingerprint')
  await compared.fill(wrongKey.slice(-6))
  await expect(accept).toBeDisabled()
  await compared.fill(fingerprint.slice(-6))
  await accept.click()
  await expect(page.getByText('Everything on this server is refused')).toBeHidden()
  // The check runs again without being asked.
  await expect(page.getByText(/^(Everything passed|Passed, with warnings)\.$/)).toBeVisible({ timeout: 60_000 })
})

test('a host whose key is not the pinned one runs nothing: an operation on it is refused and its instance keeps its postmaster', async ({
  as,
  stack,
}) => {
  const page = await as('ada')
  const member = stack.members.find(({ host, herd }) => host === 'dev-ams-2' && herd === 'dev-catalog')!
  const before = await stack.startTimes([member])
  const { items } = (await (await page.request.get('/api/v1/servers?q=dev-ams-2')).json()) as { items: { id: string; hostKey: string }[] }
  const server = items[0]!
  const pin = async (key: string) => {
    await page.goto(`/servers/${server.id}/edit`)
    await page.getByLabel('Pinned host key').fill(key)
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.waitForURL(new RegExp(`/servers/${server.id}$`))
  }
  await pin(wrongKey)
  try {
    // Its agent may go on reporting it online; the console itself is refused.
    await expect(page.getByText('Everything on this server is refused')).toBeVisible({ timeout: 60_000 })
    await openList(page, '/instances')
    await planFor(page, 'Restart', ['dev-catalog on dev-ams-2'])
    await expect(page.getByRole('region', { name: 'Summary' })).toContainText('1 is excluded')
    await expect(page.getByText('Nothing can run')).toBeVisible()
    await expect(page.getByRole('region', { name: 'Targets' })).toContainText(/key/)
    await page.goto('/?wall=1')
    await expect(page).toHaveTitle(/^\(\d+!\) /)
    const icons = () =>
      page.locator('link[rel~="icon"]').evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute('href')))])
    await expect.poll(icons).toEqual(['/icon-alarm.svg'])
    const [frame, bad] = await page.evaluate(() => {
      const probe = document.createElement('i')
      probe.style.color = 'var(--bad)'
      document.body.append(probe)
      return [getComputedStyle(document.querySelector('.shell')!).borderTopColor, getComputedStyle(probe).color]
    })
    expect(frame).toBe(bad)
    await page.goto('/instances')
    await expect(page).toHaveTitle('Instances · Matriarch')
  } finally {
    await pin(server.hostKey)
  }
  expect(await stack.startTimes([member])).toEqual(before)
  await untilWell(page, stack)
})
