import { expect, test } from 'vitest'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resources } from '@/lib/resources'
import { herd } from '@/lib/resources/herd'
import { declarationFaults, mustBeSound } from './selfcheck'

test('the declared resources and operations have no fault', () => {
  expect(declarationFaults()).toEqual([])
  expect(mustBeSound).not.toThrow()
})

const planted: [string, string, Partial<Resource>][] = [
  ['R01', '“herds” is also that of herd', { name: 'flock' }],
  ['R02', '“Herd!” is not made of small letters', { name: 'Herd!', path: 'flocks' }],
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
    { fields: { ...herd.fields, port: { kind: 'port', label: 'P', observed: true } }, form: herd.form.filter((name) => name !== 'port') },
  ],
  ['R11', 'list.columns: “colour” is no field', { list: { ...herd.list, columns: ['name', 'colour'] } as Resource['list'] }],
  ['R11', 'list.order: “colour” is no field', { list: { ...herd.list, order: '-colour' } }],
  ['R12', 'form: a field is named twice', { form: [...herd.form, 'name'] }],
  ['R13', 'list.columns: is empty', { list: { ...herd.list, columns: [] } }],
  ['R14', '“createdAt” has a kind without choices', { list: { ...herd.list, filters: ['createdAt'] } as Resource['list'] }],
  ['R15', '“baseName” has no trigram index', { list: { ...herd.list, search: ['baseName'] } }],
  ['R16', '“createdAt” is not set by people', { form: [...herd.form, 'createdAt'] }],
  ['R17', '“baseName” must be required', { fields: { ...herd.fields, baseName: { kind: 'text', label: 'B' } } }],
  ['R18', 'cannot be added without “dataDirectory”', { form: herd.form.filter((name) => name !== 'dataDirectory') }],
  ['R19', 'scope: “territory” is no column', { scope: 'territory' }],
  ['R20', 'observedAt: “seen” is no column', { observedAt: 'seen' }],
  ['R21', 'related: “cow” is no resource', { related: [{ resource: 'cow', by: 'herdId' }] }],
  ['R21', 'related: server has no field “herdId”', { related: [{ resource: 'server', by: 'herdId' }] }],
  ['R22', 'help: is empty', { help: [] }],
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

test('R04: a column that holds a secret is refused as a field', () => {
  const person = resources.find((resource) => resource.name === 'person')!
  const shown = { ...person, fields: { ...person.fields, passwordHash: { kind: 'text', label: 'Hash' } } } as unknown as Resource
  expect(declarationFaults(resources.map((resource) => (resource === person ? shown : resource)))).toEqual([
    { number: 'R04', resource: 'person', sentence: 'fields: “passwordHash” is a secret and must not be a field' },
  ])
})
