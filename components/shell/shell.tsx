'use client'

import {
  Boxes,
  CircleHelp,
  ClipboardList,
  Database,
  Inbox,
  KeyRound,
  LayoutGrid,
  type LucideIcon,
  Menu as MenuIcon,
  Network,
  PlayCircle,
  ScrollText,
  Search,
  Server,
  Settings,
  Shield,
  Users,
} from 'lucide-react'
import dynamic from 'next/dynamic'
import Link from 'next/link'
import { usePathname, useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { useShortcuts } from './keyboard'
import { Mark } from './mark'
import { type Place, places } from './navigation'
import { PersonMenu } from './person-menu'

const Palette = dynamic(() => import('./palette').then((m) => m.Palette), { ssr: false })
const ShortcutsHelp = dynamic(() => import('./shortcuts-help').then((m) => m.ShortcutsHelp), { ssr: false })

const icons: Record<Place['icon'], LucideIcon> = {
  fleet: LayoutGrid,
  instances: Database,
  herds: Network,
  servers: Server,
  environments: Boxes,
  runs: PlayCircle,
  discovery: Inbox,
  changes: ClipboardList,
  audit: ScrollText,
  people: Users,
  grants: Shield,
  tokens: KeyRound,
  settings: Settings,
  help: CircleHelp,
}

const isHere = (pathname: string, href: string) => (href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`))

/** Frame of every console page. `hrefs` are the places this person may open. */
export const Shell = ({
  hrefs,
  name,
  role,
  theme,
  children,
}: {
  hrefs: readonly string[]
  name: string
  role: string
  theme: string
  children: ReactNode
}) => {
  const pathname = usePathname()
  const router = useRouter()
  const [isNavOpen, setNavOpen] = useState(false)
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null)
  const shown = places
    .map((group) => ({ ...group, places: group.places.filter((place) => hrefs.includes(place.href)) }))
    .filter((group) => group.places.length > 0)

  useShortcuts('Go to', [
    ...shown.flatMap((group) =>
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

  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="contents">
        <div className="topbar">
          <Button
            look="quiet"
            isIcon
            aria-label="Menu"
            aria-expanded={isNavOpen}
            aria-controls="side"
            onClick={() => setNavOpen(!isNavOpen)}
          >
            <MenuIcon aria-hidden="true" />
          </Button>
          <Link href="/" prefetch={false} className="brand">
            <Mark />
            Matriarch
          </Link>
          <Button look="quiet" isIcon aria-label="Find" className="ml-auto" onClick={() => setOpen('palette')}>
            <Search aria-hidden="true" />
          </Button>
        </div>
        {isNavOpen && <div className="shade lg:hidden" aria-hidden="true" onClick={() => setNavOpen(false)} />}
        <div className="side" id="side" data-open={isNavOpen}>
          <Link href="/" prefetch={false} className="brand">
            <Mark />
            Matriarch
          </Link>
          <button type="button" className="find" onClick={() => setOpen('palette')}>
            <Search aria-hidden="true" />
            Find
            <kbd>Ctrl K</kbd>
          </button>
          <nav aria-label="Main">
            {shown.map((group) => (
              <div key={group.label}>
                <h2>{group.label}</h2>
                {group.places.map((place) => {
                  const Icon = icons[place.icon]
                  return (
                    <Link
                      key={place.href}
                      href={place.href}
                      prefetch={false}
                      aria-current={isHere(pathname, place.href) ? 'page' : undefined}
                    >
                      <Icon aria-hidden="true" />
                      {place.label}
                    </Link>
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
      {open === 'palette' && <Palette places={shown.flatMap((group) => group.places)} onClose={() => setOpen(null)} />}
      {open === 'shortcuts' && <ShortcutsHelp onClose={() => setOpen(null)} />}
    </div>
  )
}
