import { Card } from '@/components/ui/card'
import { Moment } from '@/components/ui/zone'
import type { SettingChange } from '@/lib/shapes/settings'
import { placeOf, visible } from './words'

/** What was another value at an earlier look. `hasMany`: of several instances. */
export const SettingChanges = ({ changes, hasMany = false }: { changes: readonly SettingChange[]; hasMany?: boolean }) => (
  <Card title="Changes" isFlush>
    {changes.length === 0 ? (
      <p className="p-3.5 text-ink-2">None has changed since the console first looked.</p>
    ) : (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
      <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: changes of settings">
        <table className="sheet" data-density="dense">
          <thead>
            <tr>
              <th scope="col">Seen</th>
              {hasMany && <th scope="col">Instance</th>}
              <th scope="col">Setting</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              <th scope="col">Source</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((one) => (
              <tr key={`${one.at} ${one.instanceId} ${one.name} ${one.isPending}`}>
                <td>
                  <Moment at={one.at} />
                </td>
                {hasMany && <td>{one.title}</td>}
                <th scope="row">{one.name}</th>
                <td className="settings-value" title={one.oldShown}>
                  {visible(one.oldShown)}
                </td>
                <td className="settings-value" title={one.newShown}>
                  {visible(one.newShown)}
                  {one.isPending && <span className="st warn"> after a restart</span>}
                </td>
                <td title={one.file ?? undefined}>{placeOf(one) ?? one.source}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    )}
  </Card>
)
