import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Lab } from '@/lib/playground/lab/lab'
import { until } from '@/lib/playground/machine/processes'
import { memberName, primaryConnInfo, standbyAutoConf } from '@/lib/playground/services/cluster-files'

/** A herd of two on hosts of their own: `from` is the primary, `to` has diverged and is down. */
export interface RebuildStage {
  lab: Lab
  from: string
  to: string
  cluster: string
  port: number
  data: string
}

export interface RebuildPeer {
  name: string
  /** Rebuilds the stopped standby and starts it. Throws when any command fails. */
  run: () => Promise<void>
}

const timeoutMs = 1_800_000
const rsyncPort = 8730

/** What an administrator would type on the standby's host. Nothing is checked, nothing is put aside, and what fails half way stays so. */
export const rebuildPeers = ({ lab, from, to, cluster, port, data }: RebuildStage): RebuildPeer[] => {
  const major = lab.fleet.postgresMajor
  const bin = `/usr/lib/postgresql/${major}/bin`
  const conninfo = primaryConnInfo(lab.host(from).address, port)
  const follow = standbyAutoConf(lab.host(from).address, port, memberName(to, cluster))
  const onTarget = (script: string, ...values: string[]) =>
    lab.hosts.mustExec(to, ['sh', '-ec', script, 'sh', data, ...values], { timeoutMs })
  const start = () =>
    onTarget(
      'touch "$1/standby.signal"; printf %s "$2" >"$1/postgresql.auto.conf"; pg_ctlcluster "$3" "$4" start',
      follow,
      String(major),
      cluster,
    )

  return [
    {
      name: 'pg_rewind alone',
      run: async () => {
        await lab.hosts.mustExec(from, ['psql', '-p', String(port), '-Xqc', 'checkpoint'])
        await onTarget('"$2/pg_rewind" -D "$1" --source-server="$3 dbname=postgres"', bin, conninfo)
        await start()
      },
    },
    {
      name: 'pg_basebackup alone',
      run: async () => {
        await onTarget('rm -rf "$1"; "$2/pg_basebackup" -D "$1" -d "$3" -X stream -c fast', bin, conninfo)
        await start()
      },
    },
    {
      name: 'rsync of everything',
      run: async () => {
        const source = `rsync://${lab.host(from).address}:${rsyncPort}/data/`
        const copy = 'data=$1 from=$2; shift 2; rsync -a --whole-file --delete "$@" "$from" "$data/"'
        const left = ['postmaster.*', '/pg_wal/*', '/pg_replslot/*', '/postgresql.auto.conf'].map((pattern) => `--exclude=${pattern}`)
        await inBackup(
          { lab, from, port, data },
          {
            meanwhile: () => onTarget(copy, source, ...left),
            // WAL last, so that what the backup needs is among it.
            afterwards: (label) =>
              onTarget('rsync -a --whole-file --delete "$2pg_wal/" "$1/pg_wal/"; printf %s "$3" >"$1/backup_label"; sync', source, label),
          },
        )
        await start()
      },
    },
  ]
}

/** With a daemon that serves the source's directory. The backup's session must stay open while files are copied; what it says at its end is the label. */
const inBackup = async (
  { lab, from, port, data }: Pick<RebuildStage, 'lab' | 'from' | 'port' | 'data'>,
  { meanwhile, afterwards }: { meanwhile: () => Promise<unknown>; afterwards: (label: string) => Promise<unknown> },
): Promise<void> => {
  const config = '/var/lib/postgresql/rsyncd.conf'
  lab.hosts.writeFile(from, config, `[data]\npath = ${data}\nread only = yes\nuse chroot = no\n`, { owner: 'postgres' })
  const inside = (argv: string[]): [string, string[]] => {
    const [program, ...rest] = lab.hosts.execArgv(from, argv)
    return [program!, rest]
  }
  // A pipe to a child is a socket, which rsync takes for a connection from inetd.
  const daemon = spawn(...inside(['rsync', '--daemon', '--no-detach', `--port=${rsyncPort}`, `--config=${config}`]), { stdio: 'ignore' })
  const session = spawn(...inside(['psql', '-p', String(port), '-XAtq', '-v', 'ON_ERROR_STOP=1']), { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const lines = createInterface({ input: session.stdout })[Symbol.asyncIterator]()
    session.stdin.write(`select pg_backup_start('bench', true);\n`)
    await lines.next()
    await until('rsync answers', async () => (await lab.hosts.exec(from, ['rsync', `rsync://127.0.0.1:${rsyncPort}/`])).code === 0, {
      timeoutMs: 30_000,
    })
    await meanwhile()
    session.stdin.end(`select encode(convert_to(labelfile, 'UTF8'), 'base64') from pg_backup_stop(false);\n`)
    let label = ''
    for (let line = await lines.next(); !line.done; line = await lines.next()) label += line.value
    await afterwards(Buffer.from(label, 'base64').toString('utf8'))
  } finally {
    daemon.kill()
    session.kill()
  }
}
