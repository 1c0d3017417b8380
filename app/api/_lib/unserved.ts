import { Fault } from '@/lib/kernel/ground/errors'
import { allCalls } from './calls/all'

/** First folders under `/api` of the console's own pages, which are no part of the API and answer for themselves. */
export const pagesOwn: readonly string[] = ['auth', 'export', 'find', 'live', 'rows']

interface Served {
  pattern: RegExp
  /** A path with fewer of them is served by a folder of its own, whatever a wider one takes. */
  parameters: number
  methods: string[]
}

const readPaths = (): Served[] => {
  const methods = new Map<string, string[]>()
  for (const { path, method } of allCalls()) methods.set(path, [...(methods.get(path) ?? []), method])
  return [...methods].map(([path, served]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`),
    parameters: path.split('{').length,
    methods: (served.includes('GET') ? [...served, 'HEAD'] : served).sort(),
  }))
}
let made: Served[] | null = null

/**
 * The refusal of a path under `/api` or `/v1/api` that nobody serves, or of a method that its path does not take; null: a route answers. Next would show the login page for the
 * one, and nothing at all for the other.
 */
export const unserved = (method: string, pathname: string): Fault | null => {
  const isForScripts = /^\/v1\/api(\/|$)/.test(pathname)
  if ((!isForScripts && !/^\/api(\/|$)/.test(pathname)) || pagesOwn.includes(pathname.split('/')[2] ?? '')) return null
  made ??= readPaths()
  const [served] = made.filter(({ pattern }) => pattern.test(pathname)).sort((a, b) => a.parameters - b.parameters)
  if (!served) return new Fault('call.missing')
  const allowed = served.methods
  if (method === 'OPTIONS' || allowed.includes(method)) return null
  return new Fault('call.method', {
    because: isForScripts ? `Method "${method}" not allowed.` : `This path takes ${allowed.join(', ')} only.`,
    allowed,
  })
}
