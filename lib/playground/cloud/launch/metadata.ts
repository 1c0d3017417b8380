import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { listen, stopListening } from '../listen'
import type { CloudState, Machine } from '../state'

interface Asked {
  method: string
  path: string
  headers: IncomingHttpHeaders
}

interface Told {
  status: number
  body: string
  headers?: Record<string, string>
}

const notFound: Told = { status: 404, body: '' }
const ttlMax = 21_600
const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** The metadata of one machine, as its own programs read it. Source: EC2, instance metadata categories and IMDSv2. */
export class Metadata {
  /** Session → until when, ms. */
  private readonly sessions = new Map<string, number>()

  constructor(
    private readonly state: CloudState,
    private readonly region: string,
    private readonly id: string,
  ) {}

  answer(asked: Asked): Told {
    const { method, path, headers } = asked
    if (method === 'PUT' && path === '/latest/api/token') return this.newSession(headers)
    if (method !== 'GET') return { status: 405, body: '' }
    const machine = this.state.machine(this.region, this.id)
    const session = headers['x-aws-ec2-metadata-token']
    if (session === undefined ? machine.httpTokens === 'required' : !this.isOpen(String(session))) return { status: 401, body: '' }
    return this.document(machine, path)
  }

  private newSession(headers: IncomingHttpHeaders): Told {
    // A request that a proxy hands on is not the machine's own.
    if (headers['x-forwarded-for'] !== undefined) return { status: 403, body: '' }
    const ttl = Number(headers['x-aws-ec2-metadata-token-ttl-seconds'])
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > ttlMax) return { status: 400, body: '' }
    const token = randomBytes(40).toString('base64')
    this.sessions.set(token, this.state.options.now() + ttl * 1000)
    return { status: 200, body: token, headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(ttl) } }
  }

  private isOpen(token: string): boolean {
    return (this.sessions.get(token) ?? 0) > this.state.options.now()
  }

  private document(machine: Machine, path: string): Told {
    if (path === '/latest/user-data') return machine.userData === null ? notFound : { status: 200, body: machine.userData }
    const known = categoriesOf(machine)
    const name = path.replace(/^\/latest\/meta-data\/?/, '')
    if (!path.startsWith('/latest/meta-data')) return notFound
    const value = known[name]
    if (value !== undefined) return value === null ? notFound : { status: 200, body: value }
    const inside = Object.entries(known).flatMap(([one, held]) =>
      held !== null && one.startsWith(prefixOf(name)) ? [one.slice(prefixOf(name).length)] : [],
    )
    if (inside.length === 0) return notFound
    return { status: 200, body: [...new Set(inside.map((one) => one.replace(/\/.*/, '/')))].sort().join('\n') }
  }
}

const prefixOf = (name: string): string => (name === '' ? '' : `${name.replace(/\/$/, '')}/`)

/** null: it has none at the moment. */
const categoriesOf = (machine: Machine): Record<string, string | null> => {
  const { interruption, rebalanceAtMs } = machine
  return {
    'ami-id': machine.imageId,
    'instance-id': machine.id,
    'instance-type': machine.type,
    'instance-life-cycle': machine.market,
    'local-ipv4': machine.privateIp,
    'public-ipv4': machine.publicIp,
    'placement/availability-zone': machine.zone,
    'placement/region': machine.region,
    'spot/instance-action': interruption && JSON.stringify({ action: 'terminate', time: iso(interruption.atMs) }),
    'spot/termination-time': interruption && iso(interruption.atMs),
    'events/recommendations/rebalance': rebalanceAtMs === null ? null : JSON.stringify({ noticeTime: iso(rebalanceAtMs) }),
  }
}

/** Answers as the metadata service of the machine that asks. `machineOf`: whose request it is; null: no machine's, which is refused as an address that nobody has. */
export const metadataServer = (state: CloudState, machineOf: (socket: Socket) => { region: string; id: string } | null): Server => {
  const kept = new Map<string, Metadata>()
  return createServer((request, response) => {
    request.resume()
    const machine = machineOf(request.socket)
    if (machine === null) return void request.socket.destroy()
    const metadata = kept.get(machine.id) ?? new Metadata(state, machine.region, machine.id)
    kept.set(machine.id, metadata)
    const {
      status,
      body,
      headers = {},
    } = metadata.answer({ method: request.method ?? '', path: request.url ?? '/', headers: request.headers })
    response.writeHead(status, { 'content-type': 'text/plain', server: 'EC2ws', ...headers }).end(body)
  })
}

/** Serves a machine's metadata at an address, which inside its host is 169.254.169.254:80. */
export const serveMetadata = async (
  { state, region, id }: { state: CloudState; region: string; id: string },
  { host, port }: { host: string; port: number },
): Promise<{ port: number; stop: () => Promise<void> }> => {
  const server = metadataServer(state, () => ({ region, id }))
  return { port: await listen(server, port, host), stop: () => stopListening(server) }
}
