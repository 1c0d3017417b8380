import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { addSecurityHeaders } from './security-headers'

/** Answers with the policy that the handler behind would read from the request. */
const ask = async (path: string, { isHttps = false, headers = {} as Record<string, string> } = {}) => {
  const server = createServer((request, response) => {
    addSecurityHeaders(request, response, isHttps)
    response.end(
      JSON.stringify([request.headers['content-security-policy'], request.headers['content-security-policy-report-only'] ?? null]),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { headers })
    return { headers: answer.headers, inside: (await answer.json()) as [string, string | null] }
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('every page has a nonce of its own, and nothing a client sends takes its place', async () => {
  const forged = {
    'content-security-policy': "script-src 'nonce-chosen'",
    'content-security-policy-report-only': "script-src 'nonce-chosen'",
  }
  const [one, two] = [await ask('/instances', { headers: forged }), await ask('/instances')]
  const nonce = /'nonce-([^']+)'/.exec(one.headers.get('content-security-policy')!)![1]!
  expect(Buffer.from(nonce, 'base64')).toHaveLength(16)
  expect(one.inside).toEqual([one.headers.get('content-security-policy'), null])
  expect(two.headers.get('content-security-policy')).not.toContain(nonce)
  expect(one.headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/)
})

test('what is no page may load and run nothing', async () => {
  for (const path of ['/api/v1/me', '/api', '/api?x', '/metrics', '/_next/static/a.js', '/agent/matriarch-report'])
    expect((await ask(path)).headers.get('content-security-policy'), path).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
  expect((await ask('/apiary')).headers.get('content-security-policy')).toContain('nonce-')
})

test('a console reached over https says so for two years, one reached over http never', async () => {
  expect((await ask('/', { isHttps: true })).headers.get('strict-transport-security')).toBe('max-age=63072000')
  expect((await ask('/')).headers.get('strict-transport-security')).toBeNull()
})
