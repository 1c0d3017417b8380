import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import { applyRules } from '@/db/discovery/discovery-rules'
import { storeReport } from '@/db/discovery/report-batches'
import { databaseFault } from '@/db/pg/client'
import { hostTokenHash, refuseHost } from '@/lib/auth/hosts'
import { reportInput } from '@/lib/fields/agent-report'
import { checked } from '@/lib/kernel/ground/checked'
import { Fault, toFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'

/** Of the body as it comes, and of what it unpacks to. */
export const reportBytesMax = 1024 * 1024
/** Unpacking less than this is quicker done at once than handed to another thread. */
const syncBytesMax = 64 * 1024
const ageSecondsMax = 30 * 24 * 3600

export interface ReportRequest {
  authorization: string | null | undefined
  encoding: string | null | undefined
  /** `X-Report-Age`: seconds the report waited at the host. */
  age: string | null | undefined
  /** Address of the sender, for the limit of unknown tokens. */
  from: string | null
  /** Called only for a host that is known. */
  body: () => Promise<Buffer>
}

export interface ReportAnswer {
  stored: boolean
  because?: string
  instances?: number
  lastSequence?: number
}

const tooLarge = () => new Fault('input.too-large', { because: `A report has at most ${reportBytesMax} bytes, also when it is unpacked.` })

const unpack = async (body: Buffer, encoding: string | null | undefined): Promise<Buffer> => {
  if (body.length > reportBytesMax) throw tooLarge()
  const name = encoding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return body
  if (name !== 'gzip') throw new Fault('input.invalid', { because: `Content-Encoding ${name} is not read here; send gzip or nothing.` })
  try {
    const options = { maxOutputLength: reportBytesMax }
    return body.length <= syncBytesMax ? gunzipSync(body, options) : await promisify(gunzip)(body, options)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new Fault('input.invalid', { because: 'The body is not gzip.' }, { cause })
  }
}

const parse = (body: Buffer): unknown => {
  try {
    // Bytes that are no UTF-8 become replacement characters: one odd name never spoils a report.
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new Fault('input.malformed', { because: 'The body is not JSON.' }, { cause })
  }
}

const ageOf = (age: string | null | undefined): number => {
  const seconds = Number(age ?? 0)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), ageSecondsMax) : 0
}

/** PostgreSQL refuses a value that the schema let through: that is the report's fault, not ours. */
const storageFault = (error: unknown): Fault => {
  const code = (error as { code?: string }).code ?? ''
  return code.startsWith('22')
    ? new Fault('input.invalid', { because: `PostgreSQL refused a value: ${(error as Error).message}` }, { cause: error })
    : toFault(databaseFault(error))
}

/** The report is stored, whatever becomes of its rules: what they do not accept waits for a person, and is tried again with a later report. */
const acceptByRule = (hostId: string): Promise<void> =>
  applyRules(hostId).catch((error: unknown) => logger().error({ err: error, hostId }, 'a discovery rule failed'))

/**
 * Takes one report of a host. Throws `auth.required`, `access.denied` (the token speaks for another host), `input.invalid`, `input.too-large`,
 * `database.down`, `auth.throttled`; after a refusal nothing of it is stored. The token says who it is, and is looked at before anything that takes time.
 */
export const takeReport = async ({ authorization, encoding, age, from, body }: ReportRequest): Promise<ReportAnswer> => {
  const receivedAt = new Date()
  const tokenHash = await hostTokenHash(authorization, from)
  const report = checked(reportInput, parse(await unpack(await body(), encoding)))
  const outcome = await storeReport({ tokenHash, report, receivedAt, ageSeconds: ageOf(age) }).catch((error: unknown) => {
    throw storageFault(error)
  })
  switch (outcome.outcome) {
    case 'old':
      return {
        stored: false,
        because: `A report with the number ${outcome.lastSequence} came before; this one is not newer.`,
        lastSequence: outcome.lastSequence,
      }
    case 'stored': {
      if (outcome.newcomers) await acceptByRule(outcome.hostId)
      return { stored: true, instances: outcome.instances }
    }
    default:
      return refuseHost(tokenHash, outcome)
  }
}
