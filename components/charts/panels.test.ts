import { expect, test } from 'vitest'
import { hostMetrics, instanceMetrics } from '@/lib/domain/samples/metrics'
import type { Samples } from '@/lib/shapes/samples'
import { fullIn, panelsOf } from './panels'

const answer = (metrics: Samples['metrics'], ...series: [title: string, metric: string, mean: number][]): Samples => ({
  from: '',
  to: '',
  stepSeconds: 10,
  metrics,
  marks: [],
  series: series.map(([title, metric, mean]) => ({ id: title, title, metric, points: [[0, mean, mean, mean]] })),
})

test('every metric has a chart, and one without a point is said to be unknown', () => {
  for (const [of, metrics] of [
    ['instance', [...instanceMetrics]],
    ['herd', [...instanceMetrics]],
    ['server', [...hostMetrics]],
  ] as const) {
    const all = panelsOf(of, answer([...metrics], ...metrics.map(({ name }): [string, string, number] => ['shop on a', name, 1])))
    expect(all.empty).toEqual([])
    expect(all.shown.flatMap(({ lines }) => lines)).toHaveLength(metrics.length)
    // Titles name the charts to whoever cannot see them.
    expect(new Set(all.shown.map(({ title }) => title)).size).toBe(all.shown.length)
    expect(panelsOf(of, answer([...metrics])).empty).toHaveLength(all.shown.length)
  }
})

test('of a herd the members stand in one chart, named by their hosts', () => {
  const { shown } = panelsOf('herd', answer([...instanceMetrics], ['shop on a', 'active', 1], ['shop on b', 'active', 2]))
  expect(shown.map(({ title, lines }) => [title, lines.map(({ label }) => label)])).toEqual([['Active sessions', ['a', 'b']]])
})

test('what happens a few times a day is counted by the hour', () => {
  const { shown } = panelsOf('instance', answer([...instanceMetrics], ['shop on a', 'checkpoints', 0.005]))
  expect([shown[0]!.unit, shown[0]!.lines[0]!.points]).toEqual(['per hour', [[0, 18, 18, 18]]])
})

test('a disk that fills says when it is full; one that does not, or of which the rate is unknown, says nothing', () => {
  const disk = (...rest: [string, string, number][]) => answer([...hostMetrics], ['h', 'disk', 1000], ['h', 'diskUsed', 400], ...rest)
  expect(fullIn('server', disk(['h', 'diskFill', 2]))).toBe(300)
  expect(fullIn('server', disk(['h', 'diskFill', -2]))).toBeNull()
  expect(fullIn('server', disk())).toBeNull()
})
