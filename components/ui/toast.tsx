'use client'

import { X } from 'lucide-react'
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react'
import type { Tone } from '@/lib/kernel/resource/field'
import { Button } from './button'
import { Note } from './note'

interface Toast {
  key: number
  tone: Tone
  text: ReactNode
}

const ToastContext = createContext<(tone: Tone, text: ReactNode) => void>(() => {})
const shownMs = 6_000

/** Passing words ("Saved."). Never the only copy of a result: what matters stays on a page. Errors stay until closed. */
export const ToastProvider = ({ children }: { children: ReactNode }) => {
  const [toasts, setToasts] = useState<Toast[]>([])
  const next = useRef(1)
  const close = useCallback((key: number) => setToasts((all) => all.filter((toast) => toast.key !== key)), [])
  const say = useCallback(
    (tone: Tone, text: ReactNode) => {
      const key = next.current++
      setToasts((all) => [...all.slice(-3), { key, tone, text }])
      if (tone !== 'bad') setTimeout(() => close(key), shownMs)
    },
    [close],
  )
  const shown = useMemo(
    () =>
      toasts.map((toast) => (
        <Note
          key={toast.key}
          tone={toast.tone}
          actions={
            <Button variant="quiet" isSmall isIcon aria-label="Dismiss" onClick={() => close(toast.key)}>
              <X aria-hidden="true" />
            </Button>
          }
        >
          {toast.text}
        </Note>
      )),
    [toasts, close],
  )
  return (
    <ToastContext.Provider value={say}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {shown}
      </div>
    </ToastContext.Provider>
  )
}

export const useToast = () => useContext(ToastContext)
