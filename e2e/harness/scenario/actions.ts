import { runByHand } from './by-hand'
import { sayHold } from './holds'
import { writeLate } from './late-write'
import { decideOn, herdId, holdPointOf, jobsOf, placeOrder } from './orders'
import { beginLoad, lastOrder, openTransaction, type Stand } from './stand'
import type { Step, StepOf, Verb } from './words'

type Actions = { [V in Exclude<Verb, 'expect'>]: (stand: Stand, words: StepOf<V>) => Promise<string> }

const worker = 'worker'
const names = 'names'
const everything = 'everything'

/** Does what a step says and answers what came of it, in a few words. Throws when it could not be done. */
export const doStep = (stand: Stand, step: Exclude<Step, { verb: 'expect' }>): Promise<string> =>
  (actions[step.verb] as (stand: Stand, words: unknown) => Promise<string>)(stand, step.words)

const actions: Actions = {
  load: beginLoad,
  'open transaction': openTransaction,
  order: async (stand, words) => {
    const { place, orders } = stand
    const herd = words.on?.find((one) => place.herds.includes(one))
    const point = holdPointOf(words, await herdId(place, herd))
    if (point) await place.holds.arm(point)
    const order = await placeOrder(place, words)
    orders.delete(order.name)
    orders.set(order.name, order)
    if (order.refused !== null && point) throw new Error(`Nothing can be held, the order was refused: ${order.refused}`)
    if (order.refused !== null) return `refused: ${order.refused}`
    if (!point) return words.later === undefined ? 'submitted' : 'scheduled'
    const isOver = async () => {
      const jobs = await jobsOf(order)
      return jobs.length > 0 && jobs.every(({ state }) => state !== 'waiting' && state !== 'running')
    }
    await place.holds.reached(point, isOver)
    return `the worker is held ${sayHold(point)}`
  },
  release: async (stand, { release }) => {
    lastOrder(stand, release)
    await stand.place.holds.release()
    return 'the worker goes on'
  },
  decide: async (stand, { decide, about }) => {
    await decideOn(lastOrder(stand, about), decide)
    return 'said'
  },
  kill: async ({ place }, { kill, on }) => {
    if (on !== undefined) return `${place.lab.hosts.signal(place.host(on), 'SIGKILL', kill)} processes killed`
    if (kill === worker) {
      await place.workers.kill()
      await place.holds.forget()
      return 'no worker lives'
    }
    if (kill !== 'redis' || place.redis === null)
      throw new Error('worker and redis (where the queue is there) can be killed, or what matches on a host with “on: …”.')
    await place.redis.kill()
    return 'redis is gone, with all that it held'
  },
  freeze: async (stand, { freeze, on }) => {
    if (on !== undefined) return `${signal(stand, 'SIGSTOP', freeze, on)} processes frozen`
    if (freeze === names) return signalNames(stand, 'SIGSTOP')
    if (freeze !== worker) throw new Error('A worker or names can be frozen, or what matches on a host with “on: …”.')
    stand.place.workers.freeze()
    return 'every worker is frozen'
  },
  thaw: async (stand, { thaw, on }) => {
    if (on !== undefined) return `${signal(stand, 'SIGCONT', thaw, on)} processes thawed`
    if (thaw === names) return signalNames(stand, 'SIGCONT')
    if (thaw !== worker) throw new Error('A worker or names can be thawed, or what matches on a host with “on: …”.')
    stand.place.workers.thaw()
    return 'every worker goes on'
  },
  start: async ({ place }, { start }) => {
    if (start === worker) await place.workers.start()
    else if (place.redis === null) throw new Error('The queue of this fleet is not in redis: say so with “queue: redis”.')
    else await place.redis.start()
    return 'started'
  },
  cut: async ({ place }, { cut: [a, b] }) => {
    if (b === undefined) await place.lab.network.cut(place.host(a!))
    else await place.lab.network.cutBetween(place.host(a!), place.host(b))
    return 'cut'
  },
  heal: async ({ place }, { heal }) => {
    await place.lab.network.heal(heal === everything ? undefined : place.host(heal))
    return 'healed'
  },
  'power off': async ({ place }, words) => {
    await place.lab.powerOff(place.host(words['power off']))
    return 'off'
  },
  'power on': async ({ place }, words) => {
    await place.lab.powerOn(place.host(words['power on']))
    return 'on'
  },
  'late write': writeLate,
  run: runByHand,
  fill: async ({ place, filled }, { fill, on }) => {
    const host = place.host(on)
    filled.push({ host, volume: fill })
    return `${await place.lab.fill(host, fill)} MiB written`
  },
  free: async (stand, { free, on }) => {
    const host = stand.place.host(on)
    await stand.place.lab.unfill(host, free)
    stand.filled = stand.filled.filter((one) => one.host !== host || one.volume !== free)
    return 'there is room again'
  },
  skew: async ({ place, skewed }, { skew, ahead = 0, behind = 0 }) => {
    const host = place.host(skew)
    skewed.add(host)
    await place.lab.skew(host, Math.round((ahead - behind) / 1000))
    return 'booted with a wrong clock'
  },
  sql: async ({ place }, { sql, on, in: database, herd }) => {
    const argv = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-p', String(place.herd(herd).port), '-d', database]
    const said = await place.lab.hosts.mustExec(place.host(on), argv, { input: sql, timeoutMs: 60_000 })
    return said.trim().split('\n').slice(0, 3).join('; ') || 'done'
  },
}

const signal = ({ place }: Stand, name: NodeJS.Signals, what: string, on: string): number =>
  place.lab.hosts.signal(place.host(on), name, what === everything ? undefined : what)

/** Asked meanwhile they are silent; thawed they answer, late, what they were asked. */
const signalNames = ({ place }: Stand, name: 'SIGSTOP' | 'SIGCONT'): string => {
  place.lab.nameServers.signal(name)
  return name === 'SIGSTOP' ? 'every name server is silent' : 'every name server answers'
}
