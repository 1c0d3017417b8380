import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { logWordsMax } from '@/lib/shapes/server-log'
import { type LogFilter, levels } from './use-log-filter'

/** What is looked for, how bad, and in which files. */
export const LogBar = ({ filter: { typed, setTyped, level, setLevel, isDeep, setDeep, isPaused, setPaused } }: { filter: LogFilter }) => (
  <div className="log-bar">
    <Field label="Search">
      {(ids) => (
        <input
          {...ids}
          className="input"
          type="search"
          maxLength={logWordsMax}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </Field>
    <Field label="Show">
      {(ids) => (
        <select {...ids} className="input w-auto" value={level} onChange={(event) => setLevel(event.target.value as LogFilter['level'])}>
          {Object.entries(levels).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
    <Field label="Of">
      {(ids) => (
        <select
          {...ids}
          className="input w-auto"
          value={isDeep ? 'all' : 'end'}
          onChange={(event) => setDeep(event.target.value === 'all')}
        >
          <option value="end">the end of the present file</option>
          <option value="all">all files</option>
        </select>
      )}
    </Field>
    <Button isSmall aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
      {isPaused ? 'Go on' : 'Pause'}
    </Button>
  </div>
)
