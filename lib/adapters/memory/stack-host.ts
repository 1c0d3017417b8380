import type { Stack } from '@/lib/domain/stack/stack'
import { Fault } from '@/lib/kernel/ground/errors'
import type { MemoryStackHost } from './world/stacks'
import type { World } from './world/world'

export const stackHost = ({ stacks }: World, hostname: string): MemoryStackHost => {
  const found = stacks.hosts.get(hostname) ?? {
    files: new Map(),
    programs: new Set<string>(),
    units: new Map(),
    directories: new Map(),
    listeners: new Set<number>(),
    shown: new Map(),
    trusted: new Map(),
    whyNotRoot: null,
    clockOffsetMs: 3,
  }
  stacks.hosts.set(hostname, found)
  return found
}

export const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })

export const isActive = (world: World, hostname: string, unit: string): boolean =>
  [...world.hosts.values()].find(({ server }) => server.title === hostname)?.power !== 'off' &&
  stackHost(world, hostname).units.get(unit)?.isActive === true

/** Hosts of a part whose unit runs, by the name of their server. */
export const running = (world: World, { servers }: Stack, part: 'etcd' | 'postgres', unit: string): string[] =>
  servers.filter(({ parts, name }) => parts.includes(part) && isActive(world, name, unit)).map(({ name }) => name)
