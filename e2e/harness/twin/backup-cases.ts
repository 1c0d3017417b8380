import type { MemoryFleet, MemoryInstance } from '@/lib/adapters/memory'
import { applied, atMost, type Case, isGivenUp } from './crash-laws'

/** A herd whose primary is alone up. */
export const aloneUp = (instance: MemoryInstance, { world }: MemoryFleet): void => {
  for (const one of world.instances.values()) if (one !== instance) one.state = 'stopped'
  instance.walBytes += 3 * 2 ** 24
}

const lsn = '0/4000000'

export const backupCases: Case[] = [
  {
    operation: 'back-up',
    what: 'of a primary',
    target: 'demo on n1',
    broken: (instance, state, _lines, { world }) => {
      const made = (world.stanzas.get(instance.inventory.herdId)?.backups.length ?? 1) - 1
      const isLeft =
        ['undone', 'failed', 'cancelled'].includes(state) && [...instance.host.work.values()].some(({ exitCode }) => exitCode === null)
      return [
        ...(made > 1 ? [`${made} backups were made`] : []),
        ...(state === 'done' && made !== 1 ? ['done without a backup'] : []),
        ...(isLeft ? [`${state}, and pgBackRest is at work`] : []),
      ]
    },
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 13,
  },
  {
    operation: 'restore',
    what: 'of a primary up to a position',
    target: 'demo on n1',
    input: { until: 'lsn', lsn },
    prepare: aloneUp,
    broken: (instance, state, lines) => {
      const isBack = ['undone', 'failed', 'cancelled'].includes(state) && !isGivenUp(lines)
      const isRestored = instance.timeline === 2
      return [
        ...atMost(1, instance, /^restore/),
        ...atMost(1, instance, /^swap in/),
        ...atMost(1, instance, /^promote/),
        ...(state === 'done' && !isRestored ? ['done, and nothing was restored'] : []),
        ...(state === 'done' && (instance.state !== 'running' || instance.hasStandbySignal) ? ['done, and it takes no writes'] : []),
        ...(state === 'done' && instance.copy !== null ? ['done, and a copy is left'] : []),
        ...(isBack && (isRestored || instance.state !== 'running')
          ? [`${state}, and it is ${instance.state} on ${instance.timeline}`]
          : []),
        ...(isBack && instance.copy !== null ? [`${state}, and a copy is left`] : []),
        ...(instance.state === 'running' && !instance.hasStandbySignal && !isRestored && applied(instance, /^promote/) > 0
          ? ['promoted on the old timeline']
          : []),
      ]
    },
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 211,
  },
]
