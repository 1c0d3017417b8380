import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { judgeMove, type MoveEvidence } from '@/lib/domain/proof/certificate'
import { provenMove } from '@/lib/domain/proof/certificate.fixture'
import { CertificateView } from './certificate'

const shown = (evidence: MoveEvidence, isGood = true) =>
  renderToStaticMarkup(
    <CertificateView
      evidence={evidence}
      verdict={judgeMove(evidence)}
      issuedAt="2026-11-21T09:01:00.000Z"
      signature={{ keyId: 'SHA256:abc', says: 'Valid, by this console’s key', isGood }}
    />,
  )

test('a certificate shows its verdict first, then positions, fence, what a client saw, clocks and steps', () => {
  const page = shown(provenMove())
  const order = [
    'Proven: no logged commit',
    '>What was moved<',
    '>Positions in the WAL<',
    '0/50002B0',
    '>Fence<',
    '>What a client saw<',
    '1200 ms between two',
    '3 × 57P01',
    '>Clocks<',
    '>Steps<',
    'Promote',
  ]
  expect(
    order.map((part) => page.indexOf(part)).every((at, index, all) => at > (all[index - 1] ?? -1)),
    page,
  ).toBe(true)
})

test('nothing but a proven one, validly signed, says so', () => {
  const bad: MoveEvidence[] = [
    provenMove({ after: null }),
    provenMove({ fork: { timeline: 3, lsn: '0/5000000' } }),
    provenMove({ canary: null }),
    provenMove({ clocks: [{ what: 'shop on b', offsetMs: 9000, uncertaintyMs: 1 }] }),
  ]
  for (const evidence of bad) expect(shown(evidence)).not.toContain('Proven')
  expect(shown(bad[1]!)).toContain('Lost: at least 256 B of WAL.')
  expect(shown(provenMove(), false)).not.toContain('Proven')
})
