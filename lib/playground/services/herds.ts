import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import type { Fleet, FleetHerd, FleetMember } from '../fleet/fleet'
import type { Hosts } from '../hosts/hosts'
import { LabError } from '../machine/error'
import type { Layout } from '../machine/layout'
import { inParallel, mustRun, until } from '../machine/processes'
import type { LabSecrets } from '../machine/secrets'
import { type ClusterPlace, filesOfAccess, foundingSql, memberName, postgresqlConf, standbyAutoConf } from './cluster-files'

type NewCluster = ClusterPlace & { member: FleetMember; hasReader: boolean }

/** Makes the clusters of a fleet that do not exist yet, and never touches one that does. */
export class HerdMaker {
  /** Given so far. */
  private readonly identifiers = new Set<string>()

  constructor(
    private readonly layout: Layout,
    private readonly hosts: Hosts,
    private readonly fleet: Fleet,
    private readonly secrets: LabSecrets,
  ) {}

  /** Herds and stray clusters that do not exist yet. All hosts must be up. */
  missing(): FleetHerd[] {
    const strays: FleetHerd[] = this.fleet.strays.map((stray) => ({
      ...stray,
      name: `stray-${stray.host}-${stray.baseName}`,
      environment: '',
      virtualHost: '',
      members: [{ host: stray.host, role: 'primary', upstream: null }],
    }))
    return [...this.fleet.herds, ...strays].filter((herd) => !existsSync(this.marker(herd)) || !this.hasData(herd))
  }

  /** Makes them and waits until every standby streams. */
  async makeAll(herds: readonly FleetHerd[], onHerd: () => void): Promise<void> {
    mkdirSync(this.layout.at('herds'), { recursive: true })
    await inParallel(herds, Math.max(2, cpus().length), async (herd) => {
      await this.make(herd)
      onHerd()
    })
  }

  private marker(herd: FleetHerd): string {
    return this.layout.at('herds', `${herd.name}.json`)
  }

  /** False when every member's data directory is gone, as after a crash with volumes in memory. */
  private hasData(herd: FleetHerd): boolean {
    return herd.members.some(({ host }) => existsSync(`/proc/${this.hosts.require(host).pid}/root${herd.dataDirectory}/PG_VERSION`))
  }

  private address(host: string): string {
    const found = this.fleet.hosts.find((one) => one.name === host)
    if (!found) throw new LabError(`${host} is not a host of the fleet.`)
    return found.address
  }

  /** An identifier of its own per herd needs an initdb of its own; the standbys start as copies of the unborn primary. */
  private async make(herd: FleetHerd): Promise<void> {
    const major = this.fleet.postgresMajor
    // A stray cluster has no environment: nobody has set the reader up on it yet.
    const hasReader = herd.environment !== ''
    const places: NewCluster[] = herd.members.map((member) => ({ ...herd, major, host: member.host, member, hasReader }))
    const primary = places.find((place) => place.member.role === 'primary')
    if (!primary) throw new LabError(`${herd.name} has no primary.`)
    for (const place of places) await this.writeConfiguration(place)

    await this.initialise(primary)
    for (const place of places) if (place !== primary) await this.copyFrom(primary, place)

    let level = [primary]
    while (level.length > 0) {
      const next: NewCluster[] = []
      for (const place of level) {
        await this.hosts.mustExec(place.host, ['/usr/local/lib/lab/start-cluster.sh', String(major), herd.baseName], { timeoutMs: 90_000 })
        const followers = places.filter((other) => other.member.upstream === place.host)
        const slots = followers.map(
          (other) => `select pg_create_physical_replication_slot('${memberName(other.host, herd.baseName)}', true);`,
        )
        const founding = place === primary ? foundingSql(herd.baseName, this.secrets, place.hasReader) : ''
        if (founding || slots.length > 0) await this.psql(place, `${founding}\n\\connect postgres\nreset role;\n${slots.join('\n')}`)
        next.push(...followers)
      }
      level = next
    }
    for (const place of places) if (place !== primary) await this.awaitStreaming(place)
    writeFileSync(this.marker(herd), JSON.stringify({ ...herd, madeAt: new Date().toISOString() }))
  }

