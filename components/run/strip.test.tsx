import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { addPiece, type Strip, type StripSample } from '@/lib/domain/proof/canary-strip'
import { CanaryStrip } from './strip'

const startedAt = '2026-11-21T09:00:00.000Z'
const strip = (samples: StripSample[], atMs: number, isOver = false): Strip => ({ ...addPiece(null, { startedAt, atMs, samples }), isOver })
const shown = (one: Strip, isOpen = true) => renderToStaticMarkup(<CanaryStrip strip={one} isOpen={isOpen} />)

test('a strip says its figures in words, where the gap was and when the new primary answered', () => {
  const page = shown(
    strip(
      [
        [0, 2, 1],
        [50, 96, 1],
        [150, 3, 2],
      ],
      400,
      true,
    ),
  )
  for (const said of ['no error', 'Longest gap 144 ms', 'gap 144 ms', 'new primary, timeline 2']) expect(page).toContain(said)
})

test('an error is shown by a word and a shape, also for people who cannot see the picture', () => {
  const page = shown(
    strip(
      [
        [0, 2, 1],
        [50, 1, '57P01'],
      ],
      400,
    ),
  )
  for (const said of ['1 error so far', 'Errors 1 (57P01)', 'strip-error shape bad', 'A client saw an error.']) expect(page).toContain(said)
})

test('silence is said while it lasts, and a writer that ended without a word is no success', () => {
  const quiet = strip([[0, 2, 1]], 3_000)
  expect(shown(quiet)).toContain('no answer for 3 s')
  expect(shown(quiet, false)).toContain('cut off')
  expect(shown(quiet, false)).not.toContain('>no error<')
})
