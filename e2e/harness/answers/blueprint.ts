import { expect } from 'vitest'
import { idOf } from '@/lib/adapters/memory'
import { type DescribedApi, nobody } from '../described-api'

const manifest = `api_version: v1
kind: pg_spot_operator_instance
cloud: aws
region: us-east-1
instance_name: orders
vm: { cpu_min: 2, ram_min: 8, storage_min: 100, stripes: 2 }
postgres: { version: 17, config_lines: { work_mem: 64MB } }
`

/** A blueprint from a manifest of pg-spot-operator: read, refused by the key that is wrong, added, judged before a change is saved, and written as a manifest again. */
export const blueprintIsAnswered = async (stage: DescribedApi, viewer: string): Promise<void> => {
  const environmentId = idOf('dev')
  const asked = { text: manifest, environmentId }
  const imported = (body: object, by?: string) => stage.ask('POST', '/api/v1/blueprints/import', { body, ...(by ? { by } : {}) })
  expect((await imported(asked)).body).toMatchObject({
    id: null,
    kept: [{ key: 'vm.stripes', shown: '2', because: 'The data is on one volume.' }],
    unknown: [],
    problems: [],
  })
  const typo = { ...asked, text: manifest.replace('cpu_min', 'cpu_mim'), saves: true }
  expect((await imported(typo)).body.fields).toEqual([
    { path: 'text.vm.cpu_mim', message: 'There is no such key. vm.cpu_min is the nearest.' },
  ])
  expect((await imported({ ...asked, text: 'a: [' })).body.fields[0].path).toBe('text')
  expect((await imported({ ...asked, text: 'INSTANCE_NAME=No_Name' })).body.problems).toMatchObject([{ key: 'INSTANCE_NAME' }])
  expect((await imported(asked, viewer)).status).toBe(403)
  const { id, fields } = (await imported({ ...asked, saves: true })).body
  expect(fields).toBeUndefined()
  expect((await imported({ ...asked, saves: true })).status, 'a name is taken once').toBe(409)

  const path = `/api/v1/blueprints/${id}`
  const stored = (await stage.ask('GET', path)).body
  expect(stored).toMatchObject({ name: 'orders', vcpusMin: 2, major: '17', settings: "work_mem = '64MB'", imported: { 'vm.stripes': 2 } })
  const judged = (await stage.ask('POST', '/api/v1/blueprints/judge', { body: { id, values: { ...stored, vcpusMin: 4, vcpusMax: 'x' } } }))
    .body
  expect(judged).toMatchObject({ account: null, hasSample: true, machines: 1, effects: [{ field: 'vcpusMin', kind: 'nothing' }] })
  expect(judged.total).toBeGreaterThan(0)
  expect(judged.tuning.find(({ name }: { name: string }) => name === 'work_mem').value).toBe('64MB')
  const none = (await stage.ask('POST', '/api/v1/blueprints/judge', { body: { values: { ...stored, vcpusMin: 4000 } } })).body
  expect(none).toMatchObject({ total: 0, monthUsd: null, tuning: [] })
  expect(none.nearest[0].reasons[0]).toContain('fewer than 4000')
  expect((await stage.ask('POST', '/api/v1/blueprints/judge', { body: { id: nobody, values: {} } })).status).toBe(404)

  const wrong = { accessRules: 'host all all 0.0.0.0/0 trust', settings: 'work_mem', vcpusMax: 1 }
  const refused = (await stage.ask('PATCH', path, { body: { ...wrong, revision: stored.revision } })).body
  expect(refused.fields.map((one: { path: string }) => one.path).sort()).toEqual(['accessRules', 'settings', 'vcpusMax'])
  const yaml = (await stage.ask('GET', `${path}/manifest`)).body
  expect((await imported({ ...asked, text: yaml, name: 'again', saves: true })).body.id).not.toBeNull()
  expect((await stage.ask('GET', '/api/v1/blueprints/schema')).body.properties.vcpusMin).toMatchObject({ title: 'vCPUs, at least' })
}
