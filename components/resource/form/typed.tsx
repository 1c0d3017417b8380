'use client'

import { createContext } from 'react'

/** What is typed in the form that a part stands beside, by field, and the id of what it changes; null: there is no form. */
export const Typed = createContext<{ id: string | null; values: Readonly<Record<string, unknown>> } | null>(null)
