import './async-storage'
import { isValidElement, type ReactNode } from 'react'

const loadNext = async () => {
  const [work, unit, headers, cookies] = await Promise.all([
    import('next/dist/server/app-render/work-async-storage.external.js'),
    import('next/dist/server/app-render/work-unit-async-storage.external.js'),
    import('next/dist/server/web/spec-extension/adapters/headers.js'),
    import('next/dist/server/web/spec-extension/adapters/request-cookies.js'),
  ])
  const { RequestCookies } = await import('next/dist/server/web/spec-extension/cookies.js')
  return { ...work, ...unit, ...headers, ...cookies, RequestCookies }
}
let next: ReturnType<typeof loadNext> | null = null

/** Does the work as Next does a request with these headers: `headers()` and `cookies()` answer from them. */
export const inNext = async <T>(given: HeadersInit, work: () => Promise<T>): Promise<T> => {
  next ??= loadNext()
  const { workAsyncStorage, workUnitAsyncStorage, HeadersAdapter, RequestCookiesAdapter, RequestCookies } = await next
  const headers = new Headers(given)
  const unit = {
    type: 'request',
    phase: 'render',
    headers: HeadersAdapter.seal(headers),
    cookies: RequestCookiesAdapter.seal(new RequestCookies(headers) as never),
  }
  return workAsyncStorage.run({ route: '/test' } as never, () => workUnitAsyncStorage.run(unit as never, work))
}

/** Where somebody was sent instead of an answer: an address, or null for Next's own *not found*. Anything else is thrown on. */
export const sentTo = (error: unknown): string | null => {
  const digest = (error as { digest?: unknown } | null)?.digest
  if (typeof digest !== 'string') throw error
  if (digest.startsWith('NEXT_REDIRECT')) return digest.split(';')[2]!
  if (digest.startsWith('NEXT_HTTP_ERROR_FALLBACK')) return null
  throw error
}

const isServerPart = (type: unknown): type is (props: object) => Promise<ReactNode> =>
  typeof type === 'function' && type.constructor.name === 'AsyncFunction'

/**
 * Everything that a page hands to the browser, as text: what it writes itself and what its client parts are given. Parts that are async are the server's and
 * are followed; the others get all they show as props.
 */
export const handedOut = async (node: unknown, seen = new Set<unknown>()): Promise<string> => {
  if (node === null || node === undefined || typeof node === 'boolean' || typeof node === 'function' || typeof node === 'symbol') return ''
  if (typeof node !== 'object') return `${String(node)}\n`
  if (node instanceof Promise) return handedOut(await node, seen)
  if (seen.has(node)) return ''
  seen.add(node)
  if (node instanceof Date) return `${node.toISOString()}\n`
  if (isValidElement(node)) {
    const own = isServerPart(node.type) ? await handedOut(await node.type(node.props as object), seen) : ''
    return `${own}${await handedOut(node.props, seen)}`
  }
  const parts = node instanceof Map || node instanceof Set ? [...node] : Array.isArray(node) ? node : Object.entries(node).flat()
  return (await Promise.all(parts.map((part) => handedOut(part, seen)))).join('')
}
