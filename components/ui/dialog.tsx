'use client'

import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { Button } from './button'

/** A dialog for choosing and reading. Confirming an act is a page, never this. Focus returns to where it was. */
export const Dialog = ({
  isOpen,
  onClose,
  title,
  description,
  children,
  isBare = false,
}: {
  isOpen: boolean
  onClose: () => void
  title: string
  description?: string
  children: ReactNode
  /** Without the title bar; the title is still announced. */
  isBare?: boolean
}) => (
  <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
    <Radix.Portal>
      <Radix.Overlay className="shade" />
      <Radix.Content className="dialog" aria-describedby={undefined}>
        {isBare ? (
          <Radix.Title className="sr-only">{title}</Radix.Title>
        ) : (
          <div className="flex items-start gap-3 border-b border-line px-4 py-3">
            <div>
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {description && <Radix.Description className="text-ink-2">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <Button variant="quiet" isSmall isIcon className="ml-auto" aria-label="Close">
                <X aria-hidden="true" />
              </Button>
            </Radix.Close>
          </div>
        )}
        {children}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
)
