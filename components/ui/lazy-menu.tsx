'use client'

import { type ReactNode, type RefObject, useState } from 'react'
import { Button, type ButtonVariant } from './button'
import { Menu } from './menu'

/**
 * A button that becomes a menu when first used: a page with many menus renders buttons only.
 * `children` is called when it opens. Give `isOpen` and `onOpenChange` together to open it from elsewhere.
 */
export const LazyMenu = ({
  label,
  accessibleLabel,
  icon,
  variant = 'plain',
  isSmall = false,
  align,
  isOpen: outside,
  onOpenChange,
  buttonRef,
  children,
}: {
  label: ReactNode
  accessibleLabel?: string
  icon?: ReactNode
  variant?: ButtonVariant
  isSmall?: boolean
  align?: 'start' | 'end'
  isOpen?: boolean
  onOpenChange?: (isOpen: boolean) => void
  buttonRef?: RefObject<HTMLButtonElement | null>
  children: () => ReactNode
}) => {
  const [inside, setInside] = useState(false)
  const [isUsed, setIsUsed] = useState(false)
  const isOpen = outside ?? inside
  const setOpen = (next: boolean) => {
    setIsUsed(true)
    setInside(next)
    onOpenChange?.(next)
  }
  const face = (
    <>
      {icon}
      {label && <span>{label}</span>}
    </>
  )
  if (!isUsed && !isOpen)
    return (
      <Button
        variant={variant}
        isSmall={isSmall}
        aria-haspopup="menu"
        aria-expanded={false}
        aria-label={accessibleLabel}
        ref={buttonRef}
        onClick={() => setOpen(true)}
      >
        {face}
      </Button>
    )
  return (
    <Menu
      align={align}
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={
        <Button variant={variant} isSmall={isSmall} aria-label={accessibleLabel} ref={buttonRef}>
          {face}
        </Button>
      }
    >
      {children()}
    </Menu>
  )
}
