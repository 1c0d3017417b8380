'use client'

import { Keyboard, LogOut, Monitor, Moon, ShieldUser, Sun } from 'lucide-react'
import { useState } from 'react'
import { UpDownIcon } from '@/components/ui/icons'
import { Menu, MenuItem, MenuLabel, MenuLine, MenuLink } from '@/components/ui/menu'
import { rememberLook } from '@/components/ui/zone'

const themes = [
  { value: 'system', label: 'As the system', icon: <Monitor aria-hidden="true" /> },
  { value: 'light', label: 'Light', icon: <Sun aria-hidden="true" /> },
  { value: 'dark', label: 'Dark', icon: <Moon aria-hidden="true" /> },
]

const leave = async () => {
  const { signOut } = await import('next-auth/react')
  await signOut({ callbackUrl: '/login?out=1' })
}

/** Who is signed in and what they may do, the theme, the keyboard, and the way out. */
export const PersonMenu = ({
  name,
  role,
  theme: remembered,
  onShortcuts,
}: {
  name: string
  role: string
  theme: string
  onShortcuts: () => void
}) => {
  const [theme, setTheme] = useState(remembered)
  const choose = (value: string) => {
    rememberLook('theme', value)
    if (value === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = value
    setTheme(value)
  }
  return (
    <Menu
      trigger={
        <button type="button" className="menu-item w-full">
          <span className="min-w-0 flex-1">
            <span className="block truncate font-semibold">{name}</span>
            <span className="block truncate text-xs text-ink-2">{role}</span>
          </span>
          <UpDownIcon />
        </button>
      }
    >
      <MenuLabel>Theme</MenuLabel>
      {themes.map((one) => (
        <MenuItem key={one.value} icon={one.icon} onSelect={() => choose(one.value)}>
          {one.label}
          {theme === one.value && <span className="text-ink-2"> (now)</span>}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuLink href="/account" icon={<ShieldUser aria-hidden="true" />}>
        Your account
      </MenuLink>
      <MenuItem icon={<Keyboard aria-hidden="true" />} onSelect={onShortcuts}>
        Keyboard
      </MenuItem>
      <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={leave}>
        Sign out
      </MenuItem>
    </Menu>
  )
}
