import { expect, test } from 'vitest'
import { herds } from '@/db/schema'
import { defineResource, type Resource } from '@/lib/kernel/resource/resource'
import { resources } from '@/lib/resources'
import { herd } from '@/lib/resources/herd'
import { run } from '@/lib/resources/work'
import { declarationFaults, mustBeSound } from './selfcheck'

test('the declared resources and operations have no fault', () => {
  expect(declarationFaults()).toEqual([])
  expect(mustBeSound).not.toThrow()
})

const planted: [string, string, Partial<Resource>][] = [
  ['R01', '“herds” is also that of herd', { name: 'flock' }],
  ['R02', '“Herd!” is not made of lowercase letters', { name: 'Herd!', path: 'flocks' }],
  ['R03', '“colour” is no column', { fields: { ...herd.fields, colour: { kind: 'text', label: 'Colour' } } }],
  ['R05', '“page” means something else', { fields: { ...herd.fields, page: { kind: 'text', label: 'Page' } } }],
  ['R06', '“port” has no label', { fields: { ...herd.fields, port: { kind: 'port', label: ' ' } } }],
  [
    'R07',
    '“continent”, which is no resource',
    { fields: { ...herd.fields, environmentId: { kind: 'reference', label: 'E', to: 'continent', required: true } } },
  ],
  ['R08', '“port” has no choices', { fields: { ...herd.fields, port: { kind: 'choice', label: 'P', choices: [], required: true } } }],
  [
    'R09',
    'no regular expression: (',
    { fields: { ...herd.fields, name: { kind: 'text', label: 'N', required: true, pattern: { source: '(', message: 'x' } } } },
  ],
  [
    'R10',
    '“port” is observed',
    {
      fields: { ...herd.fields, port: { kind: 'port', label: 'P', observed: true } },
      observedAt: undefined,
      form: herd.form.filter((name) => name !== 'port'),
    },
  ],
  ['R11', 'list.columns: “colour” is no field', { list: { ...herd.list, columns: ['name', 'colour'] } as Resource['list'] }],
  ['R11', 'list.order: “colour” is no field', { list: { ...herd.list, order: '-colour' } }],
  ['R12', 'sections: a field is named twice', { sections: [...herd.sections, { title: 'Again', fields: ['name'] }] }],
  ['R13', 'list.columns: is empty', { list: { ...herd.list, columns: [] } }],
  ['R14', '“createdAt” has a kind without choices', { list: { ...herd.list, filters: ['createdAt'] } as Resource['list'] }],
  ['R15', '“baseName” has no trigram index', { list: { ...herd.list, search: ['baseName'] } }],
  [
    'R16',
    '“createdAt” is required, but people do not set it',
    { fields: { ...herd.fields, createdAt: { kind: 'moment', label: 'C', automatic: true, required: true } } },
  ],
  ['R17', '“baseName” must be required', { fields: { ...herd.fields, baseName: { kind: 'text', label: 'B' } } }],
  ['R18', 'cannot be added without “dataDirectory”', { form: herd.form.filter((name) => name !== 'dataDirectory') }],
  ['R19', 'scope: “territory” is no column', { scope: 'territory' }],
  ['R20', 'observedAt: “seen” is no column', { observedAt: 'seen' }],
  ['R20', 'tellsOf: “kind” is no column', { tellsOf: 'kind' }],
  ['R21', 'related: “cow” is no resource', { related: [{ resource: 'cow', by: 'herdId' }] }],
  ['R21', 'related: server has no field “herdId”', { related: [{ resource: 'server', by: 'herdId' }] }],
  ['R21', 'related: there is no field “barn”', { related: [{ resource: 'instance', by: 'herdId', via: 'barn' }] }],
  ['R26', 'offers: there is no field “barn”', { offers: [{ resource: 'instance', by: 'herdId', via: 'barn', operations: {} }] }],
  ['R22', 'help: is empty', { help: [] }],
  ['R26', 'the key “i” is also that of instance', { menu: { ...herd.menu!, key: 'i' } }],
  ['R26', 'the key “f” is also that of another page', { menu: { ...herd.menu!, key: 'f' } }],
  ['R27', 'the key “hh” is not one lowercase letter, digit or mark', { menu: { ...herd.menu!, key: 'hh' } }],
  [
    'R28',
    '“port” applies when “observedState” says so, and people set only one of them',
    { fields: { ...herd.fields, port: { kind: 'port', label: 'P', when: { field: 'observedState', is: 'given' } } } },
  ],
  [
    'R28',
    '“name” applies when “name” says so, which hangs on it',
    { fields: { ...herd.fields, name: { kind: 'text', label: 'N', required: true, when: { field: 'name', is: 'given' } } } },
  ],
  [
    'R23',
    '“secretNote” is sealed in “description”, which is no column for secrets',
    { fields: { ...herd.fields, secretNote: { kind: 'secret', label: 'S', sealedIn: 'description' } } },
  ],
  [
    'R24',
    '“name” is sorted by “nameKey”, which is no column',
    { fields: { ...herd.fields, name: { kind: 'text', label: 'N', required: true, sortedBy: 'nameKey' } } },
  ],
  [
    'R25',
    '“environmentId” is among “territories”, which is no column',
    { fields: { ...herd.fields, environmentId: { kind: 'reference', label: 'E', to: 'environment', among: 'territories' } } },
  ],
]

test.each(planted)('%s is found and names the option and the value: %s', (number, sentence, change) => {
  const faulty = { ...herd, ...change } as unknown as Resource
  const all = resources.map((resource) => (resource.name === 'herd' && change.name === undefined ? faulty : resource))
  const faults = declarationFaults(change.name === undefined ? all : [...all, faulty])
  expect(faults).toContainEqual({ number, resource: faulty.name, sentence: expect.stringContaining(sentence) })
})

test('a path follows from the noun, and the form from the sections: what people set, and what no section names last', () => {
  const made = defineResource({
    name: 'flock',
    table: herds,
    noun: ['small flock', 'small Flocks'],
    title: (row) => row.name,
    scope: 'environmentId',
    fields: {
      name: { kind: 'text', label: 'Name' },
      description: { kind: 'longText', label: 'Description' },
      createdAt: { kind: 'moment', label: 'Made', automatic: true },
      port: { kind: 'port', label: 'Port' },
    },
    list: { columns: ['name'], filters: [], search: [], order: 'name' },
    sections: [{ title: 'Cluster', fields: ['port', 'createdAt', 'name'] }],
    help: ['x'],
  })
  expect(made.path).toBe('small-flocks')
  expect(made.form).toEqual(['port', 'name', 'description'])
  expect(made.sections.at(-1)).toEqual({ title: 'Record', fields: ['description'] })
  expect(made.canAdd).toBe(true)
  expect(run.form).toEqual([])
  expect(run.canAdd).toBe(false)
})

test('R04: a column that holds a secret is refused as a field', () => {
  const person = resources.find((resource) => resource.name === 'person')!
  const shown = { ...person, fields: { ...person.fields, passwordHash: { kind: 'text', label: 'Hash' } } } as unknown as Resource
  expect(declarationFaults(resources.map((resource) => (resource === person ? shown : resource)))).toEqual([
    { number: 'R04', resource: 'person', sentence: 'fields: “passwordHash” is a secret and must not be a field' },
  ])
})
