'use client'

import { useEffect, useMemo, useState } from 'react'
import { Card } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { counted } from '@/lib/domain/values/counted'
import { reads } from '@/lib/shapes/reads'
import type { InstanceSettings as Read, ShownSetting } from '@/lib/shapes/settings'
import { SettingChanges } from './changes'
import { NotSeen, SeenLine } from './seen'
import { canSet, SetValue, type SetWhere } from './set-value'
import { useLookNow } from './use-look-now'
import { sourceOf, takesEffect, visible } from './words'

const kinds = { set: 'not at their default', pending: 'waiting for a restart', all: 'all' } as const
export interface SettingFilters {
  q: string
  show: string
  category: string
  source: string
}

const isShown =
  ({ q, show, category, source }: SettingFilters) =>
  (one: ShownSetting): boolean =>
    (show === 'all' || (show === 'pending' ? one.isPendingRestart : !one.isDefault)) &&
    (category === '' || one.category === category) &&
    (source === '' || one.source === source) &&
    q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => `${one.name} ${one.description} ${one.shown}`.toLowerCase().includes(word))

const choices = (settings: readonly ShownSetting[], field: 'category' | 'source') => [...new Set(settings.map((one) => one[field]))].sort()

/** Every setting of an instance, to search and filter; the address holds what is shown. */
export const InstanceSettings = ({ initial, given, maySet }: { initial: Read; given: SettingFilters; maySet: boolean }) => {
  const { answer, because, isLooking, look } = useLookNow(initial, reads.instanceSettings(initial.instanceId))
  const [filters, setFilters] = useState(given)
  const set = (change: Partial<SettingFilters>) => setFilters((before) => ({ ...before, ...change }))
  useEffect(() => {
    const kept = Object.entries(filters).filter(([name, value]) => value !== '' && !(name === 'show' && value === 'set'))
    const query = new URLSearchParams(kept).toString()
    window.history.replaceState(null, '', query === '' ? window.location.pathname : `?${query}`)
  }, [filters])
  const where = maySet ? { href: `/instances/run/set-parameters?ids=${initial.instanceId}`, whose: initial.title } : null
  const shown = useMemo(() => answer.settings.filter(isShown(filters)), [answer, filters])
  return (
    <div className="page-body">
      <NotSeen because={because} unseen={[answer]} />
      <SeenLine seenAt={answer.seenAt} isLooking={isLooking} onLook={look} />
      <Card title={`Settings${answer.version === null ? '' : ` of PostgreSQL ${answer.version}`}`} isFlush>
        <div className="settings-bar">
          <Field label="Search">
            {(ids) => (
              <input {...ids} className="input" type="search" value={filters.q} onChange={(event) => set({ q: event.target.value })} />
            )}
          </Field>
          <Field label="Show">
            {(ids) => (
              <select {...ids} className="input w-auto" value={filters.show} onChange={(event) => set({ show: event.target.value })}>
                {Object.entries(kinds).map(([value, words]) => (
                  <option key={value} value={value}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {(['category', 'source'] as const).map((field) => (
            <Field key={field} label={field === 'category' ? 'Category' : 'Source'}>
              {(ids) => (
                <select {...ids} className="input w-auto" value={filters[field]} onChange={(event) => set({ [field]: event.target.value })}>
                  <option value="">any</option>
                  {choices(answer.settings, field).map((one) => (
                    <option key={one}>{one}</option>
                  ))}
                </select>
              )}
            </Field>
          ))}
        </div>
        <p className="settings-seen" role="status">
          {counted(shown.length, 'setting')} of {answer.settings.length}.
        </p>
        {shown.length > 0 && <SettingsTable settings={shown} where={where} />}
      </Card>
      <SettingChanges changes={answer.changes} />
    </div>
  )
}

const SettingsTable = ({ settings, where }: { settings: readonly ShownSetting[]; where: SetWhere | null }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: settings">
    <table className="sheet" data-density="dense">
      <thead>
        <tr>
          {['Setting', 'Value', 'Default', 'Source', 'Takes effect by', 'Category'].map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
          {where !== null && (
            <th scope="col">
              <span className="sr-only">Set</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {settings.map((one) => (
          <tr key={one.name}>
            <th scope="row" title={one.description}>
              {one.name}
            </th>
            <td className="settings-value" title={one.shown}>
              {one.shown === one.defaultShown ? visible(one.shown) : <strong>{visible(one.shown)}</strong>}
              {one.isPendingRestart && (
                <span className="st warn"> {one.pendingShown === null ? 'changes' : visible(one.pendingShown)} after a restart</span>
              )}
            </td>
            <td className="settings-value" title={one.defaultShown}>
              {visible(one.defaultShown)}
            </td>
            <td title={one.file ?? undefined}>{sourceOf(one)}</td>
            <td>{takesEffect(one.context)}</td>
            <td>{one.category}</td>
            {where !== null && <td>{canSet(one) && <SetValue setting={one} where={where} />}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)
