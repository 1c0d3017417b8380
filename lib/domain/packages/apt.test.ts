import { expect, test } from 'vitest'
import { readCandidates, readInstalled, readSimulation, upstreamVersion } from './apt'

test('only what is installed counts, with its version', () => {
  const text = 'postgresql-15 15.7-0+deb12u1 ii \npostgresql-15-cron 1.4.2-1 rc \npostgresql-15-postgis-3 3.3.2+dfsg-1+b1 ii \n'
  expect([...readInstalled(text)]).toEqual([
    ['postgresql-15', '15.7-0+deb12u1'],
    ['postgresql-15-postgis-3', '3.3.2+dfsg-1+b1'],
  ])
})

test('candidates are read package by package, and none is none', () => {
  const text = `postgresql-15:
  Installed: 15.7-0+deb12u1
  Candidate: 15.18-0+deb12u1
  Version table:
     15.18-0+deb12u1 500
        500 http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
postgresql-15-own:
  Installed: 1.0
  Candidate: (none)
`
  expect([...readCandidates(text)]).toEqual([
    ['postgresql-15', '15.18-0+deb12u1'],
    ['postgresql-15-own', null],
  ])
})

test('a simulation tells what it would remove and what it keeps back', () => {
  const text = `Reading package lists...
The following packages have been kept back:
  postgresql-15-postgis-3 postgresql-15-cron
The following packages will be upgraded:
  postgresql-15
Remv postgresql-15-own [1.0]
Inst postgresql-15 [15.7-0+deb12u1] (15.18-0+deb12u1 Debian-Security:12/stable-security [amd64])
`
  expect(readSimulation(text)).toEqual({ removes: ['postgresql-15-own'], keepsBack: ['postgresql-15-postgis-3', 'postgresql-15-cron'] })
  expect(upstreamVersion('15.18-0+deb12u1')).toBe('15.18')
})
