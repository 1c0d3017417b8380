import { expect, test } from 'vitest'
import { installedOf, readCandidates, readComplaint, readSimulation, readStates, upstreamVersion } from './apt'

test('what is there counts with its version and how far it is, held or not; what is removed does not', () => {
  const text =
    'postgresql-15 15.7-0+deb12u1 ii \npostgresql-15-cron 1.4.2-1 rc \npostgresql-15-own 1.0 iF \npostgresql-15-postgis-3 3.3.2+dfsg-1+b1 hi \n'
  expect([...readStates(text)]).toEqual([
    ['postgresql-15', { version: '15.7-0+deb12u1', state: 'installed' }],
    ['postgresql-15-own', { version: '1.0', state: 'half-configured' }],
    ['postgresql-15-postgis-3', { version: '3.3.2+dfsg-1+b1', state: 'installed' }],
  ])
  expect([...installedOf(readStates(text)).keys()]).toEqual(['postgresql-15', 'postgresql-15-postgis-3'])
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

test('a complaint is what apt and dpkg say of the cause, and that dpkg failed only where nothing else is said', () => {
  const failing = `Setting up postgresql-15 (15.18-1) ...
dpkg: error processing package postgresql-15 (--configure):
 installed postgresql-15 package post-installation script subprocess returned error exit status 3
Errors were encountered while processing:
 postgresql-15
E: Sub-process /usr/bin/dpkg returned an error code (1)
`
  expect(readComplaint(failing)).toBe(
    'dpkg: error processing package postgresql-15 (--configure); installed postgresql-15 package post-installation script subprocess returned error exit status 3',
  )
  expect(readComplaint('E: Sub-process /usr/bin/dpkg returned an error code (1)\n')).toBe(
    'Sub-process /usr/bin/dpkg returned an error code (1)',
  )
  expect(readComplaint('Reading package lists...\n')).toBeNull()
})
