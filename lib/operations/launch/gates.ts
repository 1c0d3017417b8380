import { unpackaged } from '@/lib/domain/blueprints/launch/packages'
import { counted } from '@/lib/domain/values/counted'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { LaunchFacts } from './facts'
import { isLeft } from './left'
import { sayChoice } from './machine'

export const isFree = ({ launch, taken }: LaunchFacts): Verdict => {
  if (launch.herd !== null)
    return refuse(`The herd ${launch.herd.name} was launched from it. Tear that one down first, or copy the blueprint.`)
  return taken.length === 0
    ? passBecause(`${launch.title} is nobody’s name.`)
    : refuse(`${taken.join(' and ')} ${taken.length === 1 ? 'has' : 'have'} its name. Give the blueprint another one.`)
}

export const hasChoices = ({ launch }: LaunchFacts): Verdict => {
  const [first, ...next] = launch.choices
  if (first === undefined)
    return refuse('No machine type of the price list fits the blueprint. Its page names the nearest, with what is against each.')
  return passBecause(`${sayChoice(first)} first; ${counted(next.length, 'other choice', 'other choices')} where EC2 has none to give.`)
}

/** What is needed and the blueprint does not say, or says and no launch does yet. */
export const canBeFollowed = ({ launch, input }: LaunchFacts): Verdict => {
  const { blueprint, account, publicKey, hasPassword } = launch
  if (account === null) return refuse('It names no cloud account. Choose one in the blueprint.')
  if (launch.isExpired) return refuse('When it expires is past: it would be torn down at once. Set a later time in the blueprint, or none.')
  if (publicKey === null) return refuse('The environment has no SSH key of the console yet: a worker makes one within a minute.')
  if (launch.herd === null && blueprint.securityGroupIds.length === 0 && input.consoleNetwork === '')
    return refuse(
      'Under Options, give the network of the console, which the herd’s security group lets in to SSH; or name security groups in the blueprint.',
    )
  if (blueprint.vpcId !== null && blueprint.subnetId === null) return refuse(`Name a subnet of ${blueprint.vpcId} in the blueprint.`)
  if (blueprint.storage === 'local')
    return refuse('Disks of the machine itself are not set up by a launch yet. Choose an EBS volume in the blueprint.')
  if (blueprint.adminUser !== null && !hasPassword) return refuse(`Give ${blueprint.adminUser} a password in the blueprint.`)
  const unknownOnes = unpackaged(blueprint.extensions)
  if (unknownOnes.length > 0)
    return refuse(`No package is known of ${unknownOnes.join(', ')}: take it out of the blueprint, and install it afterwards.`)
  if (blueprint.storageGb === null)
    return warn(
      'It asks for no volume: the data lie on the system disk, which goes with the machine. Such a herd survives an eviction by its standbys alone, and cannot be stopped while it is on spot machines.',
    )
  return pass
}

export const isAnswered = ({ place, unseen, refusal, images, launch }: LaunchFacts): Verdict => {
  if (place === null) return unknown('Nothing was asked: see the checks above.')
  if (unseen !== null) return unknown(unseen)
  const without = [...new Set(launch.choices.map(({ architecture }) => architecture))].filter((one) => images[one] === undefined)
  if (without.length > 0) return refuse(`${place.region} has no image of Debian 13 for ${without.join(', ')}.`)
  return refusal === null
    ? passBecause(
        `A dry run was let through with ${Object.values(images)
          .map(({ name }) => name)
          .join(', ')}.`,
      )
    : refuse(refusal)
}

export const isNothingLeft = ({ left }: LaunchFacts): Verdict => {
  if (left === null) return unknown('AWS was not asked.')
  const things = isLeft(left)
  return things.length === 0
    ? pass
    : refuse(`Of an earlier launch there is still ${things.join(', ')}. Tear it down: a launch never takes over what it did not make.`)
}

/** Said before it is done, not after. */
export const doesAll = ({ launch }: LaunchFacts): Verdict => {
  const { replicas } = launch.blueprint
  const missing = [
    ...(replicas > 0
      ? [
          `it makes the primary alone; ${counted(replicas, 'standby is', 'standbys are')} asked for, and made with Launch standby, each in a zone of its own`,
        ]
      : []),
    ...(launch.asksFor.length > 0 ? [`it sets up no backups, and the blueprint asks for them (${launch.asksFor.join(', ')})`] : []),
  ]
  return missing.length === 0
    ? passBecause('No standbys and no backups are asked for; a launch makes neither.')
    : warn(`Of the blueprint this launch leaves out: ${missing.join('; ')}.`)
}
