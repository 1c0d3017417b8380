import type { MouseEvent } from 'react'

/** The address of the link under a plain click that stays in this tab and in the console's pages; null: leave the click to the browser. */
export const hrefToFollow = (event: MouseEvent): string | null => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return null
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const href = link?.getAttribute('href')
  if (!link || !href?.startsWith('/') || href.startsWith('//') || link.target || link.hasAttribute('download')) return null
  return /^\/(api|agent|_next)\//.test(href) ? null : href
}
