import { useEffect } from 'react'

const alarmIcon = '/icon-alarm.svg'

/**
 * Says in the browser's tab what is broken, with a dot on the icon; `alarm` null, and leaving the page, put both back. Next writes title and icon whenever
 * the metadata of a page arrives, which may be after this has spoken: what it wrote is kept for the end, and said over.
 */
export const useTabAlarm = (alarm: string | null): void => {
  useEffect(() => {
    if (alarm === null) return
    const said = `${alarm} · Matriarch`
    let title = document.title
    const icons = new Map<Element, string>()
    const say = (): void => {
      if (document.title !== said) {
        title = document.title
        document.title = said
      }
      for (const link of document.querySelectorAll('link[rel~="icon"]')) {
        const href = link.getAttribute('href')
        if (href === null || href === alarmIcon) continue
        icons.set(link, href)
        link.setAttribute('href', alarmIcon)
      }
    }
    const watch = new MutationObserver(say)
    watch.observe(document.head, { subtree: true, childList: true, characterData: true })
    say()
    return () => {
      watch.disconnect()
      document.title = title
      for (const [link, href] of icons) link.setAttribute('href', href)
    }
  }, [alarm])
}
