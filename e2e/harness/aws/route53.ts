import { randomBytes } from 'node:crypto'
import { child, parseXml, textOf, writeXml, type Xml } from '@/lib/playground/cloud/xml'
import { startNameServer } from './name-server'
import { applyBatch, type Change, listOrder, type Rrset } from './route53-zone'

export interface Answer {
  status: number
  body: string
}
export interface Zone {
  id: string
  /** With its last dot. */
  name: string
  sets: Map<string, Rrset>
  /** What the name servers serve: a change reaches them when it is in sync. */
  served: { serial: number; sets: readonly Rrset[] }
  pending: { id: string; dueAt: number; sets: readonly Rrset[] }[]
}

const namespace = ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
const id = (letter: string) => `${letter}${randomBytes(10).toString('hex').toUpperCase().slice(0, 13)}`

const ok = (name: string, content: Parameters<typeof writeXml>[1]): Answer => ({
  status: 200,
  body: `<?xml version="1.0"?>\n${writeXml(name, content, namespace)}`,
})
/** Errors as the API writes them. */
export const errorAnswer = (status: number, code: string, message: string): Answer => ({
  status,
  body: `<?xml version="1.0"?>\n${writeXml('ErrorResponse', { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: crypto.randomUUID() }, namespace)}`,
})

const changeOf = (element: Xml): Change => {
  const set = child(element, 'ResourceRecordSet')
  return {
    action: textOf(element, 'Action') as Change['action'],
    set: {
      name: `${(textOf(set, 'Name') ?? '').toLowerCase().replace(/\.$/, '')}.`,
      type: textOf(set, 'Type') ?? '',
      ttl: Number(textOf(set, 'TTL') ?? Number.NaN),
      values: (child(set, 'ResourceRecords')?.children ?? []).map((record) => textOf(record, 'Value') ?? ''),
    },
  }
}

const shown = ({ name, type, ttl, values }: Rrset) => ({
  Name: name.replaceAll('*', '\\052'),
  Type: type,
  TTL: ttl,
  ResourceRecords: { ResourceRecord: values.map((Value) => ({ Value })) },
})

export interface Route53Options {
  now: () => number
  /** Milliseconds until a change is in sync. */
  syncMs: number
}

/** Route 53 with real name servers behind it: hosted zones, change batches, changes that are pending for a while. */
export class Route53 {
  readonly zones = new Map<string, Zone>()
  readonly servers: Awaited<ReturnType<typeof startNameServer>>[] = []
  private readonly changes = new Map<string, { dueAt: number; at: number }>()

  constructor(private readonly options: Route53Options) {}

  async start(): Promise<void> {
    for (let index = 0; index < 2; index += 1) this.servers.push(await startNameServer(() => this.serve()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()))
  }

  addZone(name: string): Zone {
    const whole = `${name}.`
    const apex: Rrset = { name: whole, type: 'NS', ttl: 172_800, values: [`ns-1.${whole}`, `ns-2.${whole}`] }
    const zone: Zone = {
      id: id('Z'),
      name: whole,
      sets: new Map([[`${whole} NS`, apex]]),
      served: { serial: 1, sets: [apex] },
      pending: [],
    }
    this.zones.set(zone.id, zone)
    return zone
  }

  /** Somebody else's change, made in the same way, in sync at once. */
  put(zone: Zone, sets: readonly Rrset[]): void {
    const result = applyBatch(
      zone.name,
      zone.sets,
      sets.map((set) => ({ action: 'CREATE' as const, set })),
    )
    if ('faults' in result) throw new Error(result.faults.join('; '))
    zone.sets = result.after
    zone.served = { serial: zone.served.serial + 1, sets: [...zone.sets.values()] }
  }

  private serve() {
    const now = this.options.now()
    for (const zone of this.zones.values())
      for (let next = zone.pending[0]; next !== undefined && next.dueAt <= now; next = zone.pending[0]) {
        zone.served = { serial: zone.served.serial + 1, sets: next.sets }
        zone.pending.shift()
      }
    return [...this.zones.values()].map(({ name, served }) => ({ name: name.slice(0, -1), ...served }))
  }

