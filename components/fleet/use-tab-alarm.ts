import { useEffect } from 'react'

/** Says in the browser's tab what is broken, with a dot on the icon; `alarm` null, and leaving the page, put both back. */
export const useTabAlarm = (alarm: string | null): void => {
  useEffect(() => {
    if (alarm === null) return
    const icon = document.querySelector<HTMLLinkElement>('link[rel~="icon"]')
    const before = { title: document.title, href: icon?.getAttribute('href') ?? null }
    document.title = `${alarm} · Matriarch`
    icon?.setAttribute('href', '/icon-alarm.svg')
    return () => {
      document.title = before.title
      if (before.href !== null) icon?.setAttribute('href', before.href)
    }
  }, [alarm])
}
