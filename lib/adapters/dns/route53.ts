import {
  type Change,
  ChangeResourceRecordSetsCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
  waitUntilResourceRecordSetsChanged,
} from '@aws-sdk/client-route-53'
import { plainName, type RecordSet, type RecordType, recordSet, recordTypes, sameRecords, sayRecords } from '@/lib/domain/dns/records'
import { Fault } from '@/lib/kernel/ground/errors'
import type { NameChange } from '@/lib/ports/names'
import type { ZoneSettings } from '@/lib/ports/zones'
import { type Deadline, deadlineIn, remainingMs } from '../ssh/deadline'
import { type Provider, type ProviderCheck, textOf } from './provider'
import type { Answered } from './wire/query'

const itemsMax = 100
/** A hosted zone keeps its name servers for life, and AWS answers five requests a second for a whole account: they are asked for once in this time. */
const delegationLifeMs = 10 * 60_000
/** Each try; the SDK tries again what was throttled. */
const attemptsMax = 4

interface HostedZoneApi {
  hostedZoneId: string
  region: string
  /** null: AWS's own. */
  endpoint: string | null
  /** null: what the worker's host has (profile, role, environment). */
  credentials: { accessKeyId: string; secretAccessKey: string } | null
}

interface HostedZone extends ZoneSettings {
  /** null: its hosted zone is not given. */
  api: HostedZoneApi | null
}

/** Throws `dns.refused` where it has no access key and must not use what the worker's host has. */
export const route53 = (zone: ZoneSettings): Provider => {
  const hostedZoneId = textOf(zone, 'hostedZoneId')
  if (hostedZoneId === null) return providerOf({ ...zone, api: null })
  const [accessKeyId, secretAccessKey] = [textOf(zone, 'accessKeyId'), textOf(zone, 'accessSecret')]
  const region = textOf(zone, 'region') ?? 'us-east-1'
  const credentials = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : workersOwn(zone)
  return providerOf({ ...zone, api: { hostedZoneId, region, endpoint: textOf(zone, 'endpoint'), credentials } })
}

/** Never for want of a key alone: the credentials of the worker's host reach zones of other environments. */
const workersOwn = ({ address, settings }: ZoneSettings): null => {
  if (settings.usesWorkerRole === true) return null
  throw new Fault('dns.refused', {
    isOver: true,
    because: `${address.name} has no AWS access key, and no administrator of every environment has marked it to use the credentials of the worker’s host.`,
  })
}

/** A zone that is changed through the API of Route 53. A change is one batch that deletes exactly what was expected and creates what shall be. */
const providerOf = (zone: HostedZone): Provider => ({
  current: async (name, { timeoutMs, signal }) => {
    const deadline = deadlineIn(timeoutMs, signal)
    return withClient(zone, deadline, async (call) => (await listAt(call, name)).map(simpleSet))
  },
  replace: async (change, { timeoutMs, signal }) => {
    const deadline = deadlineIn(timeoutMs, signal)
    await withClient(zone, deadline, async (call) => {
      const listed = await listAt(call, change.name)
      mustBeExpected(change, listed.map(simpleSet))
      const id = await sendBatch(call, change, listed)
      if (id !== null) await untilInSync(call, id, change.name, deadline)
    })
  },
  checks: checksOf(zone),
  delegation: { of: zone.api?.hostedZoneId ?? '', lifeMs: delegationLifeMs },
  askPrimary: async (_name, type, deadline) => ({
    code: 'NOERROR',
    isAuthoritative: true,
    answers: type === 'NS' ? await nameServers(zone, deadline) : [],
    additionals: [],
  }),
})

interface Call {
  client: Route53Client
  hostedZoneId: string
  zone: HostedZone
  signal: () => AbortSignal
}

const withClient = async <T>(zone: HostedZone, deadline: Deadline, work: (call: Call) => Promise<T>): Promise<T> => {
  const settings = mustHaveSettings(zone)
  deadline.signal?.throwIfAborted()
  const client = new Route53Client({
    region: settings.region,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    ...(settings.credentials === null ? {} : { credentials: settings.credentials }),
    maxAttempts: attemptsMax,
  })
  const signal = () =>
    AbortSignal.any([AbortSignal.timeout(Math.ceil(remainingMs(deadline))), ...(deadline.signal ? [deadline.signal] : [])])
  try {
    return await work({ client, hostedZoneId: settings.hostedZoneId, zone, signal })
  } finally {
    client.destroy()
  }
}

const mustHaveSettings = (zone: HostedZone): HostedZoneApi => {
  if (zone.api !== null) return zone.api
  throw new Fault('dns.refused', {
    because: `The zone ${zone.address.name} has no hosted zone id. Set it on the zone’s page.`,
    isOver: true,
  })
}

const isRecordType = (type: string | undefined): type is RecordType => recordTypes.includes(type as RecordType)

/** The sets of the name as Route 53 writes them. */
const listAt = async (call: Call, name: string): Promise<ResourceRecordSet[]> => {
  const { ResourceRecordSets: sets = [] } = await asked(call, 'read', (abortSignal) =>
    call.client.send(new ListResourceRecordSetsCommand({ HostedZoneId: call.hostedZoneId, StartRecordName: name, MaxItems: itemsMax }), {
      abortSignal,
    }),
  )
  return sets.filter((set) => plainName(set.Name ?? '') === plainName(name) && isRecordType(set.Type))
}

/** Records that Route 53 chooses among (weights, health, aliases of its own) are more than a name that follows a server. */
const simpleSet = (set: ResourceRecordSet): RecordSet => {
  const name = plainName(set.Name ?? '')
  if (set.AliasTarget !== undefined || set.SetIdentifier !== undefined)
    throw new Fault('dns.refused', {
      because: `${name} is ${set.AliasTarget ? 'an alias of Route 53 itself' : `routed by Route 53 (${set.SetIdentifier})`}; the console changes plain records only.`,
      isOver: true,
    })
  return recordSet(
    name,
    set.Type as RecordType,
    (set.ResourceRecords ?? []).map(({ Value }) => Value ?? ''),
    set.TTL ?? 0,
  )
}

const mustBeExpected = ({ name, types, expected }: NameChange, held: readonly RecordSet[]): void => {
  const about = held.filter(({ type }) => types.includes(type))
  if (!sameRecords(about, expected))
    throw changed(`${name} was expected to be ${sayRecords(expected)}, and is ${sayRecords(about)}: somebody else changed it.`)
}

const changed = (because: string): Fault => new Fault('dns.changed', { because: `${because} Nothing was changed.`, isOver: true })

const whole = ({ name, type, values, ttlSeconds }: RecordSet): ResourceRecordSet => ({
  Name: `${name}.`,
  Type: type,
  TTL: ttlSeconds,
  ResourceRecords: values.map((value) => ({ Value: type === 'CNAME' ? `${value}.` : value })),
})

/** Deletes the sets as they were listed, to the letter: if one is another by now, Route 53 refuses the whole batch. */
const sendBatch = async (call: Call, { types, next }: NameChange, listed: readonly ResourceRecordSet[]): Promise<string | null> => {
  const deleted = listed.filter(({ Type }) => types.includes(Type as RecordType))
  const changes: Change[] = [
    ...deleted.map((ResourceRecordSet) => ({ Action: 'DELETE' as const, ResourceRecordSet })),
    ...next.map((set) => ({ Action: 'CREATE' as const, ResourceRecordSet: whole(set) })),
  ]
  if (changes.length === 0) return null
  const { ChangeInfo } = await asked(call, 'change', (abortSignal) =>
    call.client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: call.hostedZoneId,
        ChangeBatch: { Comment: 'Matriarch', Changes: changes },
      }),
      { abortSignal },
    ),
  )
  return ChangeInfo?.Id ?? null
}

const untilInSync = async (call: Call, id: string, name: string, deadline: Deadline): Promise<void> => {
  const maxWaitTime = Math.max(1, Math.ceil(remainingMs(deadline) / 1000))
  try {
    await waitUntilResourceRecordSetsChanged(
      { client: call.client, maxWaitTime, minDelay: 1, maxDelay: 2, abortSignal: call.signal() },
      { Id: id.replace('/change/', '') },
    )
  } catch (cause) {
    throw new Fault('dns.timeout', { because: `Route 53 took the change of ${name} (${id}), and it was not in sync in time.` }, { cause })
  }
}

const asked = async <T>(call: Call, what: 'read' | 'change', send: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const signal = call.signal()
  try {
    return await send(signal)
  } catch (error) {
    throw asFault(call, what, error)
  }
}

const throttled: ReadonlySet<string> = new Set(['Throttling', 'ThrottlingException', 'PriorRequestNotComplete', 'RequestThrottled'])
const raced = /but it was not found|do not match the current values|but it already exists|conflicting RRSet/

const remedies: Readonly<Record<string, string>> = {
  NoSuchHostedZone: 'Check the hosted zone’s id on the zone’s page.',
  InvalidClientTokenId: 'AWS does not know the access key id.',
  SignatureDoesNotMatch: 'The secret access key is another one, or the clock is wrong.',
  AccessDenied: 'The key needs route53:ListResourceRecordSets, ChangeResourceRecordSets, GetChange and GetHostedZone on this zone.',
  CredentialsProviderError: 'The worker’s machine has no AWS credentials; give a key on the zone’s page.',
}

/** What the SDK throws as one of our own: an answer that says no is over; silence after a change is not. */
const asFault = ({ zone }: Call, what: 'read' | 'change', error: unknown): Fault => {
  const {
    name: code = 'Error',
    message = '',
    $metadata: metadata,
  } = error as { name?: string; message?: string; $metadata?: { httpStatusCode?: number } }
  const where = `Route 53 (${zone.address.name})`
  if (throttled.has(code))
    return new Fault(
      'dns.unreachable',
      { because: `${where} answers too many requests at the moment: ${code}.`, isOver: true },
      { cause: error },
    )
  if (metadata?.httpStatusCode !== undefined && metadata.httpStatusCode < 500) {
    if (code === 'InvalidChangeBatch' && raced.test(message)) return changed(`${where}: ${message}: somebody else changed it.`)
    return new Fault(
      'dns.refused',
      { because: `${where} refused: ${code}: ${message} ${remedies[code] ?? ''}`.trim(), rcode: code, isOver: true },
      { cause: error },
    )
  }
  if (code === 'CredentialsProviderError')
    return new Fault('dns.refused', { because: `${where}: ${remedies[code]}`, rcode: code, isOver: true }, { cause: error })
  const isUnsent =
    what === 'read' || /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN/.test(`${(error as { code?: string }).code} ${message}`)
  const why = code === 'AbortError' || code === 'TimeoutError' ? 'no answer in time' : message || code
  return isUnsent
    ? new Fault('dns.unreachable', { because: `${where} does not answer: ${why}.`, isOver: true }, { cause: error })
    : new Fault('dns.timeout', { because: `${where} was sent a change and did not answer: ${why}.` }, { cause: error })
}

const hostedZone = (zone: HostedZone, deadline: Deadline) =>
  withClient(zone, deadline, (call) =>
    asked(call, 'read', (abortSignal) => call.client.send(new GetHostedZoneCommand({ Id: call.hostedZoneId }), { abortSignal })),
  )

/** A private zone has none that the console could ask. */
const nameServers = async (zone: HostedZone, deadline: Deadline): Promise<Answered['answers']> =>
  ((await hostedZone(zone, deadline)).DelegationSet?.NameServers ?? []).map((data) => ({
    type: 'NS',
    name: zone.address.name,
    ttl: 0,
    data,
  }))

const checksOf = (zone: HostedZone): ProviderCheck[] => [
  {
    name: 'primary',
    title: 'The Route 53 API answers',
    look: async (deadline) => {
      const { HostedZone: found } = await hostedZone(zone, deadline)
      return { verdict: 'pass', because: `It knows the hosted zone ${found?.Id?.replace('/hostedzone/', '')}.` }
    },
  },
  {
    name: 'zone',
    title: 'The hosted zone is this one',
    look: async (deadline) => {
      const { HostedZone: found } = await hostedZone(zone, deadline)
      const name = plainName(found?.Name ?? '')
      if (name === zone.address.name)
        return { verdict: 'pass', because: `It is ${name}, with ${found?.ResourceRecordSetCount ?? 0} record sets.` }
      return { verdict: 'fail', because: `Its name is ${name}, not ${zone.address.name}. Check the hosted zone’s id.` }
    },
  },
  {
    name: 'key',
    title: 'It takes the console’s changes',
    look: (deadline) => withClient(zone, deadline, tryChange),
  },
]

/** The deletion of a record that nobody has: refused as not found by who would have let us, and changes nothing. */
const tryChange = async (call: Call): Promise<Awaited<ReturnType<ProviderCheck['look']>>> => {
  const name = `matriarch-check-${crypto.randomUUID()}.${call.zone.address.name}`
  const absent = whole(recordSet(name, 'A', ['192.0.2.1'], 60))
  try {
    await sendBatch(call, { name, types: ['A'], expected: [], next: [] }, [absent])
  } catch (error) {
    if (error instanceof Fault && error.code === 'dns.changed')
      return {
        verdict: 'pass',
        because: 'The key may change the zone: the deletion of a record that nobody has was refused as not found, as it must be.',
      }
    throw error
  }
  return { verdict: 'fail', because: 'The deletion of a record that nobody has was accepted.' }
}
