/** A backup in pgBackRest's repository. Times are ISO; LSNs PostgreSQL text. */
export interface Backup {
  label: string
  type: 'full' | 'diff' | 'incr'
  startedAt: string
  endedAt: string
  startLsn: string
  /** WAL up to here makes it consistent. */
  stopLsn: string
  /** The first segment that it needs: 24 hexadecimal digits. */
  startWal: string
  /** Of the cluster, and of what this backup alone added to the repository. */
  bytes: number
  repositoryBytes: number
  /** Pages with wrong checksums were found in it. */
  hasErrors: boolean
}

export interface StanzaInfo {
  /** As pgBackRest says: ok, no valid backups … */
  status: string
  isBusy: boolean
  isEncrypted: boolean
  /** Of the cluster whose backups these are; null: the stanza was never created. */
  systemIdentifier: string | null
  /** As its archive of WAL is named: `15-1`. */
  archiveId: string | null
  /** Oldest first, of that cluster. */
  backups: Backup[]
  /** First and last segment in the archive; null: there is none. */
  archive: { min: string; max: string } | null
}

interface Answer {
  name: string
  cipher?: string
  status: { code: number; message: string; lock?: { backup?: { held?: boolean } } }
  db?: { id: number; 'system-id': string; version: string }[]
  archive?: { id: string; database: { id: number }; min: string | null; max: string | null }[]
  backup?: {
    label: string
    type: Backup['type']
    error?: boolean | null
    database: { id: number }
    timestamp: { start: number; stop: number }
    lsn?: { start: string; stop: string }
    archive: { start: string | null; stop: string | null }
    info: { size: number; repository: { delta?: number; size?: number } }
  }[]
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** What `pgbackrest info --output=json` says of a stanza. Throws what is no such answer. Source: pgBackRest command reference, info. */
export const parseInfo = (text: string, stanza: string): StanzaInfo => {
  // A system identifier has more digits than a number holds.
  const answers = JSON.parse(text.replace(/"system-id":\s*(\d+)/g, '"system-id":"$1"')) as Answer[]
  const found = answers.find(({ name }) => name === stanza)
  if (found === undefined) throw new TypeError(`it says nothing of ${stanza}`)
  const database = found.db?.at(-1)
  const archive = found.archive?.find((one) => one.database.id === database?.id)
  return {
    status: found.status.message,
    isBusy: found.status.lock?.backup?.held === true,
    isEncrypted: found.cipher !== undefined && found.cipher !== 'none',
    systemIdentifier: database?.['system-id'] ?? null,
    archiveId: archive?.id ?? null,
    archive: archive?.min == null || archive.max == null ? null : { min: archive.min, max: archive.max },
    backups: (found.backup ?? [])
      .filter((one) => one.database.id === database?.id && one.lsn !== undefined && one.archive.start !== null)
      .map((one) => ({
        label: one.label,
        type: one.type,
        startedAt: iso(one.timestamp.start),
        endedAt: iso(one.timestamp.stop),
        startLsn: one.lsn!.start,
        stopLsn: one.lsn!.stop,
        startWal: one.archive.start!,
        bytes: one.info.size,
        repositoryBytes: one.info.repository.delta ?? one.info.repository.size ?? 0,
        hasErrors: one.error === true,
      }))
      .sort((a, b) => (a.endedAt < b.endedAt ? -1 : 1)),
  }
}
