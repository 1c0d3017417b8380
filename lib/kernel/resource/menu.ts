/** What the menu can draw; the shell has one drawing for each. Named by their shape, so that a new resource finds one that fits. */
export const menuIcons = [
  'badge',
  'bell',
  'boxes',
  'calendar',
  'coins',
  'database',
  'globe',
  'grid',
  'inbox',
  'key',
  'list',
  'mail',
  'merge',
  'network',
  'people',
  'play',
  'question',
  'scroll',
  'server',
  'settings',
  'shield',
  'shuffle',
  'swap',
] as const
export type MenuIconName = (typeof menuIcons)[number]

export const menuGroups = ['Fleet', 'Work', 'People & access', 'Help'] as const
export type MenuGroup = (typeof menuGroups)[number]

/** A resource's entry in the menu. Entries of a group stand in the order of `lib/resources/index.ts`. */
export interface MenuEntry {
  group: MenuGroup
  /** Second key after `g`; one character, which no other entry has. */
  key: string
  icon: MenuIconName
  /** Default: the plural noun. */
  label?: string
  /** Default: the resource's list. */
  href?: string
}

/** One line of the menu, as the shell draws it. */
export interface MenuPlace {
  href: string
  label: string
  icon: MenuIconName
  key: string
}
export interface ShownGroup {
  label: string
  places: readonly MenuPlace[]
}
