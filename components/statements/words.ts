import type { StatementOrder } from '@/lib/domain/statements/statement'

export const orderWords: Readonly<Record<StatementOrder, string>> = {
  totalMs: 'total time',
  meanMs: 'mean time',
  calls: 'calls',
  rows: 'rows',
  blocksRead: 'blocks read',
  ioMs: 'I/O time',
  tempBlocks: 'temporary blocks',
  walBytes: 'WAL',
}

/** Milliseconds as people read them: `0.12 ms`, `3.4 s`, `2.1 min`, `5.0 h`. */
export const lasting = (ms: number): string => {
  const [value, unit] =
    ms < 1000 ? [ms, 'ms'] : ms < 60_000 ? [ms / 1000, 's'] : ms < 3_600_000 ? [ms / 60_000, 'min'] : [ms / 3_600_000, 'h']
  return `${(value as number) >= 100 ? Math.round(value as number) : Number((value as number).toPrecision(2))} ${unit}`
}
