import { expect, test } from 'vitest'
import { SecurityKey } from '@/e2e/harness/security-key'
import { askForNew, askForOne, readNew, readSigned, siteOf } from './ceremony'

const site = { id: 'console.example.org', origin: 'https://console.example.org:8443' }
const made = async (key = new SecurityKey(site.origin, site.id)) => {
  const question = await askForNew(site, { id: crypto.randomUUID(), userName: 'dana' }, [])
  return { key, passkey: (await readNew(site, question.challenge, key.make(question)))! }
}

test('a passkey is bound to the configured name and origin, and an address without a name or https has none', () => {
  expect(siteOf('https://console.example.org:8443/x')).toEqual(site)
  expect(siteOf('http://localhost:3000')).toEqual({ id: 'localhost', origin: 'http://localhost:3000' })
  for (const url of ['http://console.example.org', 'https://192.0.2.1', 'http://127.0.0.1:3000', 'https://[::1]:3000'])
    expect(siteOf(url), url).toBeNull()
})

test('what a device makes and signs over the challenge is taken, as an object and as text', async () => {
  const { key, passkey } = await made()
  expect(passkey).toMatchObject({ credentialId: key.id.toString('base64url'), counter: 0, transports: ['usb'] })
  for (const as of [(value: unknown) => value, JSON.stringify]) {
    const question = await askForOne(site, [passkey])
    expect(await readSigned(site, question.challenge, [passkey], as(key.sign(question)))).toEqual({ passkey, counter: key.counter })
  }
})

test('a page of another origin, another site, another challenge or an untouched device makes and proves nothing', async () => {
  const { key, passkey } = await made()
  const challenge = 'c29tZSBjaGFsbGVuZ2Ugb2Ygb3Vycw'
  for (const told of [
    { origin: 'https://console.example.org' },
    { origin: 'https://console.example.net:8443' },
    { site: 'example.net' },
    { challenge: 'YW5vdGhlciBjaGFsbGVuZ2Ugb2Ygb3Vycw' },
    { isTouched: false },
  ]) {
    expect(await readNew(site, challenge, key.make({ challenge }, told)), JSON.stringify(told)).toBeNull()
    expect(await readSigned(site, challenge, [passkey], key.sign({ challenge }, told)), JSON.stringify(told)).toBeNull()
  }
  expect(await readSigned(site, challenge, [passkey], key.sign({ challenge }))).not.toBeNull()
})

test('a device whose count does not go on is a copy; one that never counts is none', async () => {
  const { key, passkey } = await made()
  const challenge = 'c29tZSBjaGFsbGVuZ2Ugb2Ygb3Vycw'
  const used = { ...passkey, counter: 7 }
  for (const counter of [0, 6, 7]) expect(await readSigned(site, challenge, [used], key.sign({ challenge }, { counter }))).toBeNull()
  expect(await readSigned(site, challenge, [used], key.sign({ challenge }, { counter: 8 }))).toMatchObject({ counter: 8 })
  expect(await readSigned(site, challenge, [passkey], key.sign({ challenge }, { counter: 0 }))).toMatchObject({ counter: 0 })
})

test('another device’s signature under a known name proves nothing, and neither does a device that is not known', async () => {
  const [{ passkey }, other] = [await made(), await made()]
  const challenge = 'c29tZSBjaGFsbGVuZ2Ugb2Ygb3Vycw'
  const forged = { ...other.key.sign({ challenge }), id: passkey.credentialId, rawId: passkey.credentialId }
  expect(await readSigned(site, challenge, [passkey], forged)).toBeNull()
  expect(await readSigned(site, challenge, [passkey], other.key.sign({ challenge }))).toBeNull()
})

test('whatever else is sent is no answer, and no failure', async () => {
  const { key, passkey } = await made()
  const challenge = 'c29tZSBjaGFsbGVuZ2Ugb2Ygb3Vycw'
  const right = key.sign({ challenge })
  const [odd, huge] = ['AA', 'A'.repeat(30_000)]
  for (const given of [
    undefined,
    null,
    '',
    '{',
    'null',
    7,
    [],
    {},
    { ...right, response: {} },
    { ...right, response: { ...right.response, authenticatorData: odd } },
    { ...right, response: { ...right.response, clientDataJSON: odd } },
    { ...right, response: { ...right.response, signature: odd } },
    { ...right, response: { ...right.response, signature: huge } },
    JSON.stringify({ ...right, more: huge }),
    key.make({ challenge }),
  ])
    expect(await readSigned(site, challenge, [passkey], given)).toBeNull()
  const answer = key.make({ challenge })
  for (const given of [null, '{', right, { ...answer, response: { ...answer.response, attestationObject: odd } }])
    expect(await readNew(site, challenge, given)).toBeNull()
})
