'use client'

import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from './button'

/** Copies `text`. `label` names what is copied ("Copy the public key"); it is the accessible name, and shown unless `isIcon`. */
export const CopyButton = ({ text, label, isIcon = false }: { text: string; label: string; isIcon?: boolean }) => {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2_000)
    return () => clearTimeout(timer)
  }, [state])
  const copy = () => copyText(text).then((done) => setState(done ? 'copied' : 'refused'))
  const said = state === 'copied' ? 'Copied' : state === 'refused' ? 'The browser refused; select and copy by hand' : label
  return (
    <Button
      isSmall
      isIcon={isIcon}
      variant={isIcon ? 'quiet' : 'plain'}
      onClick={copy}
      aria-label={isIcon ? said : undefined}
      title={isIcon ? said : undefined}
    >
      {state === 'copied' ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      {!isIcon && <span aria-live="polite">{said}</span>}
    </Button>
  )
}

/** The clipboard API exists only behind https and on localhost; elsewhere a selected text area still works. */
const copyText = async (text: string): Promise<boolean> => {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      return false
    }
  }
  const area = document.createElement('textarea')
  area.value = text
  area.style.cssText = 'position:fixed;opacity:0'
  document.body.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  return isDone
}
