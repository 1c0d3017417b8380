import type { Backup } from '@/lib/domain/backups/info'
import { recoveryLines } from '@/lib/domain/backups/target'
import { formatLsn, parseLsn } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, InstanceAddress } from '@/lib/ports'
import type { BackupsAct, BackupsRead } from '@/lib/ports/backups'
import { reached } from '../postgres/instances'
import { beginWork } from '../world/long-work'
import { serves } from '../world/wal'
import type { MemoryCopy, MemoryInstance, MemoryStanza, World } from '../world/world'

const segment = 2 ** 24
const lsn = (bytes: number) => formatLsn(BigInt(bytes))
const hour = 3_600_000
/** Where a world begins. */
const firstBytes = 0x3000148

const backupAt = (now: Date, bytes: number, type: Backup['type'], label: string): Backup => ({
  ...{ label, type, startedAt: now.toISOString(), endedAt: now.toISOString() },
  ...{ startLsn: lsn(bytes - segment), stopLsn: lsn(bytes - segment / 2), startWal: '000000010000000000000002' },
  ...{ bytes: 2 ** 30, repositoryBytes: 2 ** 28, hasErrors: false },
})

/** Of its herd: each has a full backup an hour old, unless a test says otherwise. */
export const stanzaOf = (world: World, { inventory: { herdId, herdName } }: MemoryInstance): MemoryStanza => {
  const found = world.stanzas.get(herdId)
  if (found !== undefined) return found
  const made: MemoryStanza = {
    name: herdName,
    because: null,
    isBusy: false,
    backups: [backupAt(new Date(world.clock.now().getTime() - hour), firstBytes, 'full', 'full-1')],
    gaps: [],
  }
  world.stanzas.set(herdId, made)
  return made
}

/** Everything that a primary of the herd wrote is in the archive. */
const archiveEnd = (world: World, { inventory }: MemoryInstance): number =>
  Math.max(...[...world.instances.values()].filter((one) => one.inventory.herdId === inventory.herdId).map(({ walBytes }) => walBytes))

export const memoryBackupsRead = (world: World): BackupsRead => ({
  backups: async (address, options) => {
    const instance = await reached(world, address, options)
    const { name, because, isBusy, backups } = stanzaOf(world, instance)
    if (because !== null) return { stanza: name, because }
    return {
      ...{ stanza: name, because: null, status: 'ok', isBusy, isEncrypted: true, systemIdentifier: instance.systemIdentifier },
      ...{ archiveId: '15-1', backups: [...backups], archive: { min: '000000010000000000000002', max: '000000010000000000000003' } },
    }
  },
  archived: async (address, _stanza, _archiveId, options) => {
    const instance = await reached(world, address, options)
    const ends = [...stanzaOf(world, instance).gaps, archiveEnd(world, instance)]
    return ends.map((end, at) => ({ fromLsn: lsn(at === 0 ? segment : ends[at - 1]! + segment), toLsn: lsn(end) }))
  },
  backupCommands: {
    backup: ({ stanza, type }) => [`pgbackrest --stanza=${stanza} --type=${type} backup`],
    restore: (_address, { stanza, label, target }) => [
      `pgbackrest --stanza=${stanza} --set=${label} --type=none restore`,
      `write to postgresql.auto.conf\n${recoveryLines(stanza, target).join('\n')}`,
    ],
  },
})

type Act = (address: InstanceAddress, name: string, options: CallOptions, action: (instance: MemoryInstance) => void) => Promise<void>

export const memoryBackupsAct = (
  world: World,
  act: Act,
  directoryOf: (instance: MemoryInstance) => NonNullable<MemoryCopy['aside']>,
): BackupsAct => ({
  startBackup: (address, { key, type }, options) =>
    act(address, `back up ${type}`, options, (instance) => {
      const action = () => {
        if (!serves(instance) || instance.hasStandbySignal) throw failed('unable to find primary cluster - cannot proceed')
        const { backups } = stanzaOf(world, instance)
        backups.push(backupAt(world.clock.now(), instance.walBytes, type, `${type}-${backups.length + 1}`))
      }
      beginWork(world.clock, instance.host, key, { action })
    }),
  startRestore: (address, { key, label, target }, options) =>
    act(address, 'restore', options, (instance) => {
      if (instance.copy !== null) throw failed(`a copy of ours (${instance.copy.key}) is there already`)
      const copy: MemoryCopy = { key, stage: 'unfinished', aside: null }
      const action = () => {
        const backup = stanzaOf(world, instance).backups.find((one) => one.label === label)
        if (backup === undefined) throw failed(`backup set ${label} is not valid`)
        const stop = Number(parseLsn(backup.stopLsn))
        const end = archiveEnd(world, instance)
        const walBytes = target.kind === 'lsn' ? Number(parseLsn(target.lsn)) : target.kind === 'time' ? Math.round((stop + end) / 2) : end
        copy.aside = {
          ...directoryOf(instance),
          ...{ state: 'stopped', hasStandbySignal: true, ranAsStandby: true, startProblem: null, following: null, inPlaceKey: null },
          ...{ walBytes, isAtTarget: target.kind !== 'latest' },
        }
        copy.stage = 'whole'
      }
      beginWork(world.clock, instance.host, key, { action })
      instance.copy = copy
    }),
})

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })
