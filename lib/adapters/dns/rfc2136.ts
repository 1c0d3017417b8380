import { randomBytes } from 'node:crypto'
import { plainName, recordSet, rivalsOf, sameRecords, sayRecords } from '@/lib/domain/dns/records'
import { Fault } from '@/lib/kernel/ground/errors'
import type { NameChange, NameOptions, RecordSet, ZoneCheckStep } from '@/lib/ports/names'
import type { TsigAlgorithm, TsigKey, ZoneSettings } from '@/lib/ports/zones'
import { type Deadline, deadlineIn } from '../ssh/deadline'
import { type Provider, type ProviderCheck, textOf } from './provider'
import { encodeUpdate, rcodeName } from './wire/message'
import { type Answered, askSigned, newId, sendSigned, serialOf, setsOf } from './wire/query'
import { resolveServer } from './wire/servers'
import { type ServerAddress, sayServer } from './wire/transport'

interface UpdatedZone extends ZoneSettings {
  /** The primary server; null: not given. */
  primary: { host: string; port: number } | null
  key: TsigKey | null
  allowUnsigned: boolean
}

const updatedZone = (zone: ZoneSettings): UpdatedZone => {
  const [host, name, secret] = [textOf(zone, 'primaryHost'), textOf(zone, 'keyName'), textOf(zone, 'keySecret')]
  const algorithm = (textOf(zone, 'keyAlgorithm') ?? 'hmac-sha256') as TsigAlgorithm
  return {
    ...zone,
    primary: host === null ? null : { host, port: Number(zone.settings.primaryPort ?? 53) },
    key: name === null || secret === null ? null : { name, algorithm, secret },
    allowUnsigned: zone.settings.allowUnsigned === true,
  }
}

/** A zone that is changed by RFC 2136 updates at its primary server. Every message is signed where the zone has a key, questions too. */
export const rfc2136 = (settings: ZoneSettings): Provider => {
  const zone = updatedZone(settings)
  const current = async (name: string, { timeoutMs, signal }: NameOptions): Promise<RecordSet[]> => {
    const deadline = deadlineIn(timeoutMs, signal)
    return heldBy(await primaryOf(zone, deadline), zone, name, deadline)
  }
  return {
    current,
    replace: async (change, options) => {
      const deadline = deadlineIn(options.timeoutMs, options.signal)
      mustBeSigned(zone)
      const primary = await primaryOf(zone, deadline)
      const message = encodeUpdate({ ...change, id: newId(), zone: zone.address.name })
      const answer = await sendSigned(primary, message, zone.key, deadline)
      await judge(zone, primary, change, rcodeName(answer.readUInt16BE(2) & 15), deadline)
    },
    checks: checksOf(zone),
    askPrimary: async (name, type, deadline) => {
      const primary = await primaryOf(zone, deadline)
      return mustServe(zone, primary, await askSigned(primary, name, type, zone.key, deadline))
    },
  }
}

/** Throws `dns.refused` when the zone names no primary server. */
export const primaryOf = (zone: UpdatedZone, deadline: Deadline): Promise<ServerAddress> => {
  if (zone.primary === null)
    throw new Fault('dns.refused', {
      because: `The zone ${zone.address.name} has no primary server. Name it on the zone’s page.`,
      isOver: true,
    })
  return resolveServer(zone, zone.primary.host, zone.primary.port, deadline)
}

/** An unsigned update is one that anybody could send. */
const mustBeSigned = (zone: UpdatedZone): void => {
  if (zone.key !== null || zone.allowUnsigned) return
  throw new Fault('dns.refused', {
    because: `The zone ${zone.address.name} has no complete TSIG key, and unsigned updates are not allowed. Set key name and secret on the zone’s page.`,
    isOver: true,
  })
}

const heldBy = async (primary: ServerAddress, zone: UpdatedZone, name: string, deadline: Deadline): Promise<RecordSet[]> => {
  const asked = await Promise.all((['CNAME', 'A', 'AAAA'] as const).map((type) => askSigned(primary, name, type, zone.key, deadline)))
  for (const one of asked) mustServe(zone, primary, one)
  const own = setsOf(asked.flatMap(({ answers }) => answers)).filter((set) => set.name === plainName(name))
  return [...new Map(own.map((set) => [set.type, set])).values()]
}

const mustServe = (zone: UpdatedZone, primary: ServerAddress, answer: Answered): Answered => {
  if ((answer.code === 'NOERROR' || answer.code === 'NXDOMAIN') && answer.isAuthoritative) return answer
  const why = answer.code === 'NOERROR' || answer.code === 'NXDOMAIN' ? 'is not authoritative for it' : `answers ${answer.code}`
  throw new Fault('dns.refused', {
    because: `${sayServer(primary)} does not serve the zone ${zone.address.name} to the console: it ${why}.`,
    rcode: answer.code,
    isOver: true,
  })
}

