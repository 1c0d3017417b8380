import { launchPort } from '@/lib/domain/blueprints/launch/launched'
import { blueprintTag, choiceTag, jobTag, ownTags, partTag } from '@/lib/domain/blueprints/launch/tags'
import { userDataFor } from '@/lib/domain/blueprints/launch/user-data'
import type { GroupSpec, LaunchRule, MachineSpec } from '@/lib/ports'
import { type LaunchFacts, memberName } from './facts'

interface Made {
  /** Of the step that makes it. */
  part: string
  jobId: string
}

const tagsFor = ({ launch }: Pick<LaunchFacts, 'launch'>, { part, jobId }: Made, name: string): Record<string, string> => ({
  ...ownTags(launch.blueprint.tags),
  Name: name,
  [blueprintTag]: launch.id,
  [jobTag]: jobId,
  [partTag]: part,
})

export const machineSpec = (
  facts: Pick<LaunchFacts, 'launch' | 'images' | 'number' | 'kept'>,
  at: number,
  { groupIds, ...made }: Made & { groupIds: readonly string[] },
): MachineSpec => {
  const { blueprint, publicKey, choices } = facts.launch
  const choice = choices[at]!
  const hostname = memberName(facts)
  return {
    token: `${made.part}-${at}`,
    imageId: facts.images[choice.architecture]!.id,
    type: choice.type,
    market: choice.market,
    priceMaxUsd: choice.market === 'spot' ? blueprint.priceMaxUsd : null,
    zone: blueprint.subnetId === null ? choice.zone : null,
    subnetId: blueprint.subnetId,
    groupIds,
    keyName: blueprint.keyName,
    hasPublicAddress: !blueprint.isPrivate,
    userData: userDataFor({ hostname, publicKey: publicKey ?? '', hasKeyPair: blueprint.keyName !== null }),
    rootGb: blueprint.rootGb,
    volume:
      facts.kept !== null || blueprint.storage === 'local' || blueprint.storageGb === null
        ? null
        : { sizeGb: blueprint.storageGb, kind: blueprint.volumeKind, iops: blueprint.volumeIops, mibs: blueprint.volumeMibs },
    tags: { ...tagsFor(facts, made, hostname), [choiceTag]: String(at) },
  }
}

export const groupSpec = (facts: Pick<LaunchFacts, 'launch'>, made: Made): GroupSpec => ({
  name: `matriarch-${facts.launch.blueprint.name}-${made.part.slice(0, 8)}`,
  description: `Herd ${facts.launch.blueprint.name} of Matriarch`,
  vpcId: facts.launch.blueprint.vpcId,
  tags: tagsFor(facts, made, facts.launch.blueprint.name),
})

/** Whom the herd's own group lets in; nobody else comes in at all. */
export const rulesOf = ({ launch, input }: Pick<LaunchFacts, 'launch' | 'input'>): LaunchRule[] => [
  { port: 22, network: input.consoleNetwork, description: 'the console, over SSH' },
  ...launch.blueprint.clientAddresses.map((network) => ({ port: launchPort, network, description: 'clients of PostgreSQL' })),
]
