import { join } from 'node:path'

/** Every path of a lab's state folder, in one place. `run` holds what is true of the running lab only. */
export class Layout {
  constructor(readonly state: string) {}
  readonly at = (...parts: string[]) => join(this.state, ...parts)
  readonly host = (name: string, ...parts: string[]) => join(this.state, 'hosts', name, ...parts)
  readonly run = (...parts: string[]) => join(this.state, 'run', ...parts)
  readonly runHost = (name: string, ...parts: string[]) => join(this.state, 'run', 'hosts', name, ...parts)
  readonly service = (name: string, ...parts: string[]) => join(this.state, 'run', 'services', name, ...parts)
}

/** The console's own address in every lab. */
export const consoleAddress = '198.18.0.1'

/** Those of the lab's authoritative name servers; the resolver is at the console's. */
export const nameServerAddresses = { primary: '198.18.0.2', secondary: '198.18.0.3' } as const

/** The cable of a host, as the lab's side names it: at most fifteen characters, and unique as the address is. */
export function cableOf(address: string): string {
  const [, , third, fourth] = address.split('.')
  return `vl${third}-${fourth}`
}
