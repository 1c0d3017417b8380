import { expect, test } from 'vitest'
import { parseSurvey } from './survey'

test('a survey is read line by line; a file system counts once, names may hold blanks, what is missing is null', () => {
  const survey = parseSurvey(
    [
      'clock=1790000000.250000000',
      'user=postgres',
      'os=Debian GNU/Linux 12 (bookworm)',
      'load=3.00',
      'cpus=2',
      'memory=2048',
      'available=1024',
      'ticks=cpu  10 5 15 60 10 0 0 0 7 0',
      'cluster=15 shop 5432 online,recovery postgres /srv/my data/shop',
      'disk=/dev/sda1 1000 900 100 90% /srv/my data',
      'disk=/dev/sda1 1000 900 100 90% /srv/my data',
      'program.pg_ctl=/usr/bin/pg_ctl',
      'server=/usr/lib/postgresql/15/bin postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)',
      'server=/usr/pgsql-18/bin postgres (PostgreSQL) 18beta1',
      'pooler={"configPath":"/etc/pgbouncer/pgbouncer.ini","port":6432,"databases":[]}',
      'rubbish',
    ].join('\n'),
  )
  expect(survey).toEqual({
    clockSeconds: 1790000000.25,
    user: 'postgres',
    os: 'Debian GNU/Linux 12 (bookworm)',
    cpus: 2,
    loadPerCpu: 1.5,
    cpuBusy: 30,
    cpuTotal: 100,
    memoryBytes: 2048 * 1024,
    memoryAvailableBytes: 1024 * 1024,
    disks: [{ mount: '/srv/my data', bytes: 1000 * 1024, freeBytes: 100 * 1024 }],
    clusters: [{ version: '15', name: 'shop', port: 5432, status: 'online,recovery', owner: 'postgres', data: '/srv/my data/shop' }],
    programs: { pg_ctl: '/usr/bin/pg_ctl' },
    servers: [
      { bin: '/usr/lib/postgresql/15/bin', version: '15.18' },
      { bin: '/usr/pgsql-18/bin', version: '18beta1' },
    ],
    managers: null,
    poolers: [expect.objectContaining({ configPath: '/etc/pgbouncer/pgbouncer.ini', port: 6432 })],
  })
  expect(parseSurvey('')).toMatchObject({ clockSeconds: null, os: null, cpuTotal: null, loadPerCpu: null, disks: [] })
  expect(parseSurvey('clock=1790000000.N').clockSeconds).toBe(1790000000)
})
