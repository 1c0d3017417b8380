import { hkdfSync } from 'node:crypto'
import { authSecret } from '@/lib/env'
import { boxKeyOf, closeBox, openBox, publicHalf } from '@/lib/kernel/ground/sealed-box'

/** For secrets of people that the web process keeps in the database: opened with AUTH_SECRET alone, which the database does not hold. `use`: each has a key of its own. */
export const sealedUnder = (use: string) => {
  const key = () => boxKeyOf(Buffer.from(hkdfSync('sha256', authSecret(), '', use, 32)))
  return {
    /** Bound to its purpose, such as the person it is of. */
    seal: (text: string, purpose: string): string => closeBox(publicHalf(key()), text, purpose),
    /** null: AUTH_SECRET is another one by now, or somebody changed it. */
    open: (sealed: string, purpose: string): string | null => {
      try {
        return openBox(key(), sealed, purpose)
      } catch {
        return null
      }
    },
  }
}
