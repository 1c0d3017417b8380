import './strip.css'
import { State } from '@/components/ui/state'
import { answeredMs, arrivalsOf, figuresOf, isError, type Strip, type StripSample, sayMs, silenceMs } from '@/lib/domain/proof/canary-strip'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Tone } from '@/lib/kernel/resource/field'

/** The plot's own units; CSS stretches them to the room there is. */
const width = 1000
const height = 100
/** Latencies from here on are shown; quicker ones stand at the floor. */
const floorMs = 0.5
const ceilingMs = 1_000
const ticksMs = [1, 10, 100, 1_000, 10_000]
/** Silence that is shorter than this is the time between two commits. */
const silentMs = 300

const stateOf = (strip: Strip, isOpen: boolean): [Tone, string] => {
  const errors = `${strip.errors} ${strip.errors === 1 ? 'error' : 'errors'}`
  if (strip.errors > 0) return ['bad', strip.isOver ? errors : `${errors} so far`]
  if (strip.isOver) return ['good', 'no error']
  if (!isOpen) return ['warn', 'cut off']
  return silenceMs(strip) > silentMs ? ['warn', `no answer for ${sayMs(silenceMs(strip))}`] : ['info', 'no error so far']
}

/** About five of them, at round seconds. */
const secondsOf = (totalMs: number): number[] => {
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((seconds) => totalMs / 1_000 / seconds <= 6) ?? 600
  return Array.from({ length: Math.floor(totalMs / 1_000 / step) + 1 }, (_, index) => index * step)
}

/**
 * The commits of a canary over time, on a logarithmic scale: what a client of the herd saw while its primary moved. The picture is for the eye; its figures
 * say the same in words.
 */
export const CanaryStrip = ({ strip, isOpen }: { strip: Strip; isOpen: boolean }) => {
  const totalMs = Math.max(strip.atMs, 1_000)
  const topMs = strip.samples.reduce((most, sample) => Math.max(most, sample[1]), ceilingMs)
  const x = (ms: number) => (width * ms) / totalMs
  const y = (ms: number) => height - (height * Math.log(Math.max(ms, floorMs * 1.5) / floorMs)) / Math.log((1.2 * topMs) / floorMs)
  const bars = (samples: readonly StripSample[]) =>
    samples.map((sample) => `M${x(answeredMs(sample)).toFixed(1)} ${height}V${y(sample[1]).toFixed(1)}`).join('')
  const share = (ms: number) => `${(100 * ms) / totalMs}%`
  const errors = strip.samples.filter(isError)
  const arrivals = arrivalsOf(strip.samples)
  const silence = silenceMs(strip)
  const [tone, word] = stateOf(strip, isOpen)
  const figures = figuresOf(strip)
  return (
    <figure className="strip" aria-label={`Commits of the canary: ${figures.map(({ label, value }) => `${label} ${value}`).join('; ')}`}>
      <div className="strip-figures">
        <State tone={tone}>{word}</State>
        {figures.map(({ label, value }) => (
          <span key={label}>
            <span className="text-ink-2">{label}</span> {value}
          </span>
        ))}
      </div>
      <div className="strip-plot" aria-hidden="true">
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="presentation">
          {ticksMs
            .filter((ms) => ms <= topMs)
            .map((ms) => (
              <path key={ms} className="strip-line" d={`M0 ${y(ms)}H${width}`} />
            ))}
          {strip.gap && (
            <rect className="strip-gap" x={x(strip.gap[0])} width={Math.max(2, x(strip.gap[1] - strip.gap[0]))} height={height} />
          )}
          {silence > silentMs && <rect className="strip-gap" x={x(strip.lastAckMs!)} width={x(silence)} height={height} />}
          {arrivals.map((sample) => (
            <path key={sample[0]} className="strip-arrival" d={`M${x(answeredMs(sample))} 0V${height}`} />
          ))}
          <path className="strip-commits" d={bars(strip.samples.filter((sample) => !isError(sample)))} />
          <path className="strip-errors" d={bars(errors)} />
        </svg>
        {ticksMs
          .filter((ms) => ms <= topMs)
          .map((ms) => (
            <span key={ms} className="strip-tick" style={{ top: `${y(ms)}%` }}>
              {sayMs(ms)}
            </span>
          ))}
        {errors.map((sample) => (
          <span key={sample[0]} className="strip-error shape bad" style={{ left: share(answeredMs(sample)) }} />
        ))}
        {strip.gap && (
          <Flag at={strip.gap[1]} totalMs={totalMs} row={0}>
            gap {sayMs(strip.gap[1] - strip.gap[0])}
          </Flag>
        )}
        {arrivals.map((sample) => (
          <Flag key={sample[0]} at={answeredMs(sample)} totalMs={totalMs} row={1}>
            new primary, timeline {sample[2]}
          </Flag>
        ))}
      </div>
      <div className="strip-times" aria-hidden="true">
        {secondsOf(totalMs).map((seconds) => (
          <span key={seconds} style={{ left: share(seconds * 1_000) }}>
            {formatDuration(seconds)}
          </span>
        ))}
      </div>
      <output className="sr-only">
        {strip.errors > 0 ? 'A client saw an error.' : arrivals.length > 0 ? 'The new primary answers, and no client saw an error.' : ''}
      </output>
    </figure>
  )
}

/** Words beside a moment: to its left in the right half, so that they stay inside. */
const Flag = ({ at, totalMs, row, children }: { at: number; totalMs: number; row: 0 | 1; children: React.ReactNode }) => (
  <span
    className="strip-flag"
    data-row={row}
    style={at > totalMs / 2 ? { right: `${100 - (100 * at) / totalMs}%` } : { left: `${(100 * at) / totalMs}%` }}
  >
    {children}
  </span>
)
