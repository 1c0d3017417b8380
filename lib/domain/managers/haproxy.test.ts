import { expect, test } from 'vitest'
import { isServed, proxyInfo, proxyParts } from './haproxy'

const stat = `# pxname,svname,qcur,scur,status,lastchg,check_status,check_code,addr,last_chk,
primary,FRONTEND,,7,OPEN,,,,,,
primary,shop-1,0,7,UP,120,L7OK,200,198.18.2.21:5432,"OK, ""fine""",
primary,shop-2,0,0,DOWN,119,L7STS,503,198.18.2.22:5432,,
primary,BACKEND,0,7,UP,120,,,,,
`

test('backends and servers are read by the names of the columns, whatever else a version says', () => {
  const [part, ...more] = proxyParts(stat, new Map([['primary', ['198.18.2.31:15432']]]))
  expect(more).toEqual([])
  expect(part).toMatchObject({ name: 'primary', status: 'UP', sessions: 7, binds: ['198.18.2.31:15432'] })
  expect(part!.servers).toEqual([
    { name: 'shop-1', address: '198.18.2.21:5432', status: 'UP', sessions: 7, since: 120, check: 'L7OK 200' },
    { name: 'shop-2', address: '198.18.2.22:5432', status: 'DOWN', sessions: 0, since: 119, check: 'L7STS 503' },
  ])
  expect(part!.servers.map(isServed)).toEqual([true, false])
})

test('an answer that is none is an HAProxy without parts', () => {
  expect([proxyParts('', new Map()), proxyInfo('')]).toEqual([[], { version: null, uptimeSeconds: null }])
  expect(proxyInfo('Name: HAProxy\nVersion: 2.6.12\nUptime_sec: 44\n')).toEqual({ version: '2.6.12', uptimeSeconds: 44 })
})
