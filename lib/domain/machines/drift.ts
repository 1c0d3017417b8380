/** Differences whose cloud side can be recorded. `gone`: the cloud has it no more. */
export const takenFields = ['gone', 'type', 'state', 'zone', 'name', 'tags', 'volumes', 'addresses', 'server'] as const
/**
 * What a machine may differ in between the cloud and the console. `appeared`: the console has no record of it. A herd or a role is either tagged anew in the cloud
 * or changed by its own operation.
 */
export type DriftField = (typeof takenFields)[number] | 'appeared' | 'herd' | 'role'

/** Each side as lines to show; of tags and volumes those that only one side has. */
export interface Difference {
  field: DriftField
  cloud: string[]
  console: string[]
}

/** What the console holds a machine to be: as it was when it was tied, when one of the console's own runs changed it, or when a person said so. */
export interface RecordedMachine {
  type: string
  pendingType: string | null
  /** null: it was never seen at rest. */
  state: string | null
  zone: string
  title: string
  /** `Key=value`. */
  tags: readonly string[]
  volumes: readonly string[]
  addresses: readonly string[]
  serverId: string
}

export type SeenOfMachine = Omit<RecordedMachine, 'state' | 'serverId'> & { state: string }

/** What an operation of the console leaves a machine as. */
export interface WorkOnMachine {
  setsType: boolean
  /** It launches machines: their tags and volumes are its doing. */
  launches?: true
  /** Settled states, and ends, that are its doing. */
  leaves: readonly string[]
  isOpen: boolean
  /** The commands that it sent to the cloud: a type that none of them names is not of its doing. */
  sent: string
}

const runs = ['running', 'available']
const stops = ['stopped']
const endedStates = ['gone', 'terminated']

/** The operations that change what the cloud says of a machine, by name. */
export const worksOnMachines: Readonly<Record<string, Pick<WorkOnMachine, 'setsType' | 'launches' | 'leaves'>>> = {
  resize: { setsType: true, leaves: runs },
  'resize-herd': { setsType: true, leaves: runs },
  'stop-machine': { setsType: false, leaves: stops },
  'start-machine': { setsType: false, leaves: runs },
  'reboot-machine': { setsType: false, leaves: runs },
  'rds-stop': { setsType: false, leaves: stops },
  'rds-start': { setsType: false, leaves: runs },
  'rds-reboot': { setsType: false, leaves: runs },
  'rds-promote': { setsType: false, leaves: runs },
  'launch-standby': { setsType: false, launches: true, leaves: runs },
  'stop-herd': { setsType: false, leaves: [...stops, ...endedStates] },
  'resume-herd': { setsType: false, launches: true, leaves: runs },
  'replace-machine': { setsType: false, launches: true, leaves: [...runs, ...endedStates] },
}

export interface JudgedMachine {
  seen: SeenOfMachine
  recorded: RecordedMachine | null
  tie: 'tied' | 'untied' | 'ambiguous'
  /** The server that it is tied to. */
  server: { id: string; name: string } | null
  /** Name of the recorded server; null: it is not registered any more. */
  recordedServer: string | null
  /** Another machine is the recorded server by now. */
  isReplaced: boolean
  isIgnored: boolean
  herdByTags: string | null
  /** Names of the herds of what stands on its server. */
  herds: readonly string[]
  /** Of the only instance on it; null: not known, or several. */
  role: 'primary' | 'standby' | null
  /** RDS says that it is a read replica. */
  isReadReplica: boolean
  /** Those of the console that act on it, or did since it was seen the time before. */
  works: readonly WorkOnMachine[]
}

const settled = [...runs, ...stops]
const roleTags = ['pgrole', 'role']
const roleWords: Readonly<Record<string, 'primary' | 'standby'>> = {
  ...{ primary: 'primary', master: 'primary', writer: 'primary', leader: 'primary' },
  ...{ standby: 'standby', replica: 'standby', reader: 'standby', secondary: 'standby', slave: 'standby' },
}

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((one) => b.includes(one))
const without = (lines: readonly string[], others: readonly string[]): string[] => lines.filter((line) => !others.includes(line))
const typeLines = ({ type, pendingType }: Pick<RecordedMachine, 'type' | 'pendingType'>): string[] => [
  type,
  ...(pendingType === null ? [] : [`${pendingType} pending`]),
]

const isSent = (type: string, sent: string): boolean => sent.split(/\s+/).includes(type)

const roleByTags = (tags: readonly string[]): 'primary' | 'standby' | null => {
  for (const key of roleTags)
    for (const tag of tags) {
      const [name = '', value = ''] = tag.toLowerCase().split('=')
      if (name === key && roleWords[value]) return roleWords[value]
    }
  return null
}

/** What is to be recorded of a machine as it is. */
export const recordOf = (seen: SeenOfMachine, serverId: string): RecordedMachine => ({
  ...seen,
  state: settled.includes(seen.state) ? seen.state : null,
  serverId,
})

