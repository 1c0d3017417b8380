import type { HostTokenDecision } from '@/lib/shapes/inbox'

/** What a call to accept names its items. */
export const listNames = { 'discovered-hosts': 'hosts', 'discovered-instances': 'instances', 'discovered-poolers': 'poolers' } as const

/** What a person does with the items of the inbox. */
export interface InboxWork {
  isBusy: boolean
  /** Why an item was not accepted, by its id. */
  refusals: Readonly<Record<string, string>>
  accept: (path: keyof typeof listNames, items: readonly { id: string }[]) => Promise<void>
  tie: (machineId: string, serverId: string) => Promise<void>
  ignoreMachines: (ids: readonly string[]) => Promise<void>
  ignore: (ids: readonly string[]) => Promise<void>
  decideToken: (id: string, decision: HostTokenDecision) => Promise<void>
}
