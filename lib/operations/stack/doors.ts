import { userSecret } from '@/lib/domain/stack/secrets'
import { type StackServer, serversWith } from '@/lib/domain/stack/stack'
import type { StackDoor } from '@/lib/ports'
import { type BuildFacts, stackIn } from './facts'

const doorAt = (facts: BuildFacts, { address }: StackServer, port: number, title: string): StackDoor => {
  const { database } = stackIn(facts)
  const user = database.users[0]!
  return { title, address, port, database: database.name, user, secret: userSecret(user) }
}

export const poolerDoor = (facts: BuildFacts, server: StackServer): StackDoor =>
  doorAt(facts, server, stackIn(facts).pooler.port, `The pooler on ${server.name}`)

export const proxyDoors = (facts: BuildFacts, server: StackServer): { door: StackDoor; wanted: 'primary' | 'standby' }[] => {
  const { writePort, readPort } = stackIn(facts).proxy
  return [
    { door: doorAt(facts, server, writePort, `The write port of ${server.name}`), wanted: 'primary' },
    { door: doorAt(facts, server, readPort, `The read port of ${server.name}`), wanted: 'standby' },
  ]
}

/** Those that a client writes through, each with the server that it is tried from; without any of them PostgreSQL itself. */
export const writeDoors = (facts: BuildFacts, primary: StackServer): { server: StackServer; door: StackDoor }[] => {
  const stack = stackIn(facts)
  const doors = [
    ...serversWith(stack, 'pooler').map((server) => ({ server, door: poolerDoor(facts, server) })),
    ...serversWith(stack, 'proxy').map((server) => ({ server, door: proxyDoors(facts, server)[0]!.door })),
  ]
  return [...doors, { server: primary, door: doorAt(facts, primary, stack.postgres.port, `PostgreSQL on ${primary.name}`) }]
}
