import { expect, test } from 'vitest'
import { sampleCatalogue } from '../prices/sample'
import { blueprintOf, emptyBlueprint } from './blueprint'
import { effectsOf, worstOf } from './effects'
import { parseSettings, sayLine } from './settings-text'
import { tune } from './tuning'

const large = sampleCatalogue().types.find(({ type }) => type === 'm5.large')!

test('what a change does is said field by field: nothing, a reload, a restart, a new machine, or refused', () => {
  const before = blueprintOf({ name: 'shop', vcpusMin: 2, storageGb: 100, settings: "work_mem = '4MB'", major: '17' })
  const kinds = (changed: object) =>
    effectsOf(before, { ...before, ...changed }, { types: [large] }).map(({ field, kind }) => `${field}: ${kind}`)
  expect(kinds({})).toEqual([])
  expect(kinds({ strategy: 'cheapest', vcpusMax: 4 })).toEqual(['vcpusMax: nothing', 'strategy: nothing'])
  expect(kinds({ vcpusMin: 4 })).toEqual(['vcpusMin: new-machine'])
  expect(kinds({ settings: 'work_mem = 8MB' })).toEqual(['settings: reload'])
  expect(kinds({ settings: 'work_mem = 4MB\nmax_connections = 50' })).toEqual(['settings: restart'])
  expect(kinds({ storageGb: 50, major: '16' })).toEqual(['storageGb: refused', 'major: refused'])
  expect(kinds({ storageGb: 200 })).toEqual(['storageGb: nothing'])
  const all = effectsOf(before, { ...before, accessRules: 'host all all all scram-sha-256', preload: ['auto_explain'] }, { types: [large] })
  expect(worstOf(all)).toBe('restart')
})

test('before anything is launched a change does nothing', () => {
  const effects = effectsOf(emptyBlueprint, { ...emptyBlueprint, regions: ['eu-north-1'], major: '16' }, null)
  expect(effects.map(({ kind }) => kind)).toEqual(['nothing', 'nothing'])
})

test('every parameter that tuning sets says why, fits the machine, and yields to the blueprint’s own', () => {
  const blueprint = blueprintOf({ tuning: 'oltp', settings: "work_mem = '1MB'", preload: ['auto_explain'], major: '14' })
  const tuned = tune(blueprint, { vcpus: 2, memoryMib: 8192 })
  const value = (name: string) => tuned.filter((one) => one.name === name).map((one) => one.value)
  expect(value('shared_buffers')).toEqual(['2048MB'])
  expect(value('work_mem')).toEqual(['1MB'])
  expect(value('max_connections')).toEqual(['100'])
  expect(value('wal_compression')).toEqual([])
  expect(value('shared_preload_libraries')).toEqual(['auto_explain'])
  expect(tuned.every(({ because }) => because.endsWith('.'))).toBe(true)
  expect(tune(blueprintOf({ tuning: 'none' }), { vcpus: 2, memoryMib: 8192 })).toEqual([])
  // A machine may be small: nothing comes to zero.
  expect(tune(blueprintOf({}), { vcpus: 1, memoryMib: 512 }).find(({ name }) => name === 'shared_buffers')!.value).toBe('128MB')
})

test('settings are read as postgresql.conf is, and what is not a setting is named by its line', () => {
  expect(parseSettings("# mine\nwork_mem = '8MB' # enough\nlog_line_prefix '%m [''x'']'\nmy.own=on")).toEqual([
    { name: 'work_mem', value: '8MB' },
    { name: 'log_line_prefix', value: "%m ['x']" },
    { name: 'my.own', value: 'on' },
  ])
  expect(parseSettings('work_mem')).toBe('Line 1 is not of the form name = value: work_mem')
  expect(parseSettings('a = 1\nA = 2')).toBe('Line 2 sets A again.')
  expect(sayLine({ name: 'log_line_prefix', value: "it's" })).toBe("log_line_prefix = 'it''s'")
})
