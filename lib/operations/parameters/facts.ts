import { type ParameterEdit, standbyLimits } from '@/lib/domain/settings/parameter'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { FileSettingProblem, Probe, ReadPorts } from '@/lib/ports'
import { type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { orNull } from '../facts/or-null'
import type { ParameterMember } from './change'

/** What a standby must not have less of than its primary, as a server runs with it. */
export type Limits = Record<string, number>

export type SetFacts = {
  edits: Plain<ParameterEdit>[]
  members: ParameterMember[]
  /** Errors in their configuration files, by the title of the member. */
  problems: Record<string, Plain<FileSettingProblem>[]>
}

export const namesOf = (edits: readonly ParameterEdit[]): string[] => edits.map(({ name }) => name)

export const lookAtParameters = async (
  ports: ReadPorts,
  place: Place,
  probe: Plain<Probe>,
  names: readonly string[],
  { signal }: Pick<GatherContext, 'signal'>,
): Promise<ParameterMember> => {
  const options = { timeoutMs: probeTimeoutMs, signal }
  const seen = probe.state === 'online' ? await orNull(ports.serverSettings.parameters(place.address, names, options), signal) : null
  return { place, probe, seen }
}

export const problemsOf = async (
  ports: ReadPorts,
  members: readonly Pick<ParameterMember, 'place' | 'probe'>[],
  { signal }: Pick<GatherContext, 'signal'>,
): Promise<SetFacts['problems']> =>
  Object.fromEntries(
    await Promise.all(
      members.map(async ({ place, probe }) => [
        place.title,
        probe.state === 'online' ? await ports.postgres.fileSettings(place.address, { timeoutMs: probeTimeoutMs, signal }) : [],
      ]),
    ),
  )

/** null: it was not seen. */
export const limitsOf = ({ seen }: Pick<ParameterMember, 'seen'>): Limits | null =>
  seen === null
    ? null
    : Object.fromEntries(
        seen.parameters
          .filter(({ name, value }) => standbyLimits.includes(name) && value !== null)
          .map(({ name, value }) => [name, Number(value)]),
      )
