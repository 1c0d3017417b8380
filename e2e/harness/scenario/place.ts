import type { FleetHerd } from '@/lib/playground/fleet/fleet'
import type { Lab } from '@/lib/playground/lab/lab'
import type { Holds } from './holds'

/** The world as one scenario names it. The lab’s own names carry the scenario’s mark, so that several files may call a host `a`. */
export interface Place {
  lab: Lab
  folder: string
  holds: Holds
  workers: Workers
  redis: Redis | null
  /** The lab’s names of every host of the scenario. */
  hosts: () => string[]
  /** The lab’s name of a host; `console` stays. */
  host: (name: string) => string
  /** As the file names them. */
  herds: string[]
  /** The only herd where none is named. */
  herd: (name?: string) => FleetHerd
  /** The poolers in front of a herd, as the file names their hosts and the databases that point there. */
  poolers: (herd: string) => { host: string; databases: string[] }[]
  members: (herd?: string) => string[]
  /** Tells of something of this scenario. */
  isOwn: (text: string) => boolean
  /** The names of the file again. */
  plain: (text: string) => string
}

export interface Redis {
  kill: () => Promise<void>
  start: () => Promise<void>
  /** It lives. */
  mend: () => Promise<void>
}

export interface Workers {
  kill: () => Promise<void>
  freeze: () => void
  thaw: () => void
  /** Another one, once it has registered. */
  start: () => Promise<void>
  /** At least one lives and none is frozen. */
  mend: () => Promise<void>
}