  /**
   * Done again when another herd was given the same system identifier: it is made of the microsecond and the process id, and hosts that are set up
   * side by side count their processes alike.
   */
  private async initialise(primary: NewCluster): Promise<void> {
    const { host, major, dataDirectory } = primary
    const bin = `/usr/lib/postgresql/${major}/bin`
    const wal = this.walDirectory(primary)
    const argv = [
      `${bin}/initdb`,
      ...['-D', dataDirectory, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-k', '--wal-segsize=1', '-N'],
      ...['--auth-local=peer', '--auth-host=scram-sha-256'],
      ...(wal ? [`--waldir=${wal}`] : []),
    ]
    for (;;) {
      await this.hosts.mustExec(host, argv, { timeoutMs: 120_000 })
      const control = await this.hosts.mustExec(host, ['env', 'LC_ALL=C', `${bin}/pg_controldata`, dataDirectory])
      const identifier = /^Database system identifier: +(\d+)$/m.exec(control)?.[1]
      if (!identifier) throw new LabError(`${host} does not tell the system identifier of ${dataDirectory}.`)
      if (!this.identifiers.has(identifier)) {
        this.identifiers.add(identifier)
        return
      }
      await this.hosts.mustExec(host, ['rm', '-rf', dataDirectory, ...(wal ? [wal] : [])])
    }
  }

  private walDirectory({ host, baseName }: ClusterPlace): string | undefined {
    const small = this.fleet.hosts.find((one) => one.name === host)?.volumes?.walMiB
    return small ? `/var/lib/postgresql/wal/${baseName}` : undefined
  }

  private async writeConfiguration(place: NewCluster): Promise<void> {
    const { host, major, baseName, dataDirectory } = place
    const etc = `/etc/postgresql/${major}/${baseName}`
    // What an earlier, interrupted attempt left is of no use, and this herd has no marker: nothing of it is anybody's.
    const clear = `rm -rf ${etc} ${dataDirectory} ${this.walDirectory(place) ?? ''}; mkdir -p ${dirname(dataDirectory)}; install -d ${dirname(etc)} ${etc} ${etc}/conf.d`
    const stop = `[ ! -e ${dataDirectory}/postmaster.pid ] || /usr/lib/postgresql/${major}/bin/pg_ctl stop -s -m immediate -D ${dataDirectory} || true`
    await this.hosts.mustExec(host, ['bash', '-c', `${stop}; ${clear}`])
    const put = (name: string, text: string, mode = 0o644) =>
      this.hosts.writeFile(host, `${etc}/${name}`, text, { mode, owner: 'postgres' })
    put('postgresql.conf', postgresqlConf(place))
    const { hba, ident } = filesOfAccess(place.hasReader)
    put('pg_hba.conf', hba, 0o640)
    put('pg_ident.conf', ident, 0o640)
    put('start.conf', 'auto\n')
    put('environment', '')
    put('pg_ctl.conf', "pg_ctl_options = ''\n")
    this.hosts.writeFile(
      host,
      '/var/lib/postgresql/.pgpass',
      `*:*:*:replicator:${this.secrets.replicator}\n*:*:*:app:${this.secrets.app}\n`,
      {
        mode: 0o600,
        owner: 'postgres',
      },
    )
  }

  private async copyFrom(primary: NewCluster, place: NewCluster): Promise<void> {
    const inside = (host: string, path: string) => `/proc/${this.hosts.require(host).pid}/root${path}`
    const target = inside(place.host, place.dataDirectory)
    await mustRun(['cp', '-a', '--reflink=auto', inside(primary.host, primary.dataDirectory), target])
    const from = this.walDirectory(primary)
    const to = this.walDirectory(place)
    if (from || to) {
      await mustRun(['rm', '-rf', `${target}/pg_wal`])
      await mustRun([
        'cp',
        '-a',
        inside(primary.host, from ?? `${primary.dataDirectory}/pg_wal`),
        to ? inside(place.host, to) : `${target}/pg_wal`,
      ])
      if (to) await this.hosts.mustExec(place.host, ['ln', '-sfn', to, `${place.dataDirectory}/pg_wal`])
    }
    const upstream = place.member.upstream ?? primary.host
    const conf = standbyAutoConf(this.address(upstream), place.port, memberName(place.host, place.baseName))
    await this.hosts.mustExec(
      place.host,
      ['env', '-C', place.dataDirectory, 'bash', '-c', 'umask 077; cat >postgresql.auto.conf && : >standby.signal'],
      { input: conf },
    )
  }

  private psql(place: ClusterPlace, sql: string): Promise<string> {
    const argv = [
      'psql',
      '-X',
      '-q',
      '-At',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      '/var/run/postgresql',
      '-p',
      String(place.port),
      '-d',
      'postgres',
    ]
    return this.hosts.mustExec(place.host, argv, { input: sql, timeoutMs: 60_000 })
  }

  private async awaitStreaming(place: NewCluster): Promise<void> {
    await until(
      `${place.host} to stream ${place.baseName}`,
      async () => (await this.psql(place, 'select status from pg_stat_wal_receiver')).trim() === 'streaming',
      { timeoutMs: 60_000, everyMs: 100 },
    )
  }
}
