import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { expect, test } from './harness/stack/fixtures'

const wanted: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

test('every kind of answer carries the strict headers: pages, redirects, refusals, data, downloads, streams, files, reports', async ({
  as,
}) => {
  const page = await as('dana')
  await page.goto('/instances')
  const script = (await page.locator('script[src^="/_next/"]').first().getAttribute('src'))!
  const { headers: streamed } = await page.evaluate(async () => {
    const gone = new AbortController()
    const answer = await fetch('/api/live/facts', { signal: gone.signal })
    const headers = Object.fromEntries(answer.headers)
    gone.abort()
    return { headers }
  })
  const publicFile = readdirSync(join(projectRoot, 'public')).find((name) => name.endsWith('.svg'))!
  const kinds: [what: string, method: string, path: string, status: number, isSignedIn?: boolean][] = [
    ['page', 'GET', '/', 200],
    ['list', 'GET', '/instances', 200],
    ['page that does not exist', 'GET', '/herds/nosuch', 200],
    ['address that does not exist', 'GET', '/no/such/page/at/all', 404],
    ['login page', 'GET', '/login', 200, false],
    ['redirect to the login page', 'GET', '/herds', 307, false],
    ['data of the API', 'GET', '/api/v1/me', 200],
    ['refusal of the API', 'GET', '/api/v1/me', 401, false],
    ['unknown path of the API', 'GET', '/api/v1/nosuch', 404],
    ['wrong method', 'DELETE', '/api/v1/me', 405],
    ['rows of a list', 'GET', '/api/rows/herds', 200],
    ['download', 'GET', '/api/export/herds', 200],
    ['description of the API', 'GET', '/api/openapi.json', 200],
    ['health', 'GET', '/api/health', 200],
    ['metrics', 'GET', '/metrics', 200],
    ['next-auth', 'GET', '/api/auth/csrf', 200],
    ['next-auth, too large', 'POST', '/api/auth/callback/credentials', 413],
    ['agent’s report, refused', 'POST', '/api/v1/agent/reports', 401],
    ['script', 'GET', script, 200],
    ['public file', 'GET', `/${publicFile}`, 200],
    ['agent', 'GET', '/agent/matriarch-report', 200],
  ]
  const answers: [string, Record<string, string>][] = [['stream', streamed]]
  const stranger = await page
    .context()
    .browser()!
    .newContext({ baseURL: new URL(page.url()).origin })
  for (const [what, method, path, status, isSignedIn = true] of kinds) {
    const { request } = isSignedIn ? page.context() : stranger
    const answer = await request.fetch(path, { method, maxRedirects: 0, data: method === 'POST' ? 'x'.repeat(100_000) : undefined })
    expect([200, 404].includes(status) ? [200, 404] : [status], `${what}: ${answer.status()}`).toContain(answer.status())
    answers.push([what, answer.headers()])
  }
  await stranger.close()
  for (const [what, headers] of answers) {
    expect(headers, what).toMatchObject(wanted)
    expect(headers['permissions-policy'], what).toContain('camera=()')
    expect(headers['content-security-policy'], what).toContain("default-src 'none'")
    expect(headers['content-security-policy'], what).toContain("frame-ancestors 'none'")
    expect(headers['content-security-policy'], what).not.toMatch(/script-src[^;]*(unsafe-inline|unsafe-eval|\*|https?:)/)
    expect(headers['strict-transport-security'], `${what}: this console is reached over http`).toBeUndefined()
    expect(headers['x-powered-by'], what).toBeUndefined()
  }
})

test('a script that somebody gets into a page does not run, inline, as a handler or from an address, and no frame shows the console', async ({
  as,
  scriptErrors,
}) => {
  const page = await as('dana')
  const injected = `<script>window.injected = 1</script><script src="/agent/matriarch-report"></script>
    <img src="/nosuch.png" onerror="window.injected = 2"><iframe src="/login"></iframe>`
  await page.route('**/instances', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, body: (await answer.text()).replace('</body>', `${injected}</body>`) })
  })
  await page.goto('/instances')
  const refused = () => scriptErrors.filter((text) => text.includes('Content Security Policy')).map((text) => text.split("'")[0]!.trim())
  await expect.poll(() => new Set(refused()).size).toBeGreaterThanOrEqual(4)
  expect(await page.evaluate(() => 'injected' in window)).toBe(false)
  scriptErrors.length = 0
})
