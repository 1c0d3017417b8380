import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { ReadPorts } from '@/lib/ports'
import { tryJson } from '../facts/ask-json'
import type { HerdContents } from '../facts/contents'
import type { Place } from '../facts/instance'

/** What the candidate would not serve as the primary does. A text: why it could not be read. */
export type Fit = {
  /** Lines of pg_hba.conf that the primary has and the candidate has not, at most `shownMax` of them. */
  hbaMissing: string[] | string
  /** Installed in a database of the primary, and not there to load on the candidate. */
  extensionsMissing: string[] | string
}

const shownMax = 5
const bytesMax = 200_000

const extensionsSql = `select json_agg(name)::text as "availableExtensions" from pg_available_extensions`

const hbaSql = `select coalesce(json_agg(concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method,
  array_to_string(options, ' ')) order by line_number), '[]')::text as "hbaLines" from pg_hba_file_rules where error is null`

/** `contents`: of the primary. */
export const gatherFit = async (
  ports: ReadPorts,
  primary: Place,
  candidate: Place,
  contents: HerdContents,
  { signal }: GatherContext,
): Promise<Fit> => {
  const [available, theirs, ours] = await Promise.all([
    tryJson<string[]>(ports, candidate, extensionsSql, { database: 'postgres', bytesMax, signal }),
    tryJson<string[]>(ports, primary, hbaSql, { database: 'postgres', bytesMax, signal }),
    tryJson<string[]>(ports, candidate, hbaSql, { database: 'postgres', bytesMax, signal }),
  ])
  return {
    extensionsMissing: isText(contents)
      ? contents
      : isText(available)
        ? available
        : [...new Set(contents.flatMap(({ extensions }) => extensions))].filter((name) => !available.includes(name)).sort(),
    hbaMissing: isText(theirs)
      ? theirs
      : isText(ours)
        ? ours
        : [...new Set(theirs)].filter((line) => !ours.includes(line)).slice(0, shownMax),
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

type WithFit = { fit: Fit | null; candidate: Place | null }

export const extensionsFit = ({ fit, candidate }: WithFit): Verdict => {
  if (fit === null) return pass
  if (isText(fit.extensionsMissing)) return unknown(`Which extensions are installed could not be compared. ${fit.extensionsMissing}`)
  const { extensionsMissing: missing } = fit
  return missing.length === 0
    ? pass
    : warn(
        `${missing.join(', ')}: created in a database, and not installed on the host of ${candidate?.title}. What needs ${missing.length === 1 ? 'it' : 'them'} will fail there. Install ${missing.length === 1 ? 'its' : 'their'} packages first.`,
      )
}

/** Who is let in by the primary and not by the candidate would find the door closed. */
export const hbaFits = ({ fit, candidate }: WithFit): Verdict => {
  if (fit === null) return pass
  if (isText(fit.hbaMissing)) return unknown(`pg_hba.conf could not be compared. ${fit.hbaMissing}`)
  const { hbaMissing: missing } = fit
  return missing.length === 0
    ? pass
    : warn(
        `pg_hba.conf of ${candidate?.title} does not have ${missing.map((line) => `“${line}”`).join(', ')}: whoever comes in by ${missing.length === 1 ? 'that line' : 'those lines'} may be turned away there.`,
      )
}
