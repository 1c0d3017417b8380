import { isFault } from '@/lib/kernel/ground/errors'
import type { NameAnswer, NameOptions, ZoneCheckStep } from '@/lib/ports/names'
import type { ZoneSettings } from '@/lib/ports/zones'
import { deadlineIn } from '../ssh/deadline'
import type { Provider } from './provider'
import { askResolver, askServer } from './wire/query'
import { authoritativeOf, resolversOf } from './wire/servers'

/** No single step may take the time of all. */
const stepTimeoutMs = 5_000

type Looked = Pick<ZoneCheckStep, 'verdict' | 'because'>

/** Goes through everything the console needs of a zone and says each step as it ends. Changes nothing. */
export const checkZone = async (
  zone: ZoneSettings,
  provider: Provider,
  { timeoutMs, signal, onStep }: NameOptions & { onStep?: (step: ZoneCheckStep) => void },
): Promise<ZoneCheckStep[]> => {
  const endsAt = performance.now() + timeoutMs
  const deadline = () => deadlineIn(Math.max(0, Math.min(stepTimeoutMs, endsAt - performance.now())), signal)
  const steps: ZoneCheckStep[] = []
  const say = (step: ZoneCheckStep): void => {
    steps.push(step)
    onStep?.(step)
  }
  let isBlocked = false
  for (const { name, title, look } of provider.checks) {
    if (isBlocked) {
      say({ name, title, verdict: 'skipped', because: 'It waits for the step above.' })
      continue
    }
    const looked = await tried(() => look(deadline()))
    isBlocked = looked.verdict === 'fail'
    say({ name, title, ...looked })
  }
  const rest: [ZoneCheckStep['name'], string, () => Promise<Looked>][] = [
    ['authoritative', 'Every authoritative server answers', () => lookAtServers(zone, provider, deadline)],
    ['resolvers', 'The resolvers answer', () => lookAtResolvers(zone, deadline)],
  ]
  for (const [name, title, look] of rest) say({ name, title, ...(await tried(look)) })
  return steps
}

const tried = async (look: () => Promise<Looked>): Promise<Looked> => {
  try {
    return await look()
  } catch (error) {
    if (isFault(error) && error.code !== 'shell.cancelled') return { verdict: 'fail', because: error.message }
    throw error
  }
}

const sayAnswer = ({ server, code, isAuthoritative, serial }: NameAnswer): string => {
  if (serial !== null && isAuthoritative) return `${server} has serial ${serial}`
  return code === 'NOERROR' || code === 'NXDOMAIN' ? `${server} answers, but is not authoritative` : `${server}: ${code}`
}

const lookAtServers = async (zone: ZoneSettings, provider: Provider, deadline: () => ReturnType<typeof deadlineIn>): Promise<Looked> => {
  const { servers, unresolved } = await authoritativeOf(zone, deadline(), provider.askPrimary)
  const answers = [
    ...unresolved,
    ...(await Promise.all(servers.map((one) => askServer(one, zone.address.name, zone.address.name, deadline())))),
  ]
  const said = `${answers.map(sayAnswer).join('; ')}.`
  if (answers.length === 0)
    return { verdict: 'warn', because: 'The zone has no authoritative server that could be asked: what clients see cannot be proven.' }
  const good = answers.filter(({ serial, isAuthoritative }) => serial !== null && isAuthoritative)
  if (good.length < answers.length) return { verdict: good.length === 0 ? 'fail' : 'warn', because: said }
  const isOne = new Set(good.map(({ serial }) => serial)).size === 1
  return isOne
    ? { verdict: 'pass', because: said }
    : { verdict: 'warn', because: `${said} They differ: a change is on its way, or a transfer fails.` }
}

const lookAtResolvers = async (zone: ZoneSettings, deadline: () => ReturnType<typeof deadlineIn>): Promise<Looked> => {
  const servers = await resolversOf(zone, deadline())
  if (servers.length === 0) return { verdict: 'warn', because: 'No resolver is named by the zone or by the worker’s machine.' }
  const answers = await Promise.all(servers.map((server) => askResolver(server, zone.address.name, deadline())))
  const said = `${answers.map(({ server, code }) => `${server}: ${code}`).join('; ')}.`
  return { verdict: answers.every(({ code }) => code === 'NOERROR') ? 'pass' : 'warn', because: said }
}
