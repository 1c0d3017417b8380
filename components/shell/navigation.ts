import type { Permission } from '@/lib/kernel/access/access'

export interface Place {
  href: string
  label: string
  icon:
    | 'fleet'
    | 'instances'
    | 'herds'
    | 'servers'
    | 'dr-pairs'
    | 'poolers'
    | 'names'
    | 'environments'
    | 'runs'
    | 'scheduled'
    | 'failovers'
    | 'certificates'
    | 'discovery'
    | 'changes'
    | 'audit'
    | 'people'
    | 'grants'
    | 'tokens'
    | 'settings'
    | 'help'
  /** Second key after `g`. */
  key: string
  /** Shown only to who holds it somewhere. */
  permission?: Permission
}

/** The order of the menu; a group is set apart by space. */
export const places: readonly { label: string; places: readonly Place[] }[] = [
  {
    label: 'Fleet',
    places: [
      { href: '/', label: 'Fleet', icon: 'fleet', key: 'f' },
      { href: '/instances', label: 'Instances', icon: 'instances', key: 'i', permission: 'instance.view' },
      { href: '/herds', label: 'Herds', icon: 'herds', key: 'h', permission: 'herd.view' },
      { href: '/dr-pairs', label: 'DR pairs', icon: 'dr-pairs', key: 'x', permission: 'dr-pair.view' },
      { href: '/servers', label: 'Servers', icon: 'servers', key: 's', permission: 'server.view' },
      { href: '/poolers', label: 'Poolers', icon: 'poolers', key: 'b', permission: 'pooler.view' },
      { href: '/names', label: 'DNS names', icon: 'names', key: 'm', permission: 'name.view' },
      { href: '/dns-zones', label: 'DNS zones', icon: 'names', key: 'z', permission: 'dns-zone.view' },
      { href: '/environments', label: 'Environments', icon: 'environments', key: 'e', permission: 'environment.view' },
    ],
  },
  {
    label: 'Work',
    places: [
      { href: '/runs', label: 'Runs', icon: 'runs', key: 'r', permission: 'run.view' },
      { href: '/scheduled-runs', label: 'Scheduled', icon: 'scheduled', key: 'u', permission: 'scheduled-run.view' },
      { href: '/failovers', label: 'Failovers', icon: 'failovers', key: 'l', permission: 'failover.view' },
      { href: '/certificates', label: 'Certificates', icon: 'certificates', key: 'v', permission: 'certificate.view' },
      { href: '/discovery', label: 'Discovery', icon: 'discovery', key: 'd', permission: 'discovered-host.view' },
      { href: '/changes', label: 'Changes', icon: 'changes', key: 'c', permission: 'change.view' },
      { href: '/audit', label: 'Audit', icon: 'audit', key: 'a', permission: 'audit.view' },
    ],
  },
  {
    label: 'People & access',
    places: [
      { href: '/people', label: 'People', icon: 'people', key: 'p', permission: 'person.view' },
      { href: '/grants', label: 'Grants', icon: 'grants', key: 'n', permission: 'grant.view' },
      { href: '/tokens', label: 'Tokens', icon: 'tokens', key: 't' },
      { href: '/settings', label: 'Settings', icon: 'settings', key: 'o', permission: 'person.view' },
    ],
  },
  { label: 'Help', places: [{ href: '/help', label: 'Help', icon: 'help', key: '?' }] },
]
