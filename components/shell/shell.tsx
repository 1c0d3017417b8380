'use client'

import dynamic from 'next/dynamic'
import { usePathname, useRouter } from 'next/navigation'
import { type MouseEvent, type ReactNode, useEffect, useState, useTransition } from 'react'
import { Button } from '@/components/ui/button'
import {
  BellIcon,
  BoxesIcon,
  CalendarIcon,
  CoinsIcon,
  DatabaseIcon,
  GridIcon,
  HelpIcon,
  InboxIcon,
  KeyIcon,
  ListIcon,
  MailIcon,
  MenuIcon,
  MergeIcon,
  NetworkIcon,
  PlayIcon,
  ProofIcon,
  ScrollIcon,
  SearchIcon,
  ServerIcon,
  SettingsIcon,
  ShieldIcon,
  ShuffleIcon,
  SwapIcon,
  UsersIcon,
  WorldIcon,
} from '@/components/ui/icons'
import type { MenuIconName, ShownGroup } from '@/lib/kernel/resource/menu'
import { hrefToFollow } from './follow'
import { useShortcuts } from './keyboard'
import { Mark } from './mark'
import { PersonMenu } from './person-menu'

const Palette = dynamic(() => import('./palette').then((m) => m.Palette), { ssr: false })
const ShortcutsHelp = dynamic(() => import('./shortcuts-help').then((m) => m.ShortcutsHelp), { ssr: false })

const icons: Record<MenuIconName, () => ReactNode> = {
  badge: ProofIcon,
  bell: BellIcon,
  boxes: BoxesIcon,
  calendar: CalendarIcon,
  coins: CoinsIcon,
  database: DatabaseIcon,
  globe: WorldIcon,
  grid: GridIcon,
  inbox: InboxIcon,
  key: KeyIcon,
  list: ListIcon,
  mail: MailIcon,
  merge: MergeIcon,
  network: NetworkIcon,
  people: UsersIcon,
  play: PlayIcon,
  question: HelpIcon,
  scroll: ScrollIcon,
  server: ServerIcon,
  settings: SettingsIcon,
  shield: ShieldIcon,
  shuffle: ShuffleIcon,
  swap: SwapIcon,
}

const isHere = (pathname: string, href: string) => (href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`))

/** Frame of every console page. `menu` holds the places this person may open. */
export const Shell = ({
  menu,
  name,
  role,
  theme,
  children,
}: {
  menu: readonly ShownGroup[]
  name: string
  role: string
  theme: string
  children: ReactNode
}) => {
  const pathname = usePathname()
  const router = useRouter()
  const [isNavOpen, setNavOpen] = useState(false)
  const [isMoving, startMoving] = useTransition()
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null)

  useShortcuts('Go to', [
    ...menu.flatMap((group) =>
      group.places.map((place) => ({ keys: `g ${place.key}`, label: place.label, run: () => router.push(place.href) })),
    ),
    { keys: '?', label: 'This help', run: () => setOpen('shortcuts') },
  ])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu of the small screen.
  useEffect(() => setNavOpen(false), [pathname])

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
        event.preventDefault()
        setOpen((now) => (now === 'palette' ? null : 'palette'))
      }
      if (event.key === 'Escape') setNavOpen(false)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])

  const findFromMenu = () => {
    setNavOpen(false)
    setOpen('palette')
  }

  /** Links that are plain anchors, in the menu and in tables, go through the router as well: one handler instead of a component each. */
  const followLinks = (event: MouseEvent<HTMLElement>) => {
    const href = hrefToFollow(event)
    if (href === null) return
    event.preventDefault()
    startMoving(() => router.push(href))
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only follows the links inside, which the keyboard reaches by itself.
    // biome-ignore lint/a11y/useKeyWithClickEvents: a link answers the keyboard with a click.
    <div className="shell" onClick={followLinks}>
      {isMoving && <div className="moving" aria-hidden="true" />}
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="contents">
        <div className="topbar">
          <Button
            variant="quiet"
            isIcon
            aria-label="Menu"
            aria-expanded={isNavOpen}
            aria-controls="side"
            onClick={() => setNavOpen(!isNavOpen)}
          >
            <MenuIcon />
          </Button>
          <a href="/" className="brand">
            <Mark />
            Matriarch
          </a>
          <Button variant="quiet" isIcon aria-label="Find" className="ml-auto" onClick={() => setOpen('palette')}>
            <SearchIcon />
          </Button>
        </div>
        {isNavOpen && <div className="shade nav-shade" aria-hidden="true" onClick={() => setNavOpen(false)} />}
        <div className="side" id="side" data-open={isNavOpen}>
          <a href="/" className="brand">
            <Mark />
            Matriarch
          </a>
          <button type="button" className="find" onClick={findFromMenu}>
            <SearchIcon />
            Find
            <kbd>Ctrl K</kbd>
          </button>
          <nav aria-label="Main">
            {menu.map((group) => (
              <div key={group.label}>
                <h2>{group.label}</h2>
                {group.places.map((place) => {
                  const Icon = icons[place.icon]
                  return (
                    <a key={place.href} href={place.href} aria-current={isHere(pathname, place.href) ? 'page' : undefined}>
                      <Icon />
                      {place.label}
                    </a>
                  )
                })}
              </div>
            ))}
          </nav>
          <div className="foot">
            <PersonMenu name={name} role={role} theme={theme} onShortcuts={() => setOpen('shortcuts')} />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      {open === 'palette' && <Palette places={menu.flatMap((group) => group.places)} onClose={() => setOpen(null)} />}
      {open === 'shortcuts' && <ShortcutsHelp onClose={() => setOpen(null)} />}
    </div>
  )
}
