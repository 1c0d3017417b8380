import { inParallel } from '../machine/processes'
import type { Lab } from './lab'

export type ClusterView = { version: string; cluster: string; port: number; status: string }
export type HostView = {
  host: string
  address: string
  environment: string
  site: string
  power: 'on' | 'off'
  /** What is wrong with its network, in words; empty when nothing is. */
  network: string[]
  /** Null when the host is off or frozen. */
  clusters: ClusterView[] | null
}

/** What the lab knows of each host, from the host itself. */
export async function viewLab(lab: Lab): Promise<HostView[]> {
  const { pulled, lost, slow } = lab.network.state
  const views = new Map<string, HostView>()
  await inParallel(lab.fleet.hosts, 4, async ({ name, address, environment, site }) => {
    const isOn = lab.isUp && lab.hosts.mark(name) !== undefined
    const slowness = slow[name]
    const network = [
      ...(pulled.includes(name) ? ['cable pulled'] : []),
      ...lost.filter(({ from }) => from === name).map(({ to }) => `nothing reaches ${to}`),
      ...(slowness?.rateKbit ? [`${slowness.rateKbit} kbit/s`] : []),
      ...(slowness?.delayMs ? [`${slowness.delayMs} ms each way`] : []),
    ]
    views.set(name, {
      host: name,
      address,
      environment,
      site,
      power: isOn ? 'on' : 'off',
      network,
      clusters: isOn ? await clustersOf(lab, name) : null,
    })
  })
  return lab.fleet.hosts.flatMap(({ name }) => views.get(name) ?? [])
}

async function clustersOf(lab: Lab, host: string): Promise<ClusterView[] | null> {
  const listed = await lab.hosts.exec(host, ['pg_lsclusters', '--no-header'], { timeoutMs: 10_000 }).catch(() => null)
  if (listed?.code !== 0) return null
  return listed.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [version = '', cluster = '', port, status = ''] = line.split(/\s+/)
      return { version, cluster, port: Number(port), status }
    })
}

/** Columns as wide as their widest cell. */
export function table(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function labTable(views: HostView[]): string {
  const rows = views.map((view) => [
    view.host,
    view.address,
    view.environment,
    view.site,
    view.power,
    view.network.join(', ') || '-',
    view.clusters?.map(({ cluster, port, status }) => `${cluster}:${port} ${status}`).join('; ') ?? '-',
  ])
  return table([['HOST', 'ADDRESS', 'ENVIRONMENT', 'SITE', 'POWER', 'NETWORK', 'CLUSTERS'], ...rows])
}
