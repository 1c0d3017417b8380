import { counted } from '@/lib/domain/values/counted'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { HerdFacts } from '../../facts/instance'
import { otherPrimary, silentOf } from '../../gates/other-primary'
import { isAlive } from '../facts'
import { keepsPassfile, type ReplaceFacts } from './facts'

const inHerd = ({ primary, probe, others, replaced }: ReplaceFacts): HerdFacts => ({ instance: primary!, probe: probe!, others, replaced })

export const hasPrimary = ({ launch, primary, why }: ReplaceFacts): Verdict => {
  if (why !== null) return refuse(why)
  return passBecause(`${primary?.title}, a member of ${launch.herd?.name}.`)
}

/** Nobody else writes, or may have begun to. */
export const isAlone = (facts: ReplaceFacts): Verdict => {
  const { primary, probe } = facts
  if (primary === null || probe === null) return unknown('There is no primary.')
  const verdict = otherPrimary(inHerd(facts))
  if (verdict.verdict === 'refuse') return verdict
  const silent = silentOf(inHerd(facts))
  if (silent.length === 0) return pass
  return probe.state === 'online' && probe.role === 'primary'
    ? warn(`${silent.join(', ')} cannot be seen.`)
    : refuse(
        `${silent.join(', ')} cannot be seen: whether it was promoted meanwhile is not known. Let the console reach it, or delete it from the herd.`,
      )
}

const notAsked = 'EC2 was not asked: the blueprint names no cloud account, or no machine type fits it.'

export const hasVolume = ({ launch, place, primary, volumes, old, unseen }: ReplaceFacts): Verdict => {
  if (primary === null) return unknown('There is no primary.')
  if (place === null) return unknown(notAsked)
  if (unseen !== null) return unknown(unseen)
  const [volume, ...more] = volumes
  if (volume === undefined)
    return refuse(`EC2 has no volume with the data of ${primary.title}. Launch a herd anew, and restore its newest backup.`)
  if (more.length > 0)
    return refuse(
      `${volumes.map(({ id }) => id).join(' and ')} both carry its name. Take the tag matriarch:blueprint of ${launch.title} off all but one.`,
    )
  if (volume.machineId !== null && volume.machineId !== old?.id)
    return refuse(`${volume.id} is attached to ${volume.machineId}, which was not launched from ${launch.title}. Detach it there first.`)
  if (volume.goesWithMachine)
    return refuse(`${volume.id} is deleted with its machine. Set DeleteOnTermination of ${volume.device} on ${old?.id} to false first.`)
  return passBecause(
    `${volume.id}, ${volume.sizeGb} GB in ${volume.zone}, ${volume.state}${volume.machineId === null ? '' : ` by ${volume.machineId}`}.`,
  )
}

export const howOldGoes = ({ place, primary, probe, old, unseen, strays }: ReplaceFacts): Verdict => {
  if (primary === null || probe === null) return unknown('There is no primary.')
  if (place === null) return unknown(notAsked)
  if (unseen !== null) return unknown(unseen)
  if (strays.length > 0)
    return refuse(
      `${strays.join(' and ')} ${strays.length === 1 ? 'runs' : 'run'} under the name of its host too, left of a job that was abandoned. Terminate ${strays.length === 1 ? 'it' : 'them'} first.`,
    )
  if (old === null) return passBecause('EC2 does not list its machine any more.')
  if (!isAlive(old)) return passBecause(`${old.id} is ${old.state}.`)
  if (probe.state === 'online') return passBecause(`${old.id} runs: PostgreSQL shuts down on it before it is terminated.`)
  if (probe.state === 'stopped' || probe.state === 'crashed') return passBecause(`${old.id} runs, and PostgreSQL does not.`)
  return warn(
    `${old.id} is ${old.state}, and PostgreSQL on it is ${probe.state}${probe.because === null ? '' : `: ${probe.because}`}. Once EC2 has terminated the machine nothing writes to its volume; PostgreSQL then recovers from its WAL.`,
  )
}

export const clientsSaid = ({ probe }: ReplaceFacts): Verdict => {
  if (probe?.clients == null) return pass
  return probe.clients === 0
    ? pass
    : warn(`${counted(probe.clients, 'client is', 'clients are')} cut, and may connect again once it runs on the new machine.`)
}

/** Only what lies on the volume comes along. */
export const filesSaid = (facts: ReplaceFacts): Verdict =>
  warn(
    `Only the volume comes along${keepsPassfile(facts) ? ', and the passfile' : ''}. postgresql.conf and pg_hba.conf are written as the blueprint has them; what ALTER SYSTEM set stays. Anything else on the system disk is lost, such as other lines of pg_hba.conf, ${keepsPassfile(facts) ? '' : 'passfiles, '}cron jobs and the agent.`,
  )

export const pointersSaid = ({ poolers, others }: ReplaceFacts): Verdict => {
  const said = [
    ...(poolers.length === 0 ? [] : [`${poolers.join(', ')} names its old address until Follow the primary is run there.`]),
    ...(others.length === 0
      ? []
      : [`${others.map(({ title }) => title).join(', ')} follows its old address until Repoint standby is run there.`]),
  ]
  return said.length === 0 ? pass : warn(said.join(' '))
}
