import pg from 'pg'
import { readSecrets } from '@/lib/playground/machine/secrets'
import type { Place } from './place'

const everyMs = 150
const answerMs = 1_000
const sql = `select case when pg_is_in_recovery() then 0 else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as timeline`

/**
 * Asks every member, as a client on the network reaches it, which timeline it writes on, until it is ended. It then tells of each member that took writes after
 * another one had been seen to take them on a later timeline: two primaries that clients could reach.
 */
export const watchWriters = async (place: Place, herd: string): Promise<() => Promise<string[]>> => {
  const { lab } = place
  const { members, port, baseName } = place.herd(herd)
  const password = readSecrets(lab.layout).app
  const ending = new AbortController()
  const found = new Set<string>()
  let latest = { timeline: 0, host: '' }
  const watch = async (host: string) => {
    const relay = await lab.relay({ listenHost: '127.0.0.1', listenPort: 0, target: { host: lab.host(host).address, port } })
    let client: pg.Client | null = null
    while (!ending.signal.aborted) {
      const asked = latest
      try {
        if (client === null) {
          client = new pg.Client({
            ...{ host: relay.host, port: relay.port, database: baseName, user: 'app', password },
            ...{ connectionTimeoutMillis: answerMs, query_timeout: answerMs },
          })
          client.on('error', () => {})
          await client.connect()
        }
        const { rows } = await client.query<{ timeline: number }>(sql)
        const { timeline } = rows[0]!
        if (timeline > 0 && timeline < asked.timeline)
          found.add(
            `Two primaries: ${place.plain(host)} took writes on timeline ${timeline} after ${place.plain(asked.host)} did on timeline ${asked.timeline}.`,
          )
        if (timeline > latest.timeline) latest = { timeline, host }
      } catch {
        client?.end().catch(() => {})
        client = null
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
    client?.end().catch(() => {})
    await relay.close()
  }
  const watches = members.map(({ host }) => watch(host))
  return async () => {
    ending.abort()
    await Promise.all(watches)
    return [...found]
  }
}
