'use client'

import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { formatAge, formatLasting, formatMoment, formatUtc, staleAfterMs } from './time'

const ZoneContext = createContext('UTC')

const cookieMaxAgeSeconds = 365 * 24 * 3600

/** Remembers a look (theme, zone, density) in a cookie the server reads, so that the first paint is already right. */
export const rememberLook = (name: string, value: string) => {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing from some browsers we serve.
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${cookieMaxAgeSeconds}; samesite=lax`
}

/** `zone` is the browser's own as the cookie remembers it; on a first visit times are UTC until the browser has told. */
export const ZoneProvider = ({ zone: remembered, children }: { zone: string; children: ReactNode }) => {
  const [zone, setZone] = useState(remembered)
  useEffect(() => {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone
    if (own && own !== remembered) {
      rememberLook('zone', own)
      setZone(own)
    }
  }, [remembered])
  return <ZoneContext.Provider value={zone}>{children}</ZoneContext.Provider>
}

export const useZone = (): string => useContext(ZoneContext)

/** A moment in the person's zone; UTC on hover. */
export const Moment = ({ at }: { at: string }) => {
  const zone = useZone()
  return (
    <time dateTime={at} title={formatUtc(at)} className="whitespace-nowrap">
      {formatMoment(at, zone)}
    </time>
  )
}

/** Milliseconds of this browser's clock, ticking; null while the server's markup is taken over. */
export const useNow = (everyMs: number): number | null => {
  const [now, setNow] = useState<number | null>(null)
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** How long ago, ticking; the moment in UTC on hover. With `fades`, marks what is older than `staleAfterMs`. */
export const Age = ({ at, fades = false }: { at: string; fades?: boolean }) => {
  const now = useNow(1_000)
  const zone = useZone()
  const isStale = fades && now !== null && now - Date.parse(at) > staleAfterMs
  return (
    <time dateTime={at} title={formatUtc(at)} className={isStale ? 'st warn' : 'whitespace-nowrap'}>
      {now === null ? formatMoment(at, zone) : `${formatAge(at, now)}${isStale ? ', stale' : ''}`}
    </time>
  )
}

/** How long something has lasted, ticking, and since when: `for 4 min (since 08:32:14)`; the moment in UTC on hover. */
export const Lasting = ({ since }: { since: string }) => {
  const now = useNow(1_000)
  const zone = useZone()
  return (
    <time dateTime={since} title={formatUtc(since)} className="whitespace-nowrap">
      {now === null ? `since ${formatMoment(since, zone)}` : formatLasting(since, now, zone)}
    </time>
  )
}
