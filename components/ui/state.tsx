import clsx from 'clsx'
import type { ReactNode } from 'react'
import type { Tone } from '@/lib/kernel/resource/field'

/** A state by shape, word and colour. The word is the child; never leave it out. */
export const State = ({ tone, isPill = false, children }: { tone: Tone; isPill?: boolean; children: ReactNode }) => (
  <span className={clsx('st', tone, isPill && 'pill')}>{children}</span>
)
