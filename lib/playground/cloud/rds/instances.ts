import { sampleTypes } from '@/lib/domain/machines/sample'
import { CloudFault } from '../fault'
import { rdsClasses } from '../market'

/** A DB instance as RDS keeps it. */
export interface DbInstance {
  id: string
  region: string
  zone: string
  class: string
  engineVersion: string
  /** RDS's own: `available`, `modifying`, `rebooting`, `starting`, `stopping`, `stopped` … */
  status: string
  address: string
  port: number
  storageGb: number
  storageType: string
  isMultiAz: boolean
  allowsIam: boolean
  masterUser: string
  /** The id of the instance that it replicates from; null: a primary. */
  source: string | null
  /** What was asked for and is not in force yet. */
  pending: { class?: string }
  tags: Record<string, string>
  createdAtMs: number
}

/** What happens to the server behind a DB instance. */
export type DbDeed = 'start' | 'stop' | 'restart' | 'promote'

/** What becomes of an instance, and when. */
interface Step {
  afterMs: number
  status: string
  also?: Partial<DbInstance>
}

/** What the instances are told of the account that they are in. */
interface Account {
  accountId: string
  options: { now: () => number; settleMs: number; consistencyMs: number; powerDatabase?: (one: DbInstance, deed: DbDeed) => void }
  /** `db.m5.large us-east-1a`: no capacity. */
  exhausted: ReadonlySet<string>
  zones: (region: string) => string[]
  isOffered: (type: string, zone: string) => boolean
}

const idPattern = /^[a-z][a-z0-9-]{0,62}$/
export const engine = 'postgres'
export const engineVersions: readonly string[] = ['13.16', '14.13', '15.8', '16.4', '17.2']

/** The DB instances of one account. They move from status to status by the clock of the cloud. */
export class DbInstances {
  private readonly all = new Map<string, { one: DbInstance; steps: { atMs: number; change: Partial<DbInstance> }[] }>()
  private readonly shown = new Map<string, { from: number; one: DbInstance }[]>()

  constructor(private readonly account: Account) {}

  arn({ region, id }: Pick<DbInstance, 'region' | 'id'>): string {
    return `arn:aws:rds:${region}:${this.account.accountId}:db:${id}`
  }

  /** One that is there already, as somebody made it before. */
  add(region: string, given: Partial<DbInstance> & { id: string }): DbInstance {
    const one: DbInstance = {
      region,
      zone: `${region}a`,
      class: 'db.m5.large',
      engineVersion: engineVersions[2]!,
      status: 'available',
      address: `${given.id}.c1a2b3d4e5f6.${region}.rds.amazonaws.com`,
      port: 5432,
      storageGb: 100,
      storageType: 'gp3',
      isMultiAz: false,
      allowsIam: true,
      masterUser: 'postgres',
      source: null,
      pending: {},
      tags: {},
      createdAtMs: this.account.options.now(),
      ...given,
    }
    this.all.set(keyOf(one), { one, steps: [] })
    this.remember(one, 0, 0)
    return one
  }

  /** The instance as it is now; throws as RDS does where there is none. */
  get(region: string, id: string): DbInstance {
    const held = this.all.get(`${region} ${id.toLowerCase()}`)
    if (held === undefined) throw notFound(id)
    this.settle(held)
    return held.one
  }

  find(region: string, id: string): DbInstance | undefined {
    return this.all.get(`${region} ${id.toLowerCase()}`)?.one
  }

  /** As they are shown at the moment: what was just changed may still be its old self. Ordered by id. */
  seen(region: string): DbInstance[] {
    const now = this.account.options.now()
    return [...this.all.values()]
      .flatMap((held) => {
        if (held.one.region !== region) return []
        this.settle(held)
        return this.shown.get(keyOf(held.one))?.findLast(({ from }) => from <= now)?.one ?? []
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  replicasOf({ region, id }: DbInstance): string[] {
    return [...this.all.values()].flatMap(({ one }) => (one.region === region && one.source === id ? [one.id] : []))
  }

  mustBe(one: DbInstance, ...statuses: string[]): void {
    if (statuses.includes(one.status)) return
    throw new CloudFault('InvalidDBInstanceState', `Instance ${one.id} is not in ${statuses.join(' or ')} state. It is ${one.status}.`)
  }

  mustHaveId(id: string): void {
    if (!idPattern.test(id.toLowerCase()) || id.endsWith('-') || id.includes('--'))
      throw new CloudFault('InvalidParameterValue', `The parameter DBInstanceIdentifier is not a valid identifier: ${id}`)
  }

  /** Zones of the region that have the class; empty: it is not to be had there. */
  zonesWith(region: string, name: string): string[] {
    if (!rdsClasses.includes(name)) return []
    const type = name.replace(/^db\./, '')
    return this.account.zones(region).filter((zone) => sampleTypes[type] === undefined || this.account.isOffered(type, zone))
  }

  mustOffer({ region, zone, engineVersion }: DbInstance, name: string): void {
    if (!this.zonesWith(region, name).includes(zone))
      throw new CloudFault(
        'InvalidParameterCombination',
        `RDS does not support creating a DB instance with the following combination: DBInstanceClass=${name}, Engine=${engine}, EngineVersion=${engineVersion}, LicenseModel=postgresql-license.`,
      )
    if (this.account.exhausted.has(`${name} ${zone}`))
      throw new CloudFault(
        'InsufficientDBInstanceCapacity',
        `The specified DB instance class (${name}) is not available in the Availability Zone ${zone} at the moment.`,
      )
  }

  /** From now on through these statuses, each so long after the one before. */
  move(one: DbInstance, now: Partial<DbInstance>, steps: readonly Step[]): void {
    const held = this.all.get(keyOf(one))!
    Object.assign(one, now)
    let atMs = this.account.options.now()
    held.steps = steps.map(({ afterMs, status, also = {} }) => {
      atMs += afterMs
      return { atMs, change: { status, ...also } }
    })
    this.remember(one)
  }

  /** The weekly maintenance: what waited for it comes into force. */
  maintain(region: string, id: string): void {
    const one = this.get(region, id)
    const { settleMs } = this.account.options
    if (one.pending.class !== undefined)
      this.move(one, { status: 'modifying' }, [{ afterMs: settleMs, status: 'available', also: { class: one.pending.class, pending: {} } }])
  }

  do(one: DbInstance, deed: DbDeed): void {
    this.account.options.powerDatabase?.(one, deed)
  }

  private settle({ one, steps }: { one: DbInstance; steps: { atMs: number; change: Partial<DbInstance> }[] }): void {
    const now = this.account.options.now()
    for (let next = steps[0]; next !== undefined && next.atMs <= now; next = steps[0]) {
      Object.assign(one, next.change)
      this.remember(one, next.atMs)
      steps.shift()
    }
  }

  /** Keeps it as it is now for who describes it later than the consistency allows. */
  remember(one: DbInstance, atMs = this.account.options.now(), consistencyMs = this.account.options.consistencyMs): void {
    const kept = this.shown.get(keyOf(one)) ?? []
    this.shown.set(keyOf(one), [...kept.slice(-8), { from: atMs + consistencyMs, one: structuredClone(one) }])
  }
}

const keyOf = ({ region, id }: Pick<DbInstance, 'region' | 'id'>): string => `${region} ${id}`

export const notFound = (id: string): CloudFault => new CloudFault('DBInstanceNotFound', `DBInstance ${id} not found.`, 404)
