import { expect, test } from 'vitest'
import { reportInput } from './agent-report'

const paths = (value: unknown) => {
  const parsed = reportInput.safeParse(value)
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'))
}
const minimal = { host: { hostname: 'db1' }, instances: [{ name: 'main', port: 5432 }] }

test('the least report is a host name and instances with name and port', () => {
  const report = reportInput.parse(minimal)
  expect(report.instances[0]).toMatchObject({ state: 'unknown', role: 'unknown', systemIdentifier: null, upstream: null })
})

test('what an older agent sends becomes one instance', () => {
  const old = {
    host: 'DB1',
    cluster: 'shop',
    port: 5433,
    version: '9.6.24',
    online: true,
    dataDirectory: '/d',
    upstreamHost: 'pg-foo-prd',
    walPosition: 50331976,
  }
  expect(reportInput.parse(old)).toMatchObject({
    host: { hostname: 'DB1' },
    instances: [
      {
        name: 'shop',
        port: 5433,
        version: '9.6.24',
        state: 'online',
        role: 'standby',
        upstream: { host: 'pg-foo-prd' },
        replayedLsn: '0/3000148',
      },
    ],
  })
  expect(reportInput.parse({ host: 'a', cluster: 'm', port: 1, online: false, walPosition: 2 ** 33 + 5 }).instances[0]).toMatchObject({
    state: 'stopped',
    currentLsn: '2/5',
  })
})

test('fields nobody knows are kept', () => {
  const report = reportInput.parse({
    ...minimal,
    weather: 'fine',
    host: { hostname: 'a', rack: 7 },
    instances: [{ name: 'm', port: 1, huge: [1] }],
  })
  expect(report).toMatchObject({ weather: 'fine', host: { rack: 7 }, instances: [{ huge: [1] }] })
})

test('a wrong type is named by its path', () => {
  expect(paths({ ...minimal, host: { hostname: 7 } })).toEqual(['host.hostname'])
  expect(
    paths({
      ...minimal,
      instances: [
        { name: 'a', port: 1 },
        { name: 'm', port: '5432' },
      ],
    }),
  ).toEqual(['instances.1.port'])
  expect(paths({ ...minimal, instances: [{ name: 'm', port: 70000, state: 'fine', currentLsn: 'x' }] })).toEqual([
    'instances.0.port',
    'instances.0.state',
    'instances.0.currentLsn',
  ])
  expect(paths({ ...minimal, host: { hostname: 'a', addresses: ['$(reboot)'] } })).toEqual(['host.addresses.0'])
  expect(paths({ ...minimal, sequence: 'x' })).toEqual(['sequence'])
  expect(paths({ host: 'a', cluster: 'm', port: 1, online: 'yes' })).toEqual(['instances.0.state'])
  expect(paths([])).toEqual([''])
  expect(paths({ ...minimal, instances: [{ name: 'm', port: 1, systemIdentifier: 7_642_011_472_967 }] })).toEqual([
    'instances.0.systemIdentifier',
  ])
})
