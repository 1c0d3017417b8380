import { counted } from '@/lib/domain/values/counted'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { ReadPorts } from '@/lib/ports'
import { tryJson } from '../facts/ask-json'
import { contentsOf } from '../facts/contents'
import type { Place } from '../facts/instance'

/** What the candidate would not serve as the primary does. A text: why it could not be read. */
export type Fit = {
  /** By database; those without one are left out. */
  unloggedTables: { database: string; count: number }[] | string
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

export const gatherFit = async (ports: ReadPorts, primary: Place, candidate: Place, { signal }: GatherContext): Promise<Fit> => {
  const [contents, available, theirs, ours] = await Promise.all([
    contentsOf(ports, primary, signal),
    tryJson<string[]>(ports, candidate, extensionsSql, { database: 'postgres', bytesMax, signal }),
    tryJson<string[]>(ports, primary, hbaSql, { database: 'postgres', bytesMax, signal }),
    tryJson<string[]>(ports, candidate, hbaSql, { database: 'postgres', bytesMax, signal }),
  ])
  return {
    unloggedTables: isText(contents)
      ? contents
      : contents.filter(({ unlogged }) => unlogged > 0).map(({ database, unlogged }) => ({ database, count: unlogged })),
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

type WithFit = { fit: Fit | null; primary: Place | null; candidate: Place | null }

/** Their contents are not in the WAL: a standby has them empty. */
export const unloggedSaid = ({ fit, candidate }: WithFit): Verdict => {
  if (fit === null) return pass
  if (isText(fit.unloggedTables)) return unknown(`Which tables are unlogged could not be read. ${fit.unloggedTables}`)
  if (fit.unloggedTables.length === 0) return pass
  const said = fit.unloggedTables.map(({ database, count }) => `${counted(count, 'table')} of ${database}`).join(', ')
  return warn(`Unlogged: ${said}. They are empty on ${candidate?.title}, and on the old primary too once it has followed.`)
}

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
