import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { EvictionsCard } from './evictions-card'

const member = { id: 'i1', title: 'shop on a', role: 'primary', machine: 'm5.large in eu-central-1a', threat: 'none' as const, dueAt: null }

test('a herd on no spot machine shows nothing of evictions', () => {
  expect(renderToStaticMarkup(<EvictionsCard of={{ members: [], answer: null }} />)).toBe('')
})

test('each spot machine says what would happen now, and what is done about one that AWS takes', () => {
  const ahead = 'Less than a second without writes.'
  const taken = { ...member, threat: 'announced' as const, dueAt: '2026-11-25T03:05:57.000Z', ahead }
  const markup = renderToStaticMarkup(
    <EvictionsCard of={{ members: [taken], answer: { state: 'waiting', because: 'Waits for the herd, which is held.', runId: 'r1' } }} />,
  )
  for (const said of [
    'AWS takes it at 03:05:57 UTC',
    ahead,
    'Waits for the herd, which is held.',
    'href="/runs/r1"',
    'href="/instances/i1"',
  ])
    expect(markup).toContain(said)
})
