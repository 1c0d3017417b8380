import { isZone, momentOf } from './maintenance-window'

export interface AppointedTime {
  at: Date
  /** The zone it was given in, as IANA names it; of a time with an offset: UTC. */
  zone: string
}

const clock = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d|[A-Za-z][\w+/-]*)$/
const example = 'Write one such as 2026-11-21 02:00 Europe/Berlin or 2026-11-21T01:00:00Z.'

/**
 * A time as people write it, with its zone: a name or an offset. Otherwise what is wrong with it, in words. A time that the change to summer time leaves
 * out is the moment of the change; one that comes twice is its first.
 */
export const parseTime = (text: string): AppointedTime | string => {
  const found = clock.exec(text.trim())
  if (!found) return `“${text}” is not a time with its zone. ${example}`
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const reading = Date.UTC(year, month - 1, day, hour, minute, second)
  const back = new Date(reading)
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    return `“${text}”: there is no such day or hour. ${example}`
  const where = found[7]!
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(where)
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3])
    return { at: new Date(reading + (offset[1] === '+' ? -minutes : minutes) * 60_000), zone: 'UTC' }
  }
  if (where === 'Z') return { at: new Date(reading), zone: 'UTC' }
  if (!isZone(where)) return `“${text}”: there is no time zone ${where}. Write one such as Europe/Berlin or UTC.`
  return { at: new Date(momentOf(reading, where)), zone: where }
}
