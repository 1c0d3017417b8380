import {
  dropReaderSql,
  makeReaderSql,
  openDoorsSql,
  type ReaderLines,
  readerExcessSql,
  readerRole,
  readMaker,
} from '@/lib/domain/reader/reader-role'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, InstanceAddress, ReaderFiles, ReaderLogin, ReadersAct, ReadersRead } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { deadlineIn, remainingMs, within } from '../ssh/deadline'
import { connectPg } from './connection'
import { readerFilesScript, writeReaderScript } from './readers-script'
import { askJson, runAlone } from './server-views'
import { queryFault, type WarmPool } from './warm'

const roleSql = `select json_build_object('comment', shobj_description(oid, 'pg_authid'), 'excess', ${readerExcessSql})
  from pg_roles where rolname = ${quoteLiteral(readerRole)}`
const filesSql = `select json_build_object('hbaFile', current_setting('hba_file'), 'identFile', current_setting('ident_file'),
  'showsPassword', coalesce(current_setting('primary_conninfo', true), '') ~* 'password *=')`
const loginSql = `select json_build_object('excess', ${readerExcessSql}, 'openDoors', ${openDoorsSql}) as answer`

type Files = Pick<ReaderFiles, 'hbaFile' | 'identFile' | 'showsPassword'>

export const makeReaders = (ssh: Ssh, warm: WarmPool): { read: ReadersRead; act: ReadersAct } => {
  const ask = <T>(instance: InstanceAddress, name: string, sql: string, options: CallOptions) =>
    askJson<T>(ssh, warm, instance, name, sql, options)
  const pathsOf = (instance: InstanceAddress, options: CallOptions) => ask<Files>(instance, 'matriarch_reader_files', filesSql, options)
  const run = async ({ host }: InstanceAddress, what: string, script: string, values: readonly string[], options: CallOptions) => {
    const { exitCode, stdout, stderr } = await ssh.exec(host, ['sh', '-c', script, 'sh', ...values], options)
    if (exitCode === 0) return stdout
    const because = `${what} on ${host.hostname} failed: ${stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`}`
    throw new Fault('shell.failed', { isOver: true, host: host.hostname, exitCode, because })
  }
  return {
    read: {
      role: async (instance, options) => {
        const seen = await ask<{ comment: string | null; excess: string[] } | null>(instance, 'matriarch_reader_role', roleSql, options)
        return seen && { madeBy: readMaker(seen.comment), excess: seen.excess }
      },
      files: async (instance, options) => {
        const paths = await pathsOf(instance, options)
        const values = [paths.hbaFile, paths.identFile]
        return { ...paths, ...parseFiles(await run(instance, 'Reading pg_hba.conf', readerFilesScript, values, options)) }
      },
      login: (instance, database, options) => login(ssh, instance, database, options),
    },
    act: {
      make: (instance, key, options) => runAlone(ssh, instance, makeReaderSql(mustBeKey(key)), options),
      drop: (instance, key, options) => runAlone(ssh, instance, dropReaderSql(mustBeKey(key)), options),
      write: async (instance, lines, options) => {
        const { hbaFile, identFile } = await pathsOf(instance, options)
        const values = [hbaFile, identFile, ...textsOf(lines)]
        await run(instance, 'Writing pg_hba.conf and pg_ident.conf', writeReaderScript, values, options)
      },
    },
  }
}

const mustBeKey = (key: string): string => {
  if (!/^[\w-]+$/.test(key)) throw new Fault('input.invalid', { because: `“${key}” names no maker.` })
  return key
}

const textsOf = (lines: ReaderLines | null): [string, string] => [lines?.hba.join('\n') ?? '', lines?.ident.join('\n') ?? '']

const parseFiles = (output: string): Pick<ReaderFiles, 'lines' | 'problem'> => {
  const all = (name: string) => output.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []))
  const lines = { hba: all('hba'), ident: all('ident') }
  return { lines: lines.hba.length + lines.ident.length === 0 ? null : lines, problem: all('problem')[0] ?? null }
}

/** In a session of its own, as the role itself: what it may is asked where it counts. */
const login = async (ssh: Ssh, instance: InstanceAddress, database: string, options: CallOptions): Promise<ReaderLogin> => {
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  try {
    const connection = await connectPg(
      ssh,
      instance,
      { database, isReadOnly: true, statementTimeoutMs: remainingMs(deadline), as: readerRole },
      deadline,
    )
    try {
      const late = () => new Fault('sql.timeout', { because: 'The server did not answer in time.' })
      const { rows } = await within(
        connection.client.query<{ answer: { excess: string[]; openDoors: string[] } }>(loginSql),
        deadline,
        late,
      )
      return { works: true, ...rows[0]!.answer }
    } finally {
      connection.destroy()
    }
  } catch (error) {
    const fault = queryFault(error)
    // 28: the login is refused; 3D000: no such database; 42501: the role may not connect to it; 53300: it has all the sessions that it may have.
    const refusal = /^(28...|3D000|42501|53300)$/.test(String(fault.facts.sqlstate ?? ''))
    if (!isFault(fault, 'sql.unreachable') || !refusal) throw fault
    return { works: false, because: fault.message }
  }
}
