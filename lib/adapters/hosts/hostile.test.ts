import { expect, test } from 'vitest'
import { databaseLines } from '@/lib/domain/poolers/pgbouncer-ini'
import { herdsNamed, templateProblems } from '@/lib/domain/poolers/template'
import { confSetting } from '@/lib/domain/replication/conf'
import { diffConf } from '@/lib/domain/replication/conf-diff'
import { synchronousNames } from '@/lib/domain/replication/synchronous-names'
import { holdsPassword, parseConninfo } from '@/lib/domain/values/conninfo'
import { parseSurvey } from './survey'

/** As much as one command of a host may say; what reads it runs in the worker that drives everybody's jobs. */
const length = 200_000
/** What takes time by the square of this length takes minutes. */
const patienceMs = 2_000

const awkward = ['a', '1', ' ', "'", '"', '=', '{', '(', ')', ',', '\\', '\t', 'a ', 'a=', "a='", 'host=', '1 ', '{{ ', '"",', 'x1.']
const fill = (piece: string): string => piece.repeat(length / piece.length)
const framed: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `a${text}#`,
  (text) => `{{${text}`,
  (text) => `1 (${text}x`,
  (text) => `postgres://${text}x`,
]
const conf = (text: string) => [{ name: 'postgresql.conf', text, isSame: false }] as never

const readers: Record<string, (text: string) => unknown> = {
  'a connection string': (text) => [parseConninfo(text), holdsPassword(text)],
  'a setting of a configuration file': (text) => confSetting(text, 'primary_conninfo'),
  'a difference of configuration files': (text) => diffConf(conf(text), conf('')),
  'the names of synchronous standbys': synchronousNames,
  'the databases of PgBouncer': (text) => databaseLines(`[databases]\nshop = ${text}\n${text}`),
  'a template': (text) => [herdsNamed(text, 'a'), templateProblems(text, 6432)],
  'a survey': (text) =>
    parseSurvey(['disk', 'cluster', 'server', 'clock', 'pooler', 'program.psql'].map((key) => `${key}=${text}`).join('\n')),
}

for (const [what, read] of Object.entries(readers))
  test(`${what} of any length and kind takes a worker no longer than its length`, { timeout: 60_000 }, () => {
    for (const piece of awkward)
      for (const [index, frame] of framed.entries()) {
        const startedAt = performance.now()
        read(frame(fill(piece)))
        expect(performance.now() - startedAt, `${JSON.stringify(piece)} in frame ${index}`).toBeLessThan(patienceMs)
      }
  })

test('a survey keeps what it read before: disks with blanks in their names, and versions', () => {
  const { disks, servers } = parseSurvey(
    'disk=/dev/my disk 1000 900 100 90% /srv/my data\ndisk=/dev/sda1 10 4 6 40% /\nserver=/usr/pgsql-18/bin postgres (PostgreSQL) 18beta1\nserver=/b 9.6.24',
  )
  expect(disks).toEqual([
    { mount: '/srv/my data', bytes: 1000 * 1024, freeBytes: 100 * 1024 },
    { mount: '/', bytes: 10 * 1024, freeBytes: 6 * 1024 },
  ])
  expect(servers.map(({ version }) => version)).toEqual(['18beta1', '9.6.24'])
})
