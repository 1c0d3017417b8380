import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeFault } from '@/lib/domain/drill/judge'
import { readLedger } from '@/lib/domain/proof/canary-ledger'
import { LedgerFile } from './ledger-file'

test('the time in which stopped writers wait for their last answers is no gap', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
  try {
    const path = join(folder, 'run')
    const file = new LedgerFile(path)
    for (const [id, atMs] of [
      [1, 10],
      [2, 30],
    ] as const) {
      file.note({ kind: 'sent', id, atMs: atMs - 5 })
      file.note({ kind: 'ack', id, atMs, timeline: 1, lsn: '0/1' })
    }
    file.note({ kind: 'sent', id: 3, atMs: 40 })
    file.note({ kind: 'unknown', id: 3, atMs: 5_040, code: 'lost' })
    file.close({ isWhole: true, atMs: 45 })
    const ledger = readLedger(readFileSync(path, 'utf8'))!
    expect(ledger.elapsedMs).toBe(45)
    const cost = { lost: 0, gapMs: 1_000, because: '' } as const
    const about = { kind: 'sessions', cost, struckAt: null, wholeMs: null, primary: null, found: null, sumBefore: null } as const
    expect(judgeFault({ ...about, ledger: { ledger, sha256: '' } }).longestGapMs).toBe(20)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
