import { setMaxListeners } from 'node:events'
import { endPresence, keepPresence, readShare } from '@/db/fleet/observer-share'
import { listen } from '@/db/pg/client'
import { repeat } from '../queue/schedule'
import { Looks, type LooksOptions } from './looks'

export interface ObserverOptions extends LooksOptions {
  /** Host and process, for people. */
  holder: string
}

const presenceEveryMs = 3000
const presenceTtlMs = 12_000
const shareEveryMs = 30_000
const tickMs = 100
const measureEveryMs = 1000

export interface Observer {
  id: string
  /** Its place among all observers; `of` 0: not known yet. */
  place: () => { index: number; of: number }
  stop: () => Promise<void>
}

/** Keeps the facts of this observer's share of the fleet fresh until `stop`. */
export const startObserver = async (options: ObserverOptions): Promise<Observer> => {
  const id = crypto.randomUUID()
  const pace = options.pace ?? 1
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const looks = new Looks(options, stopping.signal)
  let place = { index: 0, of: 0 }
  const present = async () => {
    const now = await keepPresence(id, options.holder, presenceTtlMs * pace)
    const hasMoved = now.index !== place.index || now.of !== place.of
    place = now
    if (hasMoved) await reload()
  }
  const reload = async () => {
    if (place.of > 0) await looks.load(await readShare(place))
  }
  // A person's change (a new server, an accepted key) is looked at now, not in half a minute.
  let soon: NodeJS.Timeout | null = null
  const unlisten = await listen('records', (name) => {
    if (soon || !['', 'server', 'instance', 'herd', 'environment'].includes(name)) return
    soon = setTimeout(() => {
      soon = null
      reload().catch((err: unknown) => options.log.warn({ err }, 'the fleet could not be read'))
    }, 200)
  })
  const repeated = repeat(
    [
      { name: 'observer-presence', everyMs: presenceEveryMs * pace, work: present },
      { name: 'observer-share', everyMs: shareEveryMs * pace, work: reload },
    ],
    options.log,
  )
  const ticking = setInterval(() => looks.tick(), tickMs)
  const measuring = setInterval(() => looks.measure(), measureEveryMs)
  return {
    id,
    place: () => place,
    stop: async () => {
      clearInterval(ticking)
      clearInterval(measuring)
      if (soon) clearTimeout(soon)
      unlisten()
      stopping.abort()
      await repeated.stop()
      await looks.settled()
      await endPresence(id).catch(() => {})
    },
  }
}
