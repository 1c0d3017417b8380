import { addRecord } from '@/db/records/records'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { startDatabase, type TestDatabase } from './daemons/database'

export const admin: Actor = { ...systemActor, kind: 'person', name: 'ada' }

const add = async (resource: 'environment' | 'server' | 'herd', values: object): Promise<string> =>
  (await addRecord(admin, resourceByName(resource)!, values)).id

/** A console with two environments, dev and prod, whose servers and herds are registered as a person registers them. Each gets names of its own. */
export class Registered {
  #count = 0

  private constructor(
    readonly database: TestDatabase,
    readonly dev: string,
    readonly prod: string,
  ) {}

  static async open(protectionOfProd: 'confirm' | 'two-person'): Promise<Registered> {
    const database = await startDatabase()
    return new Registered(
      database,
      await add('environment', { name: 'dev', colour: 'green', protection: 'open' }),
      await add('environment', { name: 'prod', colour: 'red', protection: protectionOfProd }),
    )
  }

  server(environmentId = this.prod, over: object = {}): Promise<string> {
    const number = ++this.#count
    return add('server', { hostname: `host-${number}`, environmentId, address: `10.0.0.${number}`, ...over })
  }

  herd(environmentId = this.prod): Promise<string> {
    const name = `herd-${++this.#count}`
    return add('herd', { name, environmentId, baseName: name, port: '5432', dataDirectory: '/data' })
  }
}
