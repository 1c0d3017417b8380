'use client'

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { rememberLook } from '@/components/ui/zone'

export interface Shortcut {
  /** `j`, `/`, `?`, or a sequence such as `g h`. */
  keys: string
  label: string
  group: string
  run: () => void
}

interface Keyboard {
  isOn: boolean
  setOn: (isOn: boolean) => void
  register: (shortcut: Shortcut) => () => void
  all: () => readonly Shortcut[]
}

const KeyboardContext = createContext<Keyboard | null>(null)
const sequenceMs = 1_200

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)))

/** One listener for the page. Single keys are off while typing, in dialogs and menus, with a modifier, and when the person turned them off. */
export const KeyboardProvider = ({ isOn: wasOn, children }: { isOn: boolean; children: ReactNode }) => {
  const [isOn, setIsOn] = useState(wasOn)
  const shortcuts = useRef<Shortcut[]>([])
  const register = useCallback((shortcut: Shortcut) => {
    shortcuts.current.push(shortcut)
    return () => {
      shortcuts.current = shortcuts.current.filter((one) => one !== shortcut)
    }
  }, [])

  useEffect(() => {
    if (!isOn) return
    let prefix = ''
    let prefixAt = 0
    const onKey = (event: KeyboardEvent) => {
      // It is held for what is typed next: g %.
      if (event.key === 'Shift') return
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return
      if (event.target instanceof HTMLElement && event.target.closest('[role="dialog"],[role="menu"]')) return
      const typed = prefix && event.timeStamp - prefixAt < sequenceMs ? `${prefix} ${event.key}` : event.key
      // The last one registered wins, so a page may take over a key of the shell.
      const hit = shortcuts.current.findLast((one) => one.keys === typed)
      prefix = ''
      if (hit) {
        event.preventDefault()
        hit.run()
      } else if (shortcuts.current.some((one) => one.keys.startsWith(`${event.key} `))) {
        prefix = event.key
        prefixAt = event.timeStamp
      }
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [isOn])

  const keyboard = useMemo<Keyboard>(
    () => ({
      isOn,
      setOn: (next) => {
        rememberLook('keys', next ? 'on' : 'off')
        setIsOn(next)
      },
      register,
      all: () => shortcuts.current,
    }),
    [isOn, register],
  )
  return <KeyboardContext.Provider value={keyboard}>{children}</KeyboardContext.Provider>
}

export const useKeyboard = (): Keyboard => {
  const keyboard = useContext(KeyboardContext)
  if (!keyboard) throw new Error('useKeyboard needs a KeyboardProvider above it')
  return keyboard
}

/** Registers shortcuts while the component is mounted; `run` may change between renders without registering again. */
export const useShortcuts = (group: string, shortcuts: readonly Omit<Shortcut, 'group'>[]) => {
  const { register } = useKeyboard()
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  const shape = shortcuts.map((one) => `${one.keys}\t${one.label}`).join('\n')
  useEffect(() => {
    const undo = shape
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [keys = '', label = ''] = line.split('\t')
        return register({ keys, label, group, run: () => latest.current.find((one) => one.keys === keys)?.run() })
      })
    return () => undo.forEach((one) => void one())
  }, [register, group, shape])
}