  handle(method: string, url: URL, body: string): Answer {
    const [, version, kind, key = '', sub] = url.pathname.split('/')
    if (version !== '2013-04-01') return errorAnswer(404, 'UnknownOperationException', 'Unknown operation')
    if (method === 'GET' && kind === 'change') return this.getChange(key)
    if (method === 'GET' && kind === 'hostedzonesbyname') return this.listByName(url.searchParams)
    if (kind !== 'hostedzone') return errorAnswer(404, 'UnknownOperationException', 'Unknown operation')
    const zone = this.zones.get(key)
    if (!zone) return errorAnswer(404, 'NoSuchHostedZone', `No hosted zone found with ID: ${key}`)
    if (method === 'GET' && sub === undefined) return this.getZone(zone)
    if (method === 'GET' && sub === 'rrset') return this.list(zone, url.searchParams)
    if (method === 'POST' && sub === 'rrset') return this.change(zone, body)
    return errorAnswer(404, 'UnknownOperationException', 'Unknown operation')
  }

  private getChange(key: string): Answer {
    const change = this.changes.get(key)
    if (!change) return errorAnswer(404, 'NoSuchChange', `A change with the specified change ID does not exist: ${key}`)
    return ok('GetChangeResponse', { ChangeInfo: this.changeInfo(key, change) })
  }

  private changeInfo(key: string, { dueAt, at }: { dueAt: number; at: number }) {
    return { Id: `/change/${key}`, Status: dueAt <= this.options.now() ? 'INSYNC' : 'PENDING', SubmittedAt: new Date(at).toISOString() }
  }

  private zoneInfo = ({ id: key, name, sets }: Zone) => ({
    Id: `/hostedzone/${key}`,
    Name: name,
    CallerReference: key,
    Config: { PrivateZone: false },
    ResourceRecordSetCount: sets.size + 1,
  })

  private getZone(zone: Zone): Answer {
    return ok('GetHostedZoneResponse', {
      HostedZone: this.zoneInfo(zone),
      DelegationSet: { NameServers: { NameServer: [`ns-1.${zone.name.slice(0, -1)}`, `ns-2.${zone.name.slice(0, -1)}`] } },
    })
  }

  private listByName(query: URLSearchParams): Answer {
    const from = `${(query.get('dnsname') ?? '').replace(/\.$/, '')}.`
    const zones = [...this.zones.values()].filter(({ name }) => name >= from).sort((a, b) => (a.name < b.name ? -1 : 1))
    return ok('ListHostedZonesByNameResponse', {
      HostedZones: { HostedZone: zones.map(this.zoneInfo) },
      IsTruncated: false,
      MaxItems: Number(query.get('maxitems') ?? 100),
    })
  }

  private list(zone: Zone, query: URLSearchParams): Answer {
    const maxItems = Math.min(300, Number(query.get('maxitems') ?? 300))
    const all = [...zone.sets.values()].sort(listOrder)
    const start = query.get('name')
    const from: Rrset | null =
      start === null ? null : { name: `${start.toLowerCase().replace(/\.$/, '')}.`, type: query.get('type') ?? '', ttl: 0, values: [] }
    const rest = from === null ? all : all.filter((set) => listOrder(from, set) < 0 || (set.name === from.name && set.type === from.type))
    const next = rest[maxItems]
    return ok('ListResourceRecordSetsResponse', {
      ResourceRecordSets: { ResourceRecordSet: rest.slice(0, maxItems).map(shown) },
      IsTruncated: next !== undefined,
      NextRecordName: next?.name,
      NextRecordType: next?.type,
      MaxItems: maxItems,
    })
  }

  private change(zone: Zone, body: string): Answer {
    let request: Xml
    try {
      request = parseXml(body)
    } catch (error) {
      return errorAnswer(400, 'MalformedXML', (error as Error).message)
    }
    const changes = (child(child(request, 'ChangeBatch'), 'Changes')?.children ?? []).map(changeOf)
    if (request.name !== 'ChangeResourceRecordSetsRequest' || changes.length === 0)
      return errorAnswer(
        400,
        'InvalidInput',
        "1 validation error detected: Value '[]' at 'changeBatch.changes' failed to satisfy constraint",
      )
    if (changes.some(({ action }) => !['CREATE', 'DELETE', 'UPSERT'].includes(action)))
      return errorAnswer(400, 'InvalidInput', 'Value at changeBatch.changes.action failed to satisfy constraint: [CREATE, DELETE, UPSERT]')
    const result = applyBatch(zone.name, zone.sets, changes)
    if ('faults' in result) return errorAnswer(400, 'InvalidChangeBatch', `[${result.faults.join(', ')}]`)
    zone.sets = result.after
    const at = this.options.now()
    const change = { at, dueAt: at + this.options.syncMs }
    const key = id('C')
    this.changes.set(key, change)
    zone.pending.push({ id: key, dueAt: change.dueAt, sets: [...zone.sets.values()] })
    return ok('ChangeResourceRecordSetsResponse', { ChangeInfo: this.changeInfo(key, change) })
  }
}