const missed: ReadonlySet<string> = new Set(['NXRRSET', 'YXRRSET', 'NXDOMAIN', 'YXDOMAIN'])

const remedies: Readonly<Record<string, string>> = {
  REFUSED: 'The key may not change this name there (update-policy, allow-update), or the update was not signed.',
  NOTAUTH: 'It is not the primary server of this zone, or it does not accept the key.',
  NOTZONE: 'The name does not lie in this zone.',
  SERVFAIL: 'Its log says why; the zone’s folder may not be writable for it.',
  NOTIMP: 'It does not take updates.',
}

/** By the code, and by looking again: a server answers NOERROR also to what it silently ignored. */
const judge = async (zone: UpdatedZone, primary: ServerAddress, change: NameChange, code: string, deadline: Deadline): Promise<void> => {
  const facts = { rcode: code, isOver: true }
  const where = sayServer(primary)
  if (missed.has(code)) {
    const now = await heldBy(primary, zone, change.name, deadline).catch(() => null)
    throw new Fault('dns.changed', {
      because: `${change.name} was expected to be ${sayRecords(change.expected)} at ${where}${now === null ? ', and is not' : `, and is ${sayRecords(now)}`}: somebody else changed it. Nothing was changed (${code}).`,
      ...facts,
    })
  }
  if (code !== 'NOERROR')
    throw new Fault('dns.refused', {
      because: `${where} refused to change ${change.name} from ${sayRecords(change.expected)} to ${sayRecords(change.next)}: ${code}.${remedies[code] ? ` ${remedies[code]}` : ''}`,
      ...facts,
    })
  const held = await heldBy(primary, zone, change.name, deadline).catch(() => null)
  if (held === null) return
  const after = held.filter(({ type }) => change.types.includes(type))
  if (sameRecords(after, change.next) || !sameRecords(after, change.expected)) return
  const types = change.next.map(({ type }) => type).join(' and ')
  throw new Fault('dns.refused', {
    because: `${where} took the update of ${change.name} and ignored it: it still is ${sayRecords(after)}, and should be ${sayRecords(change.next)}. ${
      change.next.some(({ type }) => rivalsOf(type).length > 2) ? 'Other records at the name exclude an alias.' : `It holds no ${types}.`
    }`,
    ...facts,
  })
}

const checksOf = (zone: UpdatedZone): ProviderCheck[] => [
  {
    name: 'primary',
    title: 'The primary server answers',
    look: async (deadline) => {
      const primary = await primaryOf(zone, deadline)
      await askSigned(primary, zone.address.name, 'SOA', null, deadline)
      return { verdict: 'pass', because: `${sayServer(primary)} answers over TCP.` }
    },
  },
  {
    name: 'zone',
    title: 'It serves the zone',
    look: async (deadline) => {
      const primary = await primaryOf(zone, deadline)
      // Whether the key is accepted is the next step's question; a server that shows the zone to holders of the key only is asked with it.
      const open = await askSigned(primary, zone.address.name, 'SOA', null, deadline)
      const soa = mustServe(
        zone,
        primary,
        open.code === 'REFUSED' ? await askSigned(primary, zone.address.name, 'SOA', zone.key, deadline) : open,
      )
      const serial = serialOf(soa)
      if (serial === null)
        return { verdict: 'fail', because: `${zone.address.name} is no zone there, but a name within one. Check the name.` }
      return { verdict: 'pass', because: `It is authoritative for ${zone.address.name}, serial ${serial}.` }
    },
  },
  {
    name: 'key',
    title: 'It takes the console’s updates',
    look: async (deadline) => {
      mustBeSigned(zone)
      const primary = await primaryOf(zone, deadline)
      return judgeNoOp(zone, rcodeName((await sendSigned(primary, noOp(zone), zone.key, deadline)).readUInt16BE(2) & 15))
    },
  },
]

/** An update without a change, under a prerequisite that cannot hold: a record at a name that nobody has. */
const noOp = (zone: UpdatedZone): Buffer => {
  const name = `matriarch-check-${randomBytes(6).toString('hex')}.${zone.address.name}`
  const expected = [recordSet(name, 'A', ['192.0.2.1'], 0)]
  return encodeUpdate({ id: newId(), zone: zone.address.name, name, types: ['A'], expected, next: null })
}

const judgeNoOp = (zone: UpdatedZone, code: string): Pick<ZoneCheckStep, 'verdict' | 'because'> => {
  if (!missed.has(code))
    return { verdict: 'fail', because: `An update that changes nothing was answered with ${code}. ${remedies[code] ?? ''}`.trim() }
  if (zone.key === null)
    return { verdict: 'warn', because: 'Unsigned updates are taken, as the zone says: anybody who reaches the server can change names.' }
  return {
    verdict: 'pass',
    because: `The key ${zone.key.name} (${zone.key.algorithm}) is accepted: an update that changes nothing was answered with ${code}, as it must be. Which names the key may change only an update tells.`,
  }
}
