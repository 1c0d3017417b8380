import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

export type InPlaceAnswer = { works: true } | { works: false; because: string }

/** The data of a stopped standby made like its upstream's where they lie, with rsync. The console carries the bytes, so the two hosts need no way to each other. */
export interface InPlaceSpec {
  /** The mark that the data directory carries until it is whole. */
  key: string
  upstream: InstanceAddress
  /** Kilobytes (1024) a second; null: as fast as it goes. */
  rateKbMax: number | null
  /** The upstream's tablespaces, of its `dataDirectory`. A target that has one of the same oid keeps it where it lies. */
  tablespaces: { oid: string; location: string }[]
}

/** `bytes`: of the upstream's files that were compared. `moved`: what went over the wire for it, both ways. */
export interface InPlaceDone {
  bytes: number
  moved: number
}

export interface InPlaceRead {
  /** Whether rsync is on both hosts, and the console may read the upstream's files and begin a backup there. Throws only when a host cannot be used. */
  tryInPlace: (instance: InstanceAddress, upstream: InstanceAddress, options: CallOptions) => Promise<InPlaceAnswer>
}

export interface InPlaceAct {
  /**
   * From here on the server cannot start until `fillInPlace` has come to its end, a reboot of its host included. Configuration in the data directory stays;
   * its WAL and the tablespaces that the upstream does not have go. An error, before anything is changed, when a server runs there. Done already is none.
   */
  beginInPlace: (instance: InstanceAddress, spec: InPlaceSpec, options: CallOptions) => Promise<void>
  /**
   * Takes what the upstream has, in a backup of its own that ends with it, whatever becomes of us, and makes the server a standby that can start. The WAL from
   * the beginning of that backup on must be held for it. Whatever an earlier one left at work there is ended first. One that was broken off is run again: it
   * reads everything again and moves only what differs. Throws `shell.*` and `sql.*`; `onProgress` hears how many bytes were compared.
   */
  fillInPlace: (
    instance: InstanceAddress,
    spec: InPlaceSpec,
    options: CallOptions & { onProgress?: (bytes: number) => void },
  ) => Promise<InPlaceDone>
}
