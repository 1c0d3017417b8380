import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { readSignature, signatureValue, signedText } from './signature'

test('the header holds the time and one signature for each valid secret, and is read back', () => {
  const [one, two] = ['a', 'b'].map((secret) =>
    createHmac('sha256', secret).update(signedText(1_700_000_000, '{"x":1}')).digest('hex'),
  ) as [string, string]
  const value = signatureValue(1_700_000_000, [one, two])
  expect(value).toBe(`t=1700000000,v1=${one},v1=${two}`)
  expect(readSignature(value)).toEqual({ at: 1_700_000_000, signatures: [one, two] })
  // So anybody may compute it: printf '1700000000.{"x":1}' | openssl dgst -sha256 -hmac a
  expect(one).toBe('8984333f4d3dc477c6665675e9805bcd255bc71c4e006e162f8ee6f303954e33')
})

test('a header in another form is none', () => {
  for (const value of ['', 't=1', 'v1=00', 't=x,v1=00', `v1=${'0'.repeat(64)}`]) expect(readSignature(value)).toBeNull()
})
