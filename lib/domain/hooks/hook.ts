/** When a resize runs a hook. `move-clients`: once for each DNS entry of the member, away before it stops and back after its return. */
export const hookMoments = ['before-stop', 'after-return', 'move-clients'] as const
export type HookMoment = (typeof hookMoments)[number]

/** What a failure of the script means for the resize. */
export const hookFailures = ['stop', 'go-on'] as const
export type HookFailure = (typeof hookFailures)[number]

/** The longest deadline that a script may have, in seconds. */
export const hookSecondsMax = 900
export const hookSeconds = 60

/** A file within the directory: no slash, no leading dot, nothing that a shell would read. */
export const scriptFilePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** Where clients go: away from a member, to its primary; or back to it. In the words of pygmy’s scripts. */
export type MoveAction = 'SCALE_DOWN' | 'SCALE_UP'

export interface ClientMove {
  action: MoveAction
  hostedZone: string
  dnsName: string
  /** Address that the name is to hold. */
  target: string
  recordType: 'A' | 'CNAME'
  /** Address of the member itself. */
  member: string
}

/** Arguments of pre-resize.sh and post-streaming.sh: the id of the machine, or the identifier of the DB instance. */
export const machineArguments = (instanceId: string): string[] => [instanceId]

/** Arguments of dns-change.sh. */
export const moveArguments = ({ action, hostedZone, dnsName, target, recordType, member }: ClientMove): string[] => [
  action,
  hostedZone,
  dnsName,
  target,
  recordType,
  member,
]
