import { makeNames } from '@/lib/adapters/dns'
import type { RecordSet } from '@/lib/ports'
import type { ZoneSettings } from '@/lib/ports/zones'

/** Runs inside a lab's network, where name servers are at port 53 as anywhere: does what the argument says and prints the answer. */
export type NamesTask = { zone: ZoneSettings } & (
  | { do: 'check' }
  | { do: 'ask'; name: string }
  | { do: 'replace'; name: string; types: RecordSet['type'][]; expected: RecordSet[]; next: RecordSet[] }
)

const task = JSON.parse(process.argv[2]!) as NamesTask
const names = makeNames(async () => task.zone)
const { address } = task.zone
const options = { timeoutMs: 10_000 }

const work = async (): Promise<unknown> => {
  if (task.do === 'check') return names.read.check(address, options)
  if (task.do === 'replace') return names.act.replace(address, task, options)
  return {
    current: await names.read.current(address, task.name, options),
    authoritative: await names.read.authoritative(address, task.name, options),
    resolvers: await names.read.resolvers(address, task.name, options),
  }
}

process.stdout.write(JSON.stringify((await work()) ?? null))
