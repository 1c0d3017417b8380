import { capital } from '@/lib/domain/values/capital'
import { type Actor, mayAnywhere, type Permission } from '@/lib/kernel/access/access'
import { type MenuGroup, type MenuPlace, menuGroups, type ShownGroup } from '@/lib/kernel/resource/menu'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resources } from '.'

interface Place extends MenuPlace {
  group: MenuGroup
  /** Shown only to who holds it somewhere. */
  permission?: Permission
}

/** Pages that are no resource's: the first of their group, and the last. */
const firstPages: readonly Place[] = [{ group: 'Fleet', href: '/', label: 'Fleet', icon: 'grid', key: 'f' }]
const lastPages: readonly Place[] = [
  { group: 'Fleet', href: '/prices', label: 'Prices', icon: 'coins', key: '$', permission: 'machine.view' },
  { group: 'Fleet', href: '/savings', label: 'Savings', icon: 'coins', key: '9', permission: 'machine.view' },
  { group: 'Fleet', href: '/postgresql-settings', label: 'Find settings', icon: 'list', key: 'j', permission: 'instance.view' },
  { group: 'Work', href: '/pygmy-scripts', label: 'pygmy scripts', icon: 'merge', key: '0', permission: 'sizing-rule.view' },
  { group: 'People & access', href: '/settings', label: 'Settings', icon: 'settings', key: 'o', permission: 'person.view' },
  { group: 'Help', href: '/help', label: 'Help', icon: 'question', key: '?' },
]

/** Keys after `g` that no resource may take. */
export const takenKeys: ReadonlySet<string> = new Set([...firstPages, ...lastPages].map(({ key }) => key))

const placeOf = ({ name, path, noun, scope, menu }: Resource): Place[] =>
  menu
    ? [
        {
          group: menu.group,
          href: menu.href ?? `/${path}`,
          label: menu.label ?? capital(noun[1]),
          icon: menu.icon,
          key: menu.key,
          // Everybody may see what is theirs.
          permission: typeof scope === 'object' && 'owner' in scope ? undefined : `${name}.view`,
        },
      ]
    : []

/** The menu as this person may use it; a group without places is left out. */
export const menuFor = (actor: Actor): ShownGroup[] => {
  const places = [...firstPages, ...resources.flatMap(placeOf), ...lastPages].filter(
    ({ permission }) => permission === undefined || mayAnywhere(actor, permission),
  )
  return menuGroups
    .map((label) => ({
      label,
      places: places.filter(({ group }) => group === label).map(({ href, label, icon, key }) => ({ href, label, icon, key })),
    }))
    .filter((group) => group.places.length > 0)
}
