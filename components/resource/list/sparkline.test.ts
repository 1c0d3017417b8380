import { expect, test } from 'vitest'
import { hostMetrics, instanceMetrics } from '@/lib/domain/samples/metrics'
import type { Sparkline } from '@/lib/kernel/resource/resource'
import { resources } from '@/lib/resources'
import { sparklineHtml } from './sparkline'

const lag: Sparkline = { name: 'lagChart', label: 'Replay lag, 24 h', metric: 'lagBytes', by: 'highest' }
const pathOf = (html: string) => /d="([^"]*)"/.exec(html)?.[1]

test('what is not known tears the line, and one figure alone is a dot', () => {
  const path = pathOf(sparklineHtml([0, 10, null, 5, null, 10, 10], lag))!
  expect(path.match(/[ML]/g)).toEqual(['M', 'L', 'M', 'M', 'L'])
  expect(path).toContain('h2')
})

test('the line is read without seeing it: by its name and by the figure of now', () => {
  const html = sparklineHtml([1024, 4096, 2048], lag)
  expect(html).toContain('aria-label="Replay lag, 24 h: now 2 kB, lowest 1 kB, highest 4 kB"')
  expect(html).toMatch(/<\/svg>2 kB$/)
  expect(sparklineHtml([1024, null, null], lag)).toMatch(/<\/svg>not known now$/)
})

test('unknown is no flat line, and what is not read yet says nothing', () => {
  expect(sparklineHtml([null, null], lag)).toBe('<span class="text-ink-3">no samples</span>')
  expect(sparklineHtml(undefined, lag)).toBe('')
})

test('a share of something has a hundred percent for its height', () => {
  const disk: Sparkline = { name: 'diskChart', label: 'Disk', metric: 'diskUsed', partOf: 'disk', by: 'highest' }
  expect(pathOf(sparklineHtml([50, 50], disk))).toMatch(/^M1\.5 10\.0L/)
})

test('every column of charts is of a figure that is sampled there, and has a name that no field has', () => {
  for (const { name, list, fields } of resources)
    for (const spark of list.sparklines ?? []) {
      const names = (name === 'server' ? hostMetrics : instanceMetrics).map((metric) => metric.name as string)
      expect(names).toEqual(expect.arrayContaining([spark.metric, ...(spark.partOf === undefined ? [] : [spark.partOf])]))
      expect(Object.keys(fields)).not.toContain(spark.name)
      expect(spark.over === undefined).toBe(name !== 'herd')
    }
})
