import { isFault } from '@/lib/kernel/ground/errors'
import {
  type CloudAction,
  cloudActions,
  type InventoryCloudAccount,
  launchActions,
  type ReadPorts,
  rdsActions,
  type TriedOn,
} from '@/lib/ports'
import type { Plain } from '../facts/instance'

type Account = Plain<InventoryCloudAccount>
export type Tried = { region: string; action: string; verdict: 'allowed' | 'refused' | 'not tried'; because: string | null }

const actionTimeoutMs = 15_000

/** All that the console needs of an account, as it is used. */
export const actionsOf = ({ looksForRds, launches }: Account): CloudAction[] => [
  ...cloudActions,
  ...(looksForRds ? rdsActions : []),
  ...(launches ? launchActions : []),
]

const ofLaunched = (what: string) =>
  `no ${what} of a launched herd is in this region, and the policy allows it for those alone; test again after a launch`

const absent: Readonly<Record<keyof TriedOn, string>> = {
  instanceId: 'no machine is listed in this region',
  imageId: 'the region shows no image of Debian to launch from',
  launchedId: ofLaunched('machine'),
  volumeId: ofLaunched('volume'),
  groupId: ofLaunched('security group'),
}

const needs: Readonly<Partial<Record<CloudAction, readonly (keyof TriedOn)[]>>> = {
  'ec2:StartInstances': ['instanceId'],
  'ec2:StopInstances': ['instanceId'],
  'ec2:RebootInstances': ['instanceId'],
  'ec2:ModifyInstanceAttribute': ['instanceId'],
  'ec2:RunInstances': ['imageId'],
  'ec2:GetConsoleOutput': ['launchedId'],
  'ec2:CreateTags': ['launchedId'],
  'ec2:AttachVolume': ['launchedId', 'volumeId'],
  'ec2:AuthorizeSecurityGroupIngress': ['groupId'],
  'ec2:TerminateInstances': ['launchedId'],
  'ec2:DeleteVolume': ['volumeId'],
  'ec2:DeleteSecurityGroup': ['groupId'],
}

export const isForLaunches = (action: string): boolean => launchActions.some((one) => one === action)

/** Tried on a listed machine, which the plan names. */
export const isOnMachine = (action: CloudAction): boolean => needs[action]?.includes('instanceId') === true

const changesRds = (action: CloudAction): boolean => action.startsWith('rds:') && !action.startsWith('rds:Describe')

const notTied = 'RDS has no dry run, and rights that are bound to tags are judged by an instance that has them'

/** Each action in one region. Throws where the cloud does not answer. */
export const tryIn = async (
  ports: ReadPorts,
  account: Account,
  { region, instanceId }: Account['regions'][number],
  signal: AbortSignal,
): Promise<Tried[]> => {
  const place = { accountId: account.id, region }
  const options = { timeoutMs: actionTimeoutMs, signal }
  const on: TriedOn = { instanceId, ...(account.launches ? await lookForLaunched(ports, place, signal) : nothing) }
  const tried: Tried[] = []
  for (const action of actionsOf(account)) {
    const missing = needs[action]?.find((one) => on[one] === null)
    if (missing !== undefined) {
      tried.push({ region, action, verdict: 'not tried', because: absent[missing] })
      continue
    }
    try {
      await ports.cloud.mayDo(place, action, on, options)
      tried.push({ region, action, verdict: 'allowed', because: null })
    } catch (error) {
      if (!isFault(error, 'cloud.refused')) throw error
      const isOpen = changesRds(action) && account.machineTags.length > 0
      tried.push({
        region,
        action,
        ...(isOpen ? { verdict: 'not tried', because: notTied } : { verdict: 'refused', because: error.message }),
      })
    }
  }
  return tried
}

const nothing = { imageId: null, launchedId: null, volumeId: null, groupId: null }

/** What was launched from any blueprint there, and what would be launched from; null as well where that may not be read, which the tries themselves say. */
const lookForLaunched = async (
  ports: ReadPorts,
  place: { accountId: string; region: string },
  signal: AbortSignal,
): Promise<Omit<TriedOn, 'instanceId'>> => {
  const options = { timeoutMs: actionTimeoutMs, signal }
  const [image, launched] = await Promise.all([
    orRefused(ports.cloud.image(place, 'x86_64', options)),
    orRefused(ports.cloud.launched(place, { 'matriarch:blueprint': '*' }, options)),
  ])
  return {
    imageId: image?.id ?? null,
    launchedId: launched?.machines.find(({ state }) => state === 'running' || state === 'stopped')?.id ?? null,
    volumeId: launched?.volumes[0]?.id ?? null,
    groupId: launched?.groups[0]?.id ?? null,
  }
}

const orRefused = async <T>(ask: Promise<T>): Promise<T | null> => {
  try {
    return await ask
  } catch (error) {
    if (!isFault(error, 'cloud.refused')) throw error
    return null
  }
}
