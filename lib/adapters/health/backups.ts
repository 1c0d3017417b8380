import { backupToolOf, latestBackup, neverHours } from '@/lib/domain/health/backups'
import type { HealthLook } from '@/lib/domain/health/kind'
import { isFault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { PgConnection } from '../postgres/connection'
import { queryFault } from '../postgres/warm'
import type { Ssh } from '../ssh'
import { type Deadline, remainingMs, within } from '../ssh/deadline'

/** The repository may be far away. */
const listTimeoutMs = 20_000

const archiveSql = `select current_setting('archive_mode') as mode, current_setting('archive_command') as command, extract(epoch from now())::float8 as now`

/**
 * Asks the tool that the server archives with for its backups, on the server's host. Only where the console logs in as the server's own user: whoever may
 * write the archive command may do anything as that user anyway, and must not do more through us. Throws what is no expected fault.
 */
export const lookAtBackups = async (
  ssh: Ssh,
  instance: InstanceAddress,
  { client }: PgConnection,
  look: HealthLook,
  deadline: Deadline,
): Promise<void> => {
  const late = () => queryFault(new Error('it did not answer in time'))
  try {
    const { rows } = await within(client.query<{ mode: string; command: string; now: number }>(archiveSql), deadline, late)
    const { mode, command, now } = rows[0]!
    const tool = mode === 'off' ? null : backupToolOf(command)
    if (tool === null) {
      look.notApplicable = 'No backup tool is recognised by its archive command: how old its backups are is not known here.'
      return
    }
    if (tool.argv === null) {
      look.notApplicable = `It archives to Barman on ${tool.where}: its backups can only be listed there.`
      return
    }
    const owner = await ssh.exec(instance.host, ['stat', '-c', '%U', '--', instance.dataDirectory], {
      timeoutMs: Math.min(listTimeoutMs, remainingMs(deadline)),
      signal: deadline.signal,
    })
    if (owner.stdout.trim() !== instance.host.user) {
      look.notApplicable = `The console logs in as ${instance.host.user}, who does not own the server: it does not run ${tool.tool} by its archive command.`
      return
    }
    const { exitCode, stdout, stderr } = await ssh.exec(instance.host, [...tool.argv], {
      timeoutMs: Math.min(listTimeoutMs, remainingMs(deadline)),
      signal: deadline.signal,
    })
    if (exitCode !== 0) {
      const said = (stderr.trim() || stdout.trim()).split('\n').at(-1)
      look.because = `${tool.tool} did not list its backups${said ? `: ${said.slice(0, 300)}` : ` (exit ${exitCode}).`}`
      return
    }
    const latest = latestIn(tool.tool, stdout)
    if (latest === undefined) {
      look.because = `${tool.tool} listed its backups in a way that is not understood.`
      return
    }
    look.found.push({
      database: '',
      object: tool.tool,
      value: latest === null ? neverHours : Math.max(0, (now - latest.endedAt) / 3600),
      atLeast: latest === null ? 'critical' : null,
      details: {
        tool: tool.tool,
        latest: latest?.label ?? null,
        endedAt: latest === null ? null : new Date(latest.endedAt * 1000).toISOString(),
      },
    })
  } catch (error) {
    const fault = isFault(error) ? error : queryFault(error)
    look.because = String(fault.facts.because ?? fault.message)
  }
}

/** undefined: it is no answer of that tool. */
const latestIn = (tool: Parameters<typeof latestBackup>[0], answer: string): ReturnType<typeof latestBackup> | undefined => {
  try {
    return latestBackup(tool, answer)
  } catch {
    return undefined
  }
}
