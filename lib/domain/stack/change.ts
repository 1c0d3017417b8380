import type { Stack, StackProblem, StackServer } from './stack'

/** What a changed declaration adds to servers and takes from them: each server with those parts alone that come or go. */
export interface StackChange {
  joining: StackServer[]
  leaving: StackServer[]
}

const less = (servers: readonly StackServer[], others: readonly StackServer[]): StackServer[] =>
  servers
    .map((server) => ({ ...server, parts: server.parts.filter((part) => !partsOn(others, server.name).includes(part)) }))
    .filter(({ parts }) => parts.length > 0)

const partsOn = (servers: readonly StackServer[], wanted: string): StackServer['parts'] =>
  servers.find(({ name }) => name === wanted)?.parts ?? []

/** `before`: as it was built; null: it was not. */
export const changeOf = (before: Pick<Stack, 'servers'> | null, after: Pick<Stack, 'servers'>): StackChange =>
  before === null
    ? { joining: [], leaving: [] }
    : { joining: less(after.servers, before.servers), leaving: less(before.servers, after.servers) }

/** What a cluster that stands keeps: daemons and data of its hosts are found by these. */
const kept: readonly (readonly [field: string, of: (stack: Stack) => string | number])[] = [
  ['cluster', ({ cluster }) => cluster],
  ['postgres.major', ({ postgres }) => postgres.major],
  ['postgres.port', ({ postgres }) => postgres.port],
  ['patroni.restPort', ({ patroni }) => patroni.restPort],
  ['etcd.clientPort', ({ etcd }) => etcd.clientPort],
  ['etcd.peerPort', ({ etcd }) => etcd.peerPort],
]

export const keptProblems = (before: Stack | null, after: Stack): StackProblem[] => {
  if (before === null) return []
  const values = kept.flatMap(([field, of]) =>
    of(before) === of(after)
      ? []
      : [
          {
            field,
            because: `It was built with ${of(before)}, which cannot be changed on a cluster that stands: write ${of(before)} again.`,
          },
        ],
  )
  const moved = after.servers.flatMap(({ name, address }) => {
    const old = before.servers.find((one) => one.name === name)?.address
    return old === undefined || old === address
      ? []
      : [
          {
            field: `servers.${name}`,
            because: `It was built at ${old} and is at ${address} now: take it out of the file, build, and add it again.`,
          },
        ]
  })
  return [...values, ...moved]
}
