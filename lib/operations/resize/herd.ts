import type { z } from 'zod'
import { sayPriceChange, sayPrices, sumOf } from '@/lib/domain/machines/prices'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { notNeeded } from '@/lib/kernel/operation/only-when'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, refuse } from '@/lib/kernel/operation/verdict'
import { rolling } from '../rolling'
import type { RollMember } from '../rolling/facts'
import { resize } from '.'
import { lookAtOwnMachine, type MachineFacts, priceIn, wantedTypes } from './facts'
import { fits, hasMachine, isAlone, keepsAddress, noPoolers } from './gates'
import { type ResizeInput, resizeInput } from './input'
import { sayStandIns } from './machine'
import { lookAtHooks } from './scripts'

type Wanted = Pick<ResizeInput, 'type' | 'fallbacks'>
type Given = Wanted & Pick<ResizeInput, 'patienceMinutes' | 'readers' | 'drainSeconds' | 'timeoutSeconds'>

/** Of what the herd is asked for, what each member is. */
const pick = ({ type, fallbacks, patienceMinutes, readers, drainSeconds, timeoutSeconds }: Given): Given => ({
  ...{ type, fallbacks, patienceMinutes, readers, drainSeconds, timeoutSeconds },
})

const sayReaders: Record<ResizeInput['readers'], (seconds: number) => string> = {
  wait: (seconds) => `pause clients of poolers that read from it (at most ${seconds} s), `,
  cut: (seconds) => `pause clients of poolers that read from it, and cut those in a transaction after ${seconds} s, `,
  leave: () => '',
}

const machineOf = ({ seen }: RollMember) => seen as MachineFacts & { unready: string[] }

const sayMember = (member: RollMember, { type }: Wanted): string | null => {
  const { machine, now, prices } = machineOf(member)
  if (machine === null || now === null) return null
  if (now.type === type) return `${type} already`
  const [before, after] = [priceIn({ prices }, now.type), priceIn({ prices }, type)]
  return `${now.type} → ${type}${before === null || after === null ? '' : `, per month ${sayPriceChange(before, after)}`}`
}

/** What each of them costs that any member may become beside what was asked for. */
const othersRow = (taken: readonly RollMember[], input: Wanted) => {
  const prices = taken
    .map(machineOf)
    .flatMap(({ prices, standIns, now }) =>
      now?.type === input.type ? [] : [...wantedTypes({ input }).slice(1), ...standIns].flatMap((type) => priceIn({ prices }, type) ?? []),
    )
  return prices.length === 0 ? [] : [{ label: 'Price per month of another type that a machine may become', value: sayPrices(prices) }]
}

/** Nothing where a price is not known: each member says so itself. */
const sumRow = (taken: readonly RollMember[], { type }: Wanted) => {
  const known = taken.map(machineOf).filter(({ now }) => now !== null)
  const together = (typeOf: (facts: MachineFacts) => string) => sumOf(known.flatMap((facts) => priceIn(facts, typeOf(facts)) ?? []))
  const [before, after] = [together(({ now }) => now!.type), together(() => type)]
  return before === null || after === null ? [] : [{ label: 'Price per month, together', value: sayPriceChange(before, after) }]
}

const onMachine =
  (gate: (facts: MachineFacts & { instance: RollMember['place']; input: Wanted }) => Verdict) => (member: RollMember, input: Wanted) =>
    gate({ ...machineOf(member), instance: member.place, input })

/** What else is asked of hooks, the resize of each member asks. */
const hooksReady = (member: RollMember): Verdict => {
  const { unready } = machineOf(member)
  return unready.length === 0 ? pass : refuse(unready.join(' '))
}

const former = ({ type, fallbacks, patienceMinutes, readers, drainSeconds }: Given) => {
  const others = wantedTypes({ input: { type, fallbacks } }).slice(1)
  const orElse = others.length === 0 ? '' : `, else ${others.join(', ')}`
  return (member: RollMember): string => {
    const { machine, now, standIns } = machineOf(member)
    const name = machine === null ? 'Its machine' : `${machine.title} (${machine.instanceId})`
    return `As the standby that it is by then: out of the names that standbys share, ${sayReaders[readers](drainSeconds)}stop PostgreSQL and the machine, make it ${type}${orElse}, else ${now?.type ?? 'what it was'} again, start it, stream, catch up, back into the names.${sayStandIns({ standIns }, { patienceMinutes })} ${name} is not touched while it takes writes.`
  }
}

const { type, fallbacks, patienceMinutes, readers, drainSeconds, timeoutSeconds } = resizeInput.shape
const shape = { type, fallbacks, patienceMinutes, readers, drainSeconds, timeoutSeconds } satisfies z.ZodRawShape

export const resizeHerd = rolling({
  name: 'resize-herd',
  title: 'Resize every machine of the herd',
  verb: 'Resize the herd',
  help: [
    'Makes the EC2 machines of a herd another type, one at a time, while the herd goes on taking writes: the standbys first, then a switchover, then the former primary. Each is the operation Resize: out of its DNS names, stop, change, start, stream, catch up, back.',
    'Machines that are of the type already are left out. Where that is the primary’s, it stays the primary.',
    'Each machine has the fallbacks of its own, then its former type, then what may stand in for it, as the plan names them: none is left stopped. Where one cannot have any of the types, the job stops after those before it, and these keep their new type.',
    'It is one job, and it holds the herd for its whole length. A cancel stops it between two members.',
    'Clients of a pooler in front of the herd wait for a moment at the switchover. Those of poolers that read from a standby are paused while it is away, cut or left, as asked, one standby at a time. Clients that are connected to a standby directly are cut when its turn comes.',
  ],
  input: shape,
  member: resize,
  work: (given) => ({
    input: resizeInput.parse(pick(given)) as JsonObject,
    look: async (ports, place, context) => {
      const [machine, unready] = await Promise.all([
        lookAtOwnMachine(ports, place, wantedTypes({ input: given }), context),
        lookAtHooks(ports, place),
      ])
      return { ...machine, unready } as JsonObject
    },
    former: former(given),
    needless: (member) => (machineOf(member).now?.type === given.type ? notNeeded(`Its machine is ${given.type} already.`) : null),
  }),
  now: sayMember,
  rows: (taken, input) => [...sumRow(taken, input), ...othersRow(taken, input)],
  gates: [
    { name: 'machine', title: 'Their machines are known and run', look: onMachine(hasMachine) },
    { name: 'fits', title: 'The machines can become that type', look: onMachine(fits) },
    { name: 'alone', title: 'Nothing else runs on the machines', look: onMachine(isAlone) },
    { name: 'poolers', title: 'No pooler is on the machines', look: onMachine(noPoolers) },
    { name: 'address', title: 'They keep their addresses', look: onMachine(keepsAddress) },
    { name: 'hooks', title: 'Their hooks can be run', look: hooksReady },
  ],
  firm: (member) => {
    const { machine, now } = machineOf(member)
    return { machine, type: now?.type ?? null }
  },
})
