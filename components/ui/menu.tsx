'use client'

import Link from 'next/link'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'

/** Inside the page's main part, so that what is read aloud stays in a landmark; the body where there is none. */
const contentOf = () => (typeof document === 'undefined' ? null : document.getElementById('content'))

/** A menu under a trigger (one focusable element). Items are `MenuItem`, `MenuLink`, `MenuLabel`, `MenuLine`. */
export const Menu = ({
  trigger,
  children,
  align = 'start',
  isOpen,
  onOpenChange,
}: {
  trigger: ReactNode
  children: ReactNode
  align?: 'start' | 'end'
  isOpen?: boolean
  onOpenChange?: (isOpen: boolean) => void
}) => (
  <DropdownMenu.Root open={isOpen} onOpenChange={onOpenChange} modal={false}>
    <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
    <DropdownMenu.Portal container={contentOf()}>
      <DropdownMenu.Content className="menu" align={align} sideOffset={4} collisionPadding={8}>
        {children}
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  </DropdownMenu.Root>
)

/** With `because` the item is shown but does nothing: it stays focusable so that the reason can be read. */
export const MenuItem = ({
  children,
  onSelect,
  because,
  isDanger = false,
  icon,
}: {
  children: ReactNode
  onSelect?: () => void
  because?: string | null
  isDanger?: boolean
  icon?: ReactNode
}) => (
  <DropdownMenu.Item
    className="menu-item"
    data-danger={isDanger && !because ? '' : undefined}
    aria-disabled={because ? true : undefined}
    onSelect={(event) => {
      if (because) event.preventDefault()
      else onSelect?.()
    }}
  >
    {icon}
    <span>
      {children}
      {because && <span className="because">{because}</span>}
    </span>
  </DropdownMenu.Item>
)

export const MenuLink = ({
  href,
  children,
  isDanger = false,
  icon,
}: {
  href: string
  children: ReactNode
  isDanger?: boolean
  icon?: ReactNode
}) => (
  <DropdownMenu.Item asChild>
    <Link href={href} prefetch={false} className="menu-item" data-danger={isDanger ? '' : undefined}>
      {icon}
      <span>{children}</span>
    </Link>
  </DropdownMenu.Item>
)

export const MenuChoice = ({ isChosen, children, onSelect }: { isChosen: boolean; children: ReactNode; onSelect: () => void }) => (
  <DropdownMenu.CheckboxItem
    className="menu-item"
    checked={isChosen}
    onSelect={(event) => {
      event.preventDefault()
      onSelect()
    }}
  >
    <span aria-hidden="true" className="w-4 text-center">
      {isChosen ? '✓' : ''}
    </span>
    <span>{children}</span>
  </DropdownMenu.CheckboxItem>
)

export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <DropdownMenu.Label className="menu-label">{children}</DropdownMenu.Label>
)
export const MenuLine = () => <DropdownMenu.Separator className="menu-line" />
