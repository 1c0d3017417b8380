import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import type { ReadPorts } from '@/lib/ports'
import { askJson } from '../facts/ask-json'
import type { Place } from '../facts/instance'
import { counted, pass, passBecause, warn } from '../gates/seen'

/** What the candidate would not serve as the primary does; null: could not be read. */
export type Fit = {
  /** By database; those without one are left out. */
  unloggedTables: { database: string; count: number }[] | null
  /** Lines of pg_hba.conf that the primary has and the candidate has not, at most `shownMax` of them. */
  hbaMissing: string[] | null
  /** Installed in a database of the primary, and not there to load on the candidate. */
  extensionsMissing: string[] | null
}

const shownMax = 5
/** Databases that are looked into. */
const databasesMax = 20
const bytesMax = 200_000

const databasesSql = `select json_agg(datname order by datname)::text as "databaseNames" from (
  select datname from pg_database where datallowconn and not datistemplate order by datname limit ${databasesMax}) some`

const contentsSql = `select json_build_object(
  'unlogged', (select count(*) from pg_class where relpersistence = 'u' and relkind in ('r', 'm')),
  'extensions', (select coalesce(json_agg(extname), '[]') from pg_extension))::text as "unloggedTables"`

const extensionsSql = `select json_agg(name)::text as "availableExtensions" from pg_available_extensions`

const hbaSql = `select coalesce(json_agg(concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method,
  array_to_string(options, ' ')) order by line_number), '[]')::text as "hbaLines" from pg_hba_file_rules where error is null`

type Contents = { unlogged: number; extensions: string[] }

export const gatherFit = async (ports: ReadPorts, primary: Place, candidate: Place, { signal }: GatherContext): Promise<Fit> => {
  const [contents, available, theirs, ours] = await Promise.all([
    contentsOf(ports, primary, signal),
    askJson<string[]>(ports, candidate, extensionsSql, { database: 'postgres', bytesMax, signal }),
    askJson<string[]>(ports, primary, hbaSql, { database: 'postgres', bytesMax, signal }),
    askJson<string[]>(ports, candidate, hbaSql, { database: 'postgres', bytesMax, signal }),
  ])
  const installed = new Set(contents?.flatMap(({ extensions }) => extensions))
  return {
    unloggedTables:
      contents?.filter(({ unlogged }) => unlogged > 0).map(({ database, unlogged }) => ({ database, count: unlogged })) ?? null,
    extensionsMissing: contents && available && [...installed].filter((name) => !available.includes(name)).sort(),
    hbaMissing: theirs && ours && [...new Set(theirs)].filter((line) => !ours.includes(line)).slice(0, shownMax),
  }
}

const contentsOf = async (ports: ReadPorts, primary: Place, signal: AbortSignal): Promise<(Contents & { database: string })[] | null> => {
  const databases = await askJson<string[]>(ports, primary, databasesSql, { database: 'postgres', bytesMax, signal })
  if (databases === null) return null
  const each = await Promise.all(
    databases.map(async (database) => {
      const contents = await askJson<Contents>(ports, primary, contentsSql, { database, bytesMax, signal })
      return contents && { database, ...contents }
    }),
  )
  return each.every((one) => one !== null) ? each : null
}

type WithFit = { fit: Fit | null; primary: Place | null; candidate: Place | null }

/** Their contents are not in the WAL: a standby has them empty. */
export const unloggedSaid = ({ fit, candidate }: WithFit): Verdict => {
  if (fit === null) return pass
  if (fit.unloggedTables === null) return passBecause('Which tables are unlogged could not be read.')
  if (fit.unloggedTables.length === 0) return pass
  const said = fit.unloggedTables.map(({ database, count }) => `${counted(count, 'table')} of ${database}`).join(', ')
  return warn(`Unlogged: ${said}. They are empty on ${candidate?.title}, and on the old primary too once it has followed.`)
}

export const extensionsFit = ({ fit, candidate }: WithFit): Verdict => {
  if (fit === null) return pass
  if (fit.extensionsMissing === null) return passBecause('Which extensions are installed could not be compared.')
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
  if (fit.hbaMissing === null) return passBecause('pg_hba.conf could not be compared.')
  const { hbaMissing: missing } = fit
  return missing.length === 0
    ? pass
    : warn(
        `pg_hba.conf of ${candidate?.title} does not have ${missing.map((line) => `“${line}”`).join(', ')}: whoever comes in by ${missing.length === 1 ? 'that line' : 'those lines'} may be turned away there.`,
      )
}
