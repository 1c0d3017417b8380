import type { Blueprint, TuningProfile } from './blueprint'
import { parseSettings } from './settings-text'

/** The machine that PostgreSQL is tuned for. */
export interface TunedMachine {
  vcpus: number
  memoryMib: number
}

export interface TunedSetting {
  name: string
  value: string
  /** The formula with its figures. */
  because: string
}

const gib = 1024
const mb = (mib: number): string => `${Math.max(1, Math.floor(mib))}MB`
const sharedPercent = 25

/**
 * What PostgreSQL is set to on a machine of this size, each with its reason; the blueprint's own settings come last and win. `shared_buffers` and what hangs on
 * it follow PostgreSQL's documentation (25 % of memory, effective_cache_size what remains for the page cache).
 */
export const tune = (blueprint: Blueprint, machine: TunedMachine): TunedSetting[] => {
  const tuned = blueprint.tuning === 'none' ? [] : ofProfile(blueprint, blueprint.tuning, machine)
  const own = parseSettings(blueprint.settings ?? '')
  const given = typeof own === 'string' ? [] : own.map((one): TunedSetting => ({ ...one, because: 'As the blueprint sets it.' }))
  const names = new Set(given.map(({ name }) => name))
  const preload = blueprint.preload.length === 0 || names.has('shared_preload_libraries') ? [] : [preloaded(blueprint)]
  return [...tuned.filter(({ name }) => !names.has(name)), ...preload, ...given]
}

const preloaded = ({ preload }: Blueprint): TunedSetting => ({
  name: 'shared_preload_libraries',
  value: preload.join(', '),
  because: 'As the blueprint lists them.',
})

const ofProfile = (
  { major, storage, volumeKind }: Blueprint,
  profile: Exclude<TuningProfile, 'none'>,
  { vcpus, memoryMib }: TunedMachine,
): TunedSetting[] => {
  const memory = `${Number((memoryMib / gib).toFixed(2))} GiB of memory`
  const shared = Math.max(128, Math.floor((memoryMib * sharedPercent) / 100))
  const connections = Math.min(profile === 'web' ? 1000 : 500, Math.max(100, vcpus * (profile === 'web' ? 100 : 50)))
  const isAnalytic = profile === 'analytics' || profile === 'throwaway'
  const perSort = (memoryMib - shared) / connections / (isAnalytic ? 1 : 2)
  const isDisk = volumeKind === 'st1' || volumeKind === 'sc1'
  const isLocal = storage === 'local'
  const maxWal = isAnalytic ? 16 : 4
  const all: (TunedSetting | false)[] = [
    { name: 'shared_buffers', value: mb(shared), because: `${sharedPercent} % of ${memory}, at least 128 MB.` },
    {
      name: 'effective_cache_size',
      value: mb(memoryMib - shared),
      because: 'The memory that is left: the page cache holds about that much.',
    },
    {
      name: 'maintenance_work_mem',
      value: mb(Math.min(2 * gib, Math.max(64, memoryMib / 20))),
      because: `5 % of ${memory}, from 64 MB to 2 GB.`,
    },
    {
      name: 'max_connections',
      value: String(connections),
      because: `${profile === 'web' ? 100 : 50} for each of ${vcpus} vCPUs, from 100 to ${profile === 'web' ? 1000 : 500}.`,
    },
    {
      name: 'work_mem',
      value: mb(Math.max(isAnalytic ? 64 : 4, perSort)),
      because: `Memory without shared_buffers ÷ max_connections${isAnalytic ? '' : ' ÷ 2'}, at least ${isAnalytic ? 64 : 4} MB.`,
    },
    {
      name: 'random_page_cost',
      value: isDisk ? '4' : isLocal ? '1.1' : '1.25',
      because: isDisk
        ? `${volumeKind} is a magnetic disk.`
        : isLocal
          ? 'The machine’s own NVMe disks.'
          : `${volumeKind} is solid state, reached over the network.`,
    },
    !isDisk && { name: 'effective_io_concurrency', value: isLocal ? '256' : '200', because: 'Solid state answers many requests at once.' },
    {
      name: 'checkpoint_timeout',
      value: isAnalytic ? '30min' : '15min',
      because: 'Fewer checkpoints write less WAL; recovery after a crash takes the longer.',
    },
    { name: 'max_wal_size', value: `${maxWal}GB`, because: 'Checkpoints come by time rather than by volume.' },
    Number(major) >= 15 && { name: 'wal_compression', value: 'lz4', because: 'Full pages in WAL shrink at little cost.' },
    vcpus > 8 && { name: 'max_worker_processes', value: String(Math.max(8, vcpus)), because: `One for each of ${vcpus} vCPUs.` },
    vcpus > 8 && { name: 'max_parallel_workers', value: String(vcpus), because: `One for each of ${vcpus} vCPUs.` },
    vcpus > 8 && {
      name: 'max_parallel_workers_per_gather',
      value: String(Math.min(isAnalytic ? 8 : 4, Math.floor(vcpus / 4))),
      because: `A quarter of the vCPUs, at most ${isAnalytic ? 8 : 4}.`,
    },
    Number(major) >= 18 &&
      vcpus >= 16 && {
        name: 'io_workers',
        value: String(Math.min(16, Math.floor(vcpus / 4))),
        because: 'A quarter of the vCPUs, at most 16.',
      },
    shared > 8 * gib && { name: 'huge_pages', value: 'try', because: 'More than 8 GB of shared_buffers.' },
    (profile === 'oltp' || profile === 'web') && {
      name: 'jit_above_cost',
      value: '1000000',
      because: 'Short statements gain nothing by it.',
    },
    { name: 'track_io_timing', value: 'on', because: 'Reading the clock is cheap on EC2, and statements then tell what they waited for.' },
    profile === 'throwaway' && { name: 'fsync', value: 'off', because: 'Throwaway: a crash of the machine loses the data.' },
    profile === 'throwaway' && { name: 'full_page_writes', value: 'off', because: 'Throwaway: as fsync.' },
    profile === 'throwaway' && { name: 'synchronous_commit', value: 'off', because: 'Throwaway: as fsync.' },
  ]
  return all.filter((one) => one !== false)
}
