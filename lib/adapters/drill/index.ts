import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readLedger, stripOf } from '@/lib/domain/proof/canary-ledger'
import type { Strip, StripPiece } from '@/lib/domain/proof/canary-strip'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import { type DrillAct, type DrillProcess, type DrillRead, drillDatabase, type HostAddress, type InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import { connectPg } from '../postgres/connection'
import { queryFault } from '../postgres/warm'
import type { Ssh } from '../ssh'
import { cancelledFault, deadlineIn, within } from '../ssh/deadline'
import { newPassword, scramVerifier } from './password'
import { killProcessScript, lookProcessScript, reviveProcessScript } from './process-script'
import * as sql from './sql'
import { DrillWriters } from './writer'

/** Commits of each writer that show that it writes. */
const firstAcks = 2
/** So long the other ways wait for one that lets nobody in. */
const silentMs = 4_000
const lookEveryMs = 20
const dropTries = 20
const dropEveryMs = 250
/** Above this no drill goes, whatever it is asked for: it is to be seen in a latency, not in a load. */
const perSecondMax = 500
const writersMax = 16
const usualDatabase = 'postgres'

/** Ledgers lie in `folder`, one file a run, for this user alone. */
export const makeDrill = (
  ssh: Ssh,
  folder: string,
  show: (jobId: string, piece: StripPiece | Strip) => Promise<void> = async () => {},
): { read: DrillRead; act: DrillAct; close: () => Promise<void> } => {
  const running = new Map<string, { writers: DrillWriters; jobId: string }>()
  const fileOf = (run: string) => join(folder, `${run}.drill`)

  /** One session for all of them, each statement in a transaction of its own; the rows of the last one. */
  const ask = async <T>(
    instance: InstanceAddress,
    at: { database: string; isReadOnly?: true },
    statements: readonly (string | { sql: string; values: unknown[] })[],
    options: CallOptions,
  ): Promise<T[]> => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    const { database, isReadOnly = false } = at
    const connection = await connectPg(ssh, instance, { database, isReadOnly, statementTimeoutMs: options.timeoutMs }, deadline)
    try {
      let rows: T[] = []
      for (const one of statements) {
        const late = () => new Fault('sql.timeout', { because: `${instance.host.hostname} did not answer in time.` })
        const asked = typeof one === 'string' ? connection.client.query(one) : connection.client.query(one.sql, one.values)
        const answer = (await within(asked, deadline, late)) as { rows: T[] } | { rows: T[] }[]
        rows = Array.isArray(answer) ? (answer.at(-1)?.rows ?? []) : answer.rows
      }
      return rows
    } catch (error) {
      throw queryFault(error)
    } finally {
      connection.destroy()
    }
  }

  const onHost = async (host: HostAddress, what: string, script: string, values: readonly string[], options: CallOptions) => {
    const { exitCode, signal, stdout, stderr } = await ssh.exec(host, ['sh', '-c', script, 'sh', ...values], options)
    if (exitCode === 0) return stdout
    const why = stderr.trim().split('\n').at(-1) || `exit code ${exitCode ?? signal}`
    throw new Fault('shell.failed', { isOver: true, host: host.hostname, because: `${what} on ${host.hostname} failed: ${why}` })
  }

  const stop = async (run: string): Promise<void> => {
    const own = running.get(run)
    if (own === undefined) return
    running.delete(run)
    await own.writers.stop()
    const ledger = readLedger(readFileSync(fileOf(run), 'utf8'))
    if (ledger !== null) await show(own.jobId, stripOf(ledger))
  }

  const database: DrillRead['database'] = async (instance, options) => {
    const [row] = await ask<{ mark: string | null }>(instance, { database: usualDatabase, isReadOnly: true }, [sql.seenSql], options)
    return { isThere: row !== undefined, jobId: row === undefined ? null : sql.jobIdIn(row.mark) }
  }

  const read: DrillRead = {
    database,
    ledger: async (run) => {
      try {
        const text = readFileSync(fileOf(run), 'utf8')
        const ledger = readLedger(text)
        const sha256 = createHash('sha256').update(text).digest('hex')
        return ledger && { ledger, sha256, isWriting: running.get(run)?.writers.isWriting === true }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    rows: async (instance, run, options) => {
      const at = { database: drillDatabase, isReadOnly: true } as const
      const ids = await ask<{ id: string }>(instance, at, [{ sql: sql.rowsSql, values: [run] }], options)
      const [sum] = await ask<{ sum: string }>(instance, at, [sql.sumSql], options)
      return { ids: ids.map(({ id }) => Number(id)), sum: Number(sum!.sum) }
    },
    process: async (host, program, dataDirectory, options) =>
      processIn(await onHost(host, `Looking for ${program}`, lookProcessScript, [program, dataDirectory], options)),
  }

  const act: DrillAct = {
    prepare: async (instance, jobId, options) => {
      const seen = await database(instance, options)
      if (seen.isThere && seen.jobId !== jobId)
        throw new Fault('step.blocked', {
          because: `The database ${drillDatabase} is there already, and this drill did not make it.`,
          isOver: true,
        })
      const at = { database: usualDatabase }
      const roles = await ask(instance, { ...at, isReadOnly: true }, [sql.hasRoleSql], options)
      const made = seen.isThere ? [] : [sql.makeDatabaseSql]
      await ask(instance, at, [...(roles.length > 0 ? [] : [sql.makeRoleSql]), ...made, sql.markSql(jobId), sql.closeSql], options)
      await ask(instance, { database: drillDatabase }, [sql.makeTablesSql], options)
    },
    start: async (run, primary, ways, load, options) => {
      if (options.signal?.aborted) throw cancelledFault()
      if (load.perSecond > perSecondMax || load.writers > writersMax)
        throw new Fault('input.invalid', {
          because: `A drill commits ${perSecondMax} times a second at most, with ${writersMax} writers at most.`,
          isOver: true,
        })
      if (running.get(run)?.writers.isWriting) throw new Fault('step.blocked', { because: 'The writers write already.', isOver: true })
      await stop(run)
      const password = newPassword()
      await ask(primary, { database: usualDatabase }, [sql.passwordSql(scramVerifier(password))], options)
      await ask(primary, { database: drillDatabase }, sql.turnTo(run), options)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      rmSync(fileOf(run), { force: true })
      const { jobId } = options
      const writers = new DrillWriters(ssh, run, ways, load, password, fileOf(run), (piece) => show(jobId, piece))
      running.set(run, { writers, jobId })
      const deadline = deadlineIn(options.timeoutMs, options.signal)
      const silentOf = () => [...writers.byWay].filter(([, { acked }]) => acked === 0)
      const startedAt = performance.now()
      const isEnough = () =>
        writers.acked >= firstAcks * load.writers && (silentOf().length === 0 || performance.now() - startedAt >= silentMs)
      while (!isEnough()) {
        if (performance.now() >= deadline.at || options.signal?.aborted) {
          const said = silentOf().flatMap(([{ title }, { refused }]) => (refused === null ? [] : [`${title}: ${refused}`]))
          await stop(run)
          rmSync(fileOf(run), { force: true })
          if (options.signal?.aborted) throw cancelledFault()
          const because = [`The writers had ${writers.acked} commits acknowledged in ${options.timeoutMs / 1_000} s.`, ...said].join(' ')
          throw new Fault('sql.timeout', { because, isOver: true })
        }
        await sleep(lookEveryMs)
      }
      return { silent: silentOf().map(([{ title }, { refused }]) => ({ way: title, because: refused ?? 'no commit was answered' })) }
    },
    stop,
    remove: async (instance, runs, options) => {
      for (const run of runs) await stop(run)
      for (let tries = 1; ; tries += 1)
        try {
          await ask(instance, { database: usualDatabase }, [sql.endSessionsSql, sql.dropDatabaseSql, sql.dropRoleSql], options)
          break
        } catch (error) {
          // A session that was ended is not gone yet.
          if (!isFault(error) || error.facts.sqlstate !== '55006' || tries >= dropTries) throw error
          await sleep(dropEveryMs, options.signal)
        }
      for (const run of runs) rmSync(fileOf(run), { force: true })
    },
    kill: async (host, { pid, started }, signal, options) => {
      await onHost(host, `Sending ${signal} to ${pid}`, killProcessScript, [String(pid), started, signal], options)
    },
    revive: async (host, program, dataDirectory, argv, options) => {
      await onHost(host, `Starting ${program}`, reviveProcessScript, [program, dataDirectory, ...argv], options)
    },
  }
  return { read, act, close: async () => void (await Promise.all([...running.keys()].map(stop))) }
}

const processIn = (output: string): DrillProcess | null => {
  const [pid, started, unit, mine, may, ...argv] = output.split('\n')
  const value = (line: string | undefined) => line?.slice(line.indexOf('=') + 1) ?? ''
  if (pid === undefined || !pid.startsWith('pid=')) return null
  const words = argv.at(-1) === '' ? argv.slice(0, -1) : argv
  const why =
    value(may) !== 'yes'
      ? 'the SSH user may not signal it: let it use sudo without a password there'
      : value(unit) === '' && value(mine) !== 'yes'
        ? 'it is no unit of systemd and runs as another user, so the console could not start it again'
        : null
  return {
    pid: Number(value(pid)),
    started: value(started),
    argv: value(unit) === '' ? words : [`unit:${value(unit)}`],
    whyNot: why,
  }
}
