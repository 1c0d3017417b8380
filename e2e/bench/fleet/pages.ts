import { sleep } from '@/lib/kernel/ground/sleep'
import type { Peer } from '../lists-servers'
import { quantile } from '../numbers'

const askEveryMs = 250

/** Front pages that stay open: each follows the stream of changes, and in turns one of them is loaded anew. */
export const openPages = ({ origins, cookie }: Peer, count: number) => {
  const over = new AbortController()
  const headers = { cookie }
  let pushes = 0
  const follow = async (origin: string) => {
    const response = await fetch(`${origin}/api/live/fleet`, { headers, signal: over.signal })
    if (!response.ok) throw new Error(`The front page's stream answered ${response.status}.`)
    for await (const piece of response.body!) if (Buffer.from(piece).includes('data:')) pushes += 1
  }
  const took: number[] = []
  const load = async () => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      const startedAt = performance.now()
      const response = await fetch(`${origins[n % origins.length]}/`, { headers, redirect: 'manual', signal: over.signal })
      await response.arrayBuffer()
      if (response.status !== 200) throw new Error(`The front page answered ${response.status}.`)
      took.push(performance.now() - startedAt)
      await sleep(askEveryMs)
    }
  }
  let fault: unknown = null
  const kept = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      if (!over.signal.aborted) fault ??= error
    })
  for (let n = 0; n < count; n += 1) void kept(follow(origins[n % origins.length]!))
  void kept(load())
  return {
    seen: () => {
      if (fault !== null) throw fault
      return { p95Ms: Math.round(quantile(took, 0.95)), asked: took.length, pushes }
    },
    close: () => over.abort(),
  }
}
