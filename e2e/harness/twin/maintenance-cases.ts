import type { MemoryInstance } from '@/lib/adapters/memory'
import { atMost, type Case } from './crash-laws'

/** Whatever became of it, nothing of it runs any more, and no index is built. */
const leavesNothing = ({ sessions, indexes }: MemoryInstance): string[] => [
  ...sessions
    .filter(({ application, state }) => application.startsWith('matriarch job') && state === 'active')
    .map(({ statement }) => `${statement} still runs`),
  ...indexes.filter(({ isLeftover }) => isLeftover).map(({ name }) => `${name} is left behind`),
]

const second = (instance: MemoryInstance): void => {
  instance.tables.push({ ...instance.tables[0]!, oid: 16_500, name: 'lines', bytes: 1_000_000 })
}

const on = { target: 'demo on n1', stride: 4 } as const
/** A short deadline: the clock of the twin passes in small steps. */
const quickly = { timeoutMinutes: 1 }

export const maintenanceCases: Case[] = [
  {
    ...on,
    operation: 'vacuum',
    what: 'of two tables',
    input: { tables: 'public.*', freeze: true, ...quickly },
    prepare: second,
    broken: (instance, state) => [
      ...leavesNothing(instance),
      ...atMost(1, instance, /^VACUUM .*"orders"/),
      ...atMost(1, instance, /^VACUUM .*"lines"/),
      ...(state === 'done' && instance.tables.some(({ vacuumedAt }) => vacuumedAt === null) ? ['done, and a table was not vacuumed'] : []),
    ],
    ends: ['cancelled', 'done', 'failed'],
  },
  {
    ...on,
    operation: 'analyze',
    what: 'of a table',
    input: { tables: 'public.orders', ...quickly },
    broken: (instance, state) => [
      ...leavesNothing(instance),
      ...atMost(1, instance, /^ANALYZE/),
      ...(state === 'done' && instance.tables[0]!.analyzedAt === null ? ['done, and it was not analyzed'] : []),
    ],
    ends: ['cancelled', 'done', 'failed'],
  },
  {
    ...on,
    operation: 'reindex',
    what: 'of an invalid index and a bloated one',
    input: { indexes: '*', ...quickly },
    broken: (instance, state) => [
      ...leavesNothing(instance),
      ...atMost(1, instance, /^REINDEX .*"orders_pkey"/),
      ...atMost(1, instance, /^REINDEX .*"orders_total_idx"/),
      ...(state === 'done' && instance.indexes.some(({ oid, isValid }) => oid < 17_000 || !isValid)
        ? ['done, and one is the old one']
        : []),
      ...(instance.indexes.length === 2 ? [] : ['an index is gone']),
    ],
    ends: ['cancelled', 'done', 'failed'],
  },
  {
    ...on,
    operation: 'drop-invalid-index',
    what: 'of an invalid index',
    input: { indexes: 'public.*', ...quickly },
    broken: (instance, state) => [
      ...leavesNothing(instance),
      ...atMost(1, instance, /^DROP/),
      ...(state === 'done' && instance.indexes.length !== 1 ? ['done, and it is there'] : []),
      ...(instance.indexes.some(({ name }) => name === 'orders_pkey') ? [] : ['a valid index was dropped']),
    ],
    ends: ['cancelled', 'done', 'failed'],
  },
]
