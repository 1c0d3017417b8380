import type { ReactNode } from 'react'
import type { Actor } from '@/lib/kernel/access/access'
import type { CopyLine } from '../copy-lines'
import type { loadObject } from '../load'

export type Loaded = Awaited<ReturnType<typeof loadObject>>
type Part<Props> = (props: Props) => ReactNode | Promise<ReactNode>

/** What the pages of one resource have beyond what its declaration gives every resource. */
export interface ResourceParts {
  /** Above the facts. */
  Above?: Part<{ loaded: Loaded }>
  /** Beside the facts. */
  Beside?: Part<{ loaded: Loaded }>
  /** Beside the form. `environmentId` null: not known yet. */
  BesideForm?: Part<{ actor: Actor; environmentId: string | null }>
  /** Over a table of this resource's rows on another object's page. `by` is the field that points there. */
  OverRelated?: Part<{ actor: Actor; by: string; environmentId: string | null }>
  /** Fields that `Above` shows in its own way. */
  shownAbove?: readonly string[]
  /** Its further pages, by the last part of their address. `hasMany`: it shows several instances. `isInside`: the link to it is in one of these parts, since few have it. */
  pages?: readonly { path: string; label: string; hasMany?: true; isInside?: true }[]
  /** Lines somebody pastes into a terminal. */
  copyLines?: (loaded: Loaded) => CopyLine[] | Promise<CopyLine[]>
}
