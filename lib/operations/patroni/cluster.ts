import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { About, GatherContext, StepContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { passBecause, refuse } from '@/lib/kernel/operation/verdict'
import type { ActPorts, InventoryInstance, PatroniAnswer, PatroniRequest, ReadPorts } from '@/lib/ports'
import type { Plain } from '../facts/instance'
import { viewOf } from './facts'

/** A Patroni cluster that is asked or told something as a whole, through whichever member answers. */
export type ClusterFacts = {
  herd: { id: string; name: string; environmentId: string; environmentName: string }
  cluster: string | null
  why: string | null
  /** Their Patroni answered when they were looked at; nobody else is asked. */
  places: Plain<InventoryInstance>[]
  silent: string[]
  /** Titles of those that say that they are paused. */
  paused: string[]
}

const askTimeoutMs = 30_000

export const gatherCluster = async (ports: ReadPorts, { targetId, signal }: GatherContext): Promise<ClusterFacts> => {
  const [standing, instances] = await Promise.all([ports.inventory.herdStanding(targetId), ports.inventory.herdInstances(targetId)])
  const { cluster, why, pauses } = await viewOf(ports, instances, signal)
  const { herdId, name, environmentId, environmentName } = standing
  const answers = ({ id }: InventoryInstance) => typeof pauses.get(id) === 'boolean'
  return {
    herd: { id: herdId, name, environmentId, environmentName },
    ...{ cluster, why },
    places: instances.filter(answers) as Plain<InventoryInstance>[],
    silent: instances.filter((one) => !answers(one)).map(({ title }) => title),
    paused: instances.filter(({ id }) => pauses.get(id) === true).map(({ title }) => title),
  }
}

export const aboutCluster = ({ herd }: ClusterFacts): About => ({
  title: herd.name,
  environmentId: herd.environmentId,
  herdId: herd.id,
  serverId: null,
})

export const clusterNow = ({ cluster, paused, silent }: ClusterFacts): { label: string; value: string }[] => [
  { label: 'Patroni cluster', value: cluster ?? 'none' },
  { label: 'Maintenance mode', value: paused.length === 0 ? 'not paused' : `paused, say ${paused.join(', ')}` },
  ...(silent.length === 0 ? [] : [{ label: 'Silent', value: silent.join(', ') }]),
]

export const oneCluster = ({ why, cluster }: ClusterFacts): Verdict => (why === null ? passBecause(`It is ${cluster}.`) : refuse(why))

/** Whether it surely did nothing there, so that the next member may be asked. */
const neverBegan = (error: unknown): boolean => isFault(error) && (error.facts.isOver === true || error.code === 'shell.unreachable')

/** The first member that answers takes it. Any status is an answer; silence after it was sent is not tried again elsewhere. */
export const tellCluster = async (
  { places }: Pick<ClusterFacts, 'places'>,
  request: Omit<PatroniRequest, 'dataDirectory'>,
  ports: ActPorts,
  { signal, note }: Pick<StepContext, 'signal' | 'note'>,
): Promise<PatroniAnswer> => {
  note('command', `${request.method} ${request.path} ${JSON.stringify(request.body)}`)
  let last: unknown = new Fault('shell.failed', { because: 'No Patroni of it answers.', isOver: true })
  for (const { title, address } of places)
    try {
      const whole = { ...request, dataDirectory: address.dataDirectory }
      const answer = await ports.act.hosts.askPatroni(address.host, whole, { timeoutMs: askTimeoutMs, signal })
      note(answer.status < 300 ? 'info' : 'warning', `Patroni on ${title}: ${answer.status}${answer.status < 300 ? '' : ` ${answer.text}`}`)
      return answer
    } catch (error) {
      if (!neverBegan(error)) throw error
      last = error
    }
  throw last
}

/** The text of the dynamic configuration, from the first member that gives it. */
export const readConfig = async (
  places: readonly Pick<InventoryInstance, 'address'>[],
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<string> => {
  let last: unknown = new Fault('shell.failed', { because: 'No Patroni of it answers.', isOver: true })
  for (const { address } of places)
    try {
      return await ports.hosts.patroniConfig(address.host, address.dataDirectory, { timeoutMs: askTimeoutMs, signal })
    } catch (error) {
      if (!isFault(error) || signal.aborted) throw error
      last = error
    }
  throw last
}

/** Throws unless it was done. */
export const mustBeTaken = ({ status, text }: PatroniAnswer): void => {
  if (status < 300) return
  const because = `Patroni answered ${status}: ${text}`
  throw new Fault(status < 500 ? 'shell.failed' : 'shell.timeout', { because, ...(status < 500 ? { isOver: true } : {}) })
}