/** What the console's own ended works made of it is what the console holds it to be. */
const afterWorks = (recorded: RecordedMachine, { seen, works }: JudgedMachine): RecordedMachine => {
  const ended = works.filter(({ isOpen }) => !isOpen)
  const isOurType = ended.some(({ setsType, sent }) => setsType && isSent(seen.type, sent))
  const isOurState = ended.some(({ leaves }) => leaves.includes(seen.state))
  return {
    ...recorded,
    ...(isOurType ? { type: seen.type, pendingType: seen.pendingType } : {}),
    ...(isOurState || (recorded.state === null && settled.includes(seen.state)) ? { state: seen.state } : {}),
    ...(isOurState ? { addresses: seen.addresses } : {}),
    ...(ended.some(({ launches }) => launches) ? { tags: seen.tags, volumes: seen.volumes } : {}),
  }
}

const byTags = ({ seen, server, herdByTags, herds, role, isReadReplica }: JudgedMachine): Difference[] => {
  if (server === null) return []
  const wanted = isReadReplica ? 'standby' : roleByTags(seen.tags)
  return [
    ...(herdByTags === null || herds.length === 0 || herds.some((name) => name.toLowerCase() === herdByTags.toLowerCase())
      ? []
      : [{ field: 'herd' as const, cloud: [herdByTags], console: [...herds] }]),
    ...(wanted === null || role === null || wanted === role ? [] : [{ field: 'role' as const, cloud: [wanted], console: [role] }]),
  ]
}

const sides = (field: DriftField, cloud: readonly string[], console: readonly string[]): Difference[] =>
  isSame(cloud, console) ? [] : [{ field, cloud: without(cloud, console), console: without(console, cloud) }]

const ofFields = (recorded: RecordedMachine, machine: JudgedMachine): Difference[] => {
  const { seen, server, tie, works } = machine
  const open = works.filter(({ isOpen }) => isOpen)
  return [
    ...(open.some(({ setsType }) => setsType) ? [] : sides('type', typeLines(seen), typeLines(recorded))),
    ...(open.length > 0 || recorded.state === null || !settled.includes(seen.state) ? [] : sides('state', [seen.state], [recorded.state])),
    ...sides('zone', [seen.zone], [recorded.zone]),
    ...sides('name', [seen.title], [recorded.title]),
    ...(open.some(({ launches }) => launches)
      ? []
      : [...sides('tags', seen.tags, recorded.tags), ...sides('volumes', seen.volumes, recorded.volumes)]),
    ...(open.length > 0 ? [] : sides('addresses', seen.addresses, recorded.addresses)),
    ...(server?.id === recorded.serverId
      ? []
      : sides(
          'server',
          [server?.name ?? (tie === 'ambiguous' ? 'several servers have its addresses' : 'no server has its addresses')],
          [machine.recordedServer ?? ''],
        )),
  ]
}

/**
 * What the console holds a machine to be after a sweep, and where the cloud says otherwise. A machine is recorded when it is tied to a server first. Passing
 * states differ from nothing, and neither does what an open work of the console is changing.
 */
export const judgeDrift = (machine: JudgedMachine): { recorded: RecordedMachine | null; differences: Difference[] } => {
  const { seen, server, isIgnored, recordedServer } = machine
  const known = recordedServer === null ? null : machine.recorded
  if (endedStates.includes(seen.state)) {
    const ours = machine.works.filter(({ leaves }) => leaves.includes(seen.state))
    const isMissed = known !== null && !machine.isReplaced && ours.length === 0
    return {
      recorded: ours.some(({ isOpen }) => !isOpen) ? null : known,
      differences: isMissed ? [{ field: 'gone', cloud: [seen.state], console: [`${recordedServer} is on it`] }] : [],
    }
  }
  if (known === null && server !== null) return { recorded: recordOf(seen, server.id), differences: byTags(machine) }
  if (known === null)
    return {
      recorded: null,
      differences: isIgnored
        ? []
        : [{ field: 'appeared', cloud: [`${seen.type} in ${seen.zone}, ${seen.state}`], console: ['not registered'] }],
    }
  const recorded = afterWorks(known, machine)
  return { recorded, differences: [...ofFields(recorded, machine), ...byTags(machine)] }
}

/** The record once the cloud's side of these fields is taken over; null: the console has none any more. */
export const takeOver = (
  recorded: RecordedMachine,
  seen: SeenOfMachine,
  serverId: string | null,
  fields: readonly DriftField[],
): RecordedMachine | null => {
  if (fields.includes('gone') || (fields.includes('server') && serverId === null)) return null
  const { title, zone, tags, volumes, addresses } = seen
  const isTaken = (field: DriftField) => fields.includes(field)
  return {
    ...recorded,
    ...(isTaken('type') ? { type: seen.type, pendingType: seen.pendingType } : {}),
    ...(isTaken('state') ? { state: recordOf(seen, '').state } : {}),
    ...(isTaken('zone') ? { zone } : {}),
    ...(isTaken('name') ? { title } : {}),
    ...(isTaken('tags') ? { tags } : {}),
    ...(isTaken('volumes') ? { volumes } : {}),
    ...(isTaken('addresses') ? { addresses } : {}),
    ...(isTaken('server') && serverId !== null ? { serverId } : {}),
  }
}
