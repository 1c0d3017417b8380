'use client'

import { Card } from '@/components/ui/card'
import { usualValue } from '@/lib/domain/settings/compare'
import { counted } from '@/lib/domain/values/counted'
import { reads } from '@/lib/shapes/reads'
import type { ComparedSetting, HerdSettings as Read } from '@/lib/shapes/settings'
import { SettingChanges } from './changes'
import { NotSeen, SeenLine } from './seen'
import { canSet, SetValue, type SetWhere } from './set-value'
import { useLookNow } from './use-look-now'
import { sourceOf, visible } from './words'

/** Members side by side: what differs first, then what is bound to differ, then what all have and the default is not. */
export const HerdSettings = ({ initial, title, maySet }: { initial: Read; title: string; maySet: boolean }) => {
  const { answer, because, isLooking, look } = useLookNow(initial, reads.herdSettings(initial.herdId))
  const { members, settings } = answer
  const of = (group: ComparedSetting['group']) => settings.filter((one) => one.group === group)
  const [different, expected, same] = [of('different'), of('expected'), of('same')]
  const times = members.flatMap(({ seenAt }) => seenAt ?? [])
  const where = maySet
    ? { href: `/dr-pairs/run/set-herd-parameters?of=herd&ids=${initial.herdId}`, whose: `every member of ${title}` }
    : null
  const unseen = members.filter(({ seenAt }) => seenAt === null)
  return (
    <div className="page-body">
      <NotSeen because={because} unseen={members} />
      <SeenLine seenAt={[...times].sort()[0] ?? null} isLooking={isLooking} onLook={look} />
      {members.length > 0 && unseen.length > 0 && <p>Not seen yet: {unseen.map(({ title }) => title).join(', ')}.</p>}
      <Card title="Differences" isFlush>
        {different.length === 0 ? (
          <p className="p-3.5 text-ink-2">{times.length < 2 ? 'Fewer than two members were seen.' : 'The members agree.'}</p>
        ) : (
          <SideBySide label="differences" members={members} settings={different} where={where} />
        )}
        {(
          [
            ['Bound to differ', expected],
            ['The same on every member, not at their default', same],
          ] as const
        ).map(
          ([heading, some]) =>
            some.length > 0 && (
              <details key={heading} className="settings-fold">
                <summary>
                  {heading}: {counted(some.length, 'setting')}
                </summary>
                <SideBySide label={heading.toLowerCase()} members={members} settings={some} where={where} />
              </details>
            ),
        )}
      </Card>
      <SettingChanges changes={answer.changes} hasMany />
    </div>
  )
}

/** What the form begins with: the value of the first member that has one. */
const firstShown = ({ values, defaultShown }: ComparedSetting): string => values.find((one) => one !== null)?.shown ?? defaultShown

const SideBySide = ({
  label,
  members,
  settings,
  where,
}: {
  label: string
  members: Read['members']
  settings: readonly ComparedSetting[]
  where: SetWhere | null
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="relative overflow-x-auto" tabIndex={0} aria-label={`Table: ${label}`}>
    <table className="sheet" data-density="dense">
      <thead>
        <tr>
          <th scope="col">Setting</th>
          {members.map((one) => (
            <th key={one.instanceId} scope="col">
              {one.title}
              <span className="settings-odd"> {one.role}</span>
            </th>
          ))}
          <th scope="col">Default</th>
          {where !== null && (
            <th scope="col">
              <span className="sr-only">Set</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {settings.map((setting) => {
          const usual =
            setting.group === 'different' ? usualValue(setting.values.flatMap((one) => (one === null ? [] : [one.shown]))) : undefined
          return (
            <tr key={setting.name}>
              <th scope="row" title={setting.description}>
                {setting.name}
              </th>
              {setting.values.map((one, index) => {
                const isOdd = usual !== undefined && one !== null && one.shown !== usual
                return (
                  <td
                    key={members[index]!.instanceId}
                    className="settings-value"
                    data-odd={isOdd || undefined}
                    title={one === null ? undefined : `${one.shown} (${one.file === null ? one.source : `${one.file}:${one.line}`})`}
                  >
                    {one === null ? (
                      <span className="settings-odd">not known</span>
                    ) : (
                      <>
                        {isOdd && <span aria-hidden="true">≠ </span>}
                        {visible(one.shown)}
                        <span className="settings-odd"> {sourceOf(one)}</span>
                        {one.isPendingRestart && (
                          <span className="st warn">
                            {' '}
                            {one.pendingShown === null ? 'changes' : visible(one.pendingShown)} after a restart
                          </span>
                        )}
                      </>
                    )}
                  </td>
                )
              })}
              <td className="settings-value">{visible(setting.defaultShown)}</td>
              {where !== null && (
                <td>{canSet(setting) && <SetValue setting={{ ...setting, shown: usual ?? firstShown(setting) }} where={where} />}</td>
              )}
            </tr>
          )
        })}
      </tbody>
    </table>
  </section>
)
