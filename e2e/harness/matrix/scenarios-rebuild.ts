import { demote } from '@/lib/operations/demote'
import { rebuild } from '@/lib/operations/rebuild'
import { fork, split, start, stop, titleOf } from './actions'
import { spaceDirectory, walDirectory } from './canon'
import type { LabHerd } from './herd'
import { copiedLaws, followsLaws, keptLaws } from './rebuild-laws'
import type { Scenario } from './scenario'

/** So slow that a host can be lost in the middle of a copy, and the copy still takes only some seconds. */
const throttleMbit = 96

/** A tablespace of the herd, and on this standby a pg_wal that is a link. */
const furnish = async (lab: LabHerd, primary: string, standby: string): Promise<void> => {
  const { herds } = lab.lab.fleet
  const { dataDirectory, members } = herds[0]!
  for (const { host } of members) await lab.lab.hosts.mustExec(host, ['mkdir', '-p', spaceDirectory])
  const psql = (sql: string) => lab.lab.hosts.mustExec(primary, ['psql', '-XAtqc', sql])
  if ((await psql(`select 1 from pg_tablespace where spcname = 'space'`)).trim() === '') {
    await psql(`create tablespace space location '${spaceDirectory}'`)
    await psql('create table far tablespace space as select generate_series(1, 1000) as n')
  }
  await stop(lab, standby)
  const move = '[ -L "$1/pg_wal" ] || { rm -rf "$2"; mv "$1/pg_wal" "$2"; ln -s "$2" "$1/pg_wal"; }'
  await lab.lab.hosts.mustExec(standby, ['sh', '-ec', move, 'sh', dataDirectory, walDirectory])
  await start(lab, standby)
}

export const rebuildScenarios: readonly Scenario[] = [
  {
    name: 'demote of a primary that a promoted standby replaced',
    operation: demote,
    prepare: split,
    targetId: ({ primary }) => titleOf(primary),
    input: () => ({}),
    losable: ['primary', 'candidate'],
    givesUp: true,
    mayLose: true,
    isSplit: true,
    judge: async (ended) => [
      ...(await followsLaws(ended, ended.cast.primary, ended.cast.candidate)),
      ...(await copiedLaws(ended, ended.cast.primary)),
    ],
  },
  {
    name: 'rebuild by pg_rewind',
    operation: rebuild,
    prepare: fork,
    targetId: ({ primary }) => titleOf(primary),
    input: () => ({}),
    losable: ['primary', 'candidate'],
    givesUp: true,
    losesMidway: true,
    mayLose: true,
    judge: async (ended) => [
      ...(await followsLaws(ended, ended.cast.primary, ended.cast.candidate)),
      ...(await copiedLaws(ended, ended.cast.primary)),
    ],
  },
  {
    name: 'rebuild by a copy',
    operation: rebuild,
    prepare: async (lab, { primary, third }) => furnish(lab, primary, third),
    targetId: ({ third }) => titleOf(third),
    input: () => ({ strategy: 'copy', throttleMbit }),
    losable: ['third', 'primary'],
    givesUp: true,
    losesMidway: true,
    judge: async (ended) => [
      ...(await followsLaws(ended, ended.cast.third, ended.cast.primary, { isAlways: true })),
      ...(await copiedLaws(ended, ended.cast.third)),
      ...(await keptLaws(ended, ended.cast.third)),
    ],
  },
]
