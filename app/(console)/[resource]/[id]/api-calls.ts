import { env } from '@/lib/env'
import type { CopyLine } from './copy-lines'

/** The calls behind this page, ready for a terminal that holds a token. */
export const apiCalls = (path: string, id: string): CopyLine[] => [
  { label: 'Read', text: `curl -H "Authorization: Bearer $MATRIARCH_TOKEN" ${env().MATRIARCH_URL}/api/v1/${path}/${id}` },
  { label: 'Command line', text: `npx matriarch ${path} ${id}` },
]
