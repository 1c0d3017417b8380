'use client'

import { PlayIcon } from '@/components/ui/icons'
import { LazyMenu } from '@/components/ui/lazy-menu'
import { MenuItem, MenuLabel, MenuLine } from '@/components/ui/menu'
import type { Danger } from '@/lib/kernel/operation/plan'
import { targetsMax } from '@/lib/shapes/plan'
import type { ListAction } from './list-data'

const groups: readonly { danger: Danger; label: string }[] = [
  { danger: 'routine', label: 'Routine' },
  { danger: 'disruptive', label: 'Disconnects clients' },
  { danger: 'destructive', label: 'Costs data or redundancy' },
]
const count = new Intl.NumberFormat('en')

/** Every operation of the resource; what cannot be done now stays, with the reason. */
export const ActionsMenu = ({
  actions,
  chosen,
  noun,
  isOpen,
  onOpenChange,
  onRun,
}: {
  actions: readonly ListAction[]
  /** How many rows are ticked. */
  chosen: number
  noun: readonly [string, string]
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  onRun: (action: ListAction) => void
}) => {
  const reason =
    chosen === 0
      ? `Tick ${noun[1]} first.`
      : chosen > targetsMax
        ? `At most ${count.format(targetsMax)} at once; ${count.format(chosen)} are ticked.`
        : null
  return (
    <LazyMenu label="Actions" icon={<PlayIcon />} variant={chosen > 0 ? 'primary' : 'plain'} isOpen={isOpen} onOpenChange={onOpenChange}>
      {() =>
        groups
          .map((group) => ({ ...group, actions: actions.filter((action) => action.danger === group.danger) }))
          .filter((group) => group.actions.length > 0)
          .map((group, index) => (
            <div key={group.danger}>
              {index > 0 && <MenuLine />}
              <MenuLabel>{group.label}</MenuLabel>
              {group.actions.map((action) => (
                <MenuItem
                  key={action.name}
                  isDanger={group.danger === 'destructive'}
                  because={action.because ?? reason}
                  onSelect={() => onRun(action)}
                >
                  {action.verb}
                  {chosen > 0 && !action.because ? ` ${count.format(chosen)}…` : ''}
                </MenuItem>
              ))}
            </div>
          ))
      }
    </LazyMenu>
  )
}
