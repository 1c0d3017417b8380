import { formatBytes } from '@/lib/domain/values/bytes'
import type { Tone } from '@/lib/kernel/resource/field'
import type { HealthCheck, HealthFinding, HealthState } from '@/lib/shapes/health'

export const stateWords: Readonly<Record<HealthState, string>> = {
  critical: 'Critical',
  warning: 'Warning',
  unknown: 'Unknown',
  healthy: 'Nothing found',
  'not-applicable': 'Does not apply',
  off: 'Not looked at',
}
export const stateTones: Readonly<Record<HealthState, Tone>> = {
  critical: 'bad',
  warning: 'warn',
  unknown: 'warn',
  healthy: 'good',
  'not-applicable': 'neutral',
  off: 'neutral',
}
export const findingWords: Readonly<Record<HealthFinding['state'], string>> = {
  critical: 'Critical',
  warning: 'Warning',
  watched: 'Watched',
  unknown: 'Unknown',
}
export const findingTones: Readonly<Record<HealthFinding['state'], Tone>> = {
  critical: 'bad',
  warning: 'warn',
  watched: 'neutral',
  unknown: 'warn',
}

export const asksWords: Readonly<Record<HealthCheck['asks'], string>> = {
  every: 'Every member is asked.',
  primary: 'The primary is asked.',
  once: 'One member is asked for its herd: a standby where one is online.',
}

export const everyWords = (hours: number): string => (hours === 1 ? 'every hour' : hours === 24 ? 'once a day' : `every ${hours} hours`)

/** What a check comes to, in one line. */
export const saidOf = ({ state, looks, findings, limits }: HealthCheck): string => {
  if (state === 'off') return 'The environment does not want it looked at.'
  if (state === 'not-applicable') return looks[0]?.notApplicable ?? ''
  const worst = findings[0]
  if (worst !== undefined) {
    const where = [worst.database, worst.object].filter((one) => one !== '').join(': ')
    return `${where}: ${worst.shown}${findings.length > 1 ? `, and ${findings.length - 1} more` : ''}`
  }
  const because = looks.find((one) => one.because !== null)?.because
  if (state === 'unknown') return because ?? (looks.length === 0 ? 'Nobody has looked yet.' : 'Nobody has looked for long.')
  const most = looks.find(({ worst }) => worst !== null)?.worst
  return most == null ? `Limits: ${limits}.` : `At worst ${most}; ${limits}.`
}

const apart = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** What a finding says beside its value; a flag that is not set goes without saying. */
export const detailsOf = ({ details }: Pick<HealthFinding, 'details'>): string =>
  Object.entries(details)
    .flatMap(([name, value]) => {
      if (value === null || value === '') return []
      if (/^is[A-Z]/.test(name)) return value === true ? [apart(name).replace(/^is /, '')] : []
      if (/bytes/i.test(name) && typeof value === 'number')
        return [
          `${
            apart(name)
              .replace(/ ?bytes ?/, ' ')
              .trim() || 'size'
          } ${formatBytes(value)}`,
        ]
      return [`${apart(name)} ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`]
    })
    .join(', ')
