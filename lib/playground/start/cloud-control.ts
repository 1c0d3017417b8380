import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { RunningCloud } from '../cloud'
import { interrupt, recommendRebalance, withdrawNotice } from '../cloud/launch/interruptions'
import type { Machine } from '../cloud/state'
import { LabError } from '../machine/error'

/** What `npm run lab -- cloud` is told: a table to print, a sentence, or how awscli reaches the cloud. */
export type CloudAnswer =
  | { rows: string[][]; text: string }
  | { text: string }
  | { aws: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string } }
  | { fault: string }

interface Controlled {
  running: RunningCloud
  /** Region of calls that name none. */
  region: string
  /** By machine id. */
  hosts: ReadonlyMap<string, string | null>
}

type Verb = (words: readonly string[], controlled: Controlled) => CloudAnswer

const need = (word: string | undefined, what: string): string => {
  if (word === undefined || word === '') throw new LabError(`${what} is missing.`)
  return word
}

/** `m5.large eu-central-1a`, as the twin keeps what is true of a type in a zone. */
const offerIn = (words: readonly string[], { running: { cloud } }: Controlled): string => {
  const [type, zone] = [need(words[0], 'TYPE'), need(words[1], 'ZONE')]
  if (!cloud.state.isOffered(type, zone)) throw new LabError(`EC2 does not offer ${type} in ${zone}.`)
  return `${type} ${zone}`
}

const machineIn = (word: string | undefined, { running: { cloud } }: Controlled): Machine => {
  const wanted = need(word, 'MACHINE')
  const found = [...cloud.state.machines.values()].filter(({ id, tags }) => id === wanted || tags.Name === wanted)
  if (found.length !== 1) throw new LabError(`${found.length === 0 ? 'No' : 'More than one'} machine is called ${wanted}.`)
  return cloud.state.machine(found[0]!.region, found[0]!.id)
}

const spotIn = (word: string | undefined, controlled: Controlled): Machine => {
  const machine = machineIn(word, controlled)
  if (machine.market !== 'spot') throw new LabError(`${word} is not a spot machine, and AWS reclaims only those.`)
  if (machine.state !== 'running') throw new LabError(`${word} is ${machine.state}.`)
  return machine
}

const actionOf = (word: string | undefined): string => {
  const action = need(word, 'ACTION')
  if (!/^[a-z0-9-]+:(\w+|\*)$/.test(action)) throw new LabError(`Write an action as a policy does: ec2:StopInstances, not "${action}".`)
  return action
}

const positive = (word: string | undefined, what: string): number => {
  const value = Number(need(word, what))
  if (!(Number.isFinite(value) && value > 0)) throw new LabError(`${what} must be a number above 0, not "${word}".`)
  return value
}

const list: Verb = (_words, { running: { cloud, user, endpoint }, hosts }) => {
  const machines = [...cloud.state.machines.values()].map((one) => cloud.state.machine(one.region, one.id))
  const said = [
    endpoint,
    ...[...cloud.state.exhausted].map((offer) => `no capacity: ${offer}`),
    ...[...cloud.state.moved].map(([offer, by]) => `spot price × ${by}: ${offer}`),
    ...(user.denied.size === 0 ? [] : [`denied: ${[...user.denied].join(', ')}`]),
  ]
  return {
    rows: [
      ['MACHINE', 'ID', 'TYPE', 'ZONE', 'MARKET', 'STATE', 'HOST'],
      ...machines.map(({ id, type, zone, market, state, tags }) => [tags.Name ?? '-', id, type, zone, market, state, hosts.get(id) ?? '-']),
    ],
    text: said.join('\n'),
  }
}

const verbs: Readonly<Record<string, Verb>> = {
  list,
  capacity: ([to, ...rest], controlled) => {
    const offer = offerIn(rest, controlled)
    const { exhausted } = controlled.running.cloud.state
    if (to === 'off') exhausted.add(offer)
    else if (to === 'on') exhausted.delete(offer)
    else throw new LabError(`capacity takes off or on, not "${to ?? ''}".`)
    return { text: to === 'off' ? `No machine starts as ${offer} until its capacity is on.` : `${offer} has capacity.` }
  },
  price: ([type, zone, by], controlled) => {
    const offer = offerIn([type ?? '', zone ?? ''], controlled)
    const { state } = controlled.running.cloud
    state.moved.set(offer, positive(by, 'FACTOR'))
    return { text: `${offer}: $${state.spotNow(zone!, type!)} per hour on spot.` }
  },
  throttle: ([requests], { running: { cloud } }) => {
    const count = positive(requests, 'REQUESTS')
    cloud.limits.force(count)
    return { text: `The next ${count} requests are refused with RequestLimitExceeded.` }
  },
  deny: ([action], { running: { user } }) => {
    user.denied.add(actionOf(action))
    return { text: `${user.arn} may not do ${action}.` }
  },
  allow: ([action], { running: { user } }) => {
    user.denied.delete(actionOf(action))
    return { text: `${user.arn} may do ${action}.` }
  },
  lose: (_words, { running }) => {
    running.loseAnswer()
    return { text: 'The answer to the next request is lost on the way, after it was done.' }
  },
  market: ([name, market], controlled) => {
    const machine = machineIn(name, controlled)
    if (market !== 'spot' && market !== 'on-demand') throw new LabError(`market takes spot or on-demand, not "${market ?? ''}".`)
    Object.assign(machine, { market, interruption: null, rebalanceAtMs: null })
    controlled.running.cloud.state.remember(machine)
    return { text: `${machine.id} counts as a ${market} machine.` }
  },
  evict: ([name, seconds = '120'], controlled) => {
    const { state } = controlled.running.cloud
    const machine = spotIn(name, controlled)
    if (seconds === '0') {
      state.reclaim(machine)
      return { text: `${machine.id} is reclaimed.` }
    }
    interrupt(state, machine.region, machine.id, positive(seconds, 'SECONDS') * 1000)
    return { text: `${machine.id} is told now, and taken ${new Date(machine.interruption!.atMs).toISOString()}.` }
  },
  rebalance: ([name], controlled) => {
    const machine = spotIn(name, controlled)
    recommendRebalance(controlled.running.cloud.state, machine.region, machine.id)
    return { text: `${machine.id} is told that its risk has risen.` }
  },
  withdraw: ([name], controlled) => {
    const machine = spotIn(name, controlled)
    withdrawNotice(controlled.running.cloud.state, machine.region, machine.id)
    return { text: `${machine.id} stays.` }
  },
  aws: (_words, { running: { endpoint, user }, region }) => ({
    aws: { endpoint, region, accessKeyId: user.accessKeyId, secretAccessKey: user.secretAccessKey },
  }),
}

const answerTo = (line: string, controlled: Controlled): CloudAnswer => {
  const [name = 'list', ...words] = JSON.parse(line) as string[]
  const verb = verbs[name]
  if (verb === undefined) return { fault: `cloud has no verb "${name}".` }
  try {
    return verb(words, controlled)
  } catch (error) {
    if (error instanceof LabError) return { fault: error.message }
    throw error
  }
}

/** Listens for the lab's tool: one line of words in JSON, one answer in JSON. Only who may write into the state folder reaches it. */
export const openCloudControl = async (socketPath: string, controlled: Controlled): Promise<() => Promise<void>> => {
  rmSync(socketPath, { force: true })
  const server = createServer((socket) => {
    let line = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (piece: Buffer) => {
      line += piece.toString()
      if (line.includes('\n')) socket.end(`${JSON.stringify(answerTo(line, controlled))}\n`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  return async () => {
    server.close()
    rmSync(socketPath, { force: true })
  }
}
