'use client'

import { useEffect, useRef, useState } from 'react'
import type { StreamAddress } from '@/lib/shapes/streams'

/** refused: the login ended or the right was taken away; finished: there is nothing more to come. Neither reconnects. */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'finished' | 'refused'

export type Handlers<Stream> = { [Name in keyof Stream]?: (data: Stream[Name]) => void }
/** As they are kept for any stream: the address they were given with says what comes. */
type AnyHandlers = Record<string, ((data: unknown) => void) | undefined>

interface Subscriber {
  handlers: () => AnyHandlers
  onState: (state: LiveState) => void
}

interface Source {
  subscribers: Set<Subscriber>
  state: LiveState
  attach: (event: string) => void
  close: () => void
}

/** One connection per address and tab, however many components listen: browsers allow six to one host. */
const sources = new Map<string, Source>()
const retryMs = 3_000

const open = (url: string): Source => {
  let events: EventSource | null = null
  let retry: ReturnType<typeof setTimeout> | null = null
  const listening = new Set<string>()
  const source: Source = {
    subscribers: new Set(),
    state: 'connecting',
    attach: (name) => {
      if (listening.has(name) || !events) return
      listening.add(name)
      events.addEventListener(name, (event) => {
        const data: unknown = JSON.parse((event as MessageEvent<string>).data)
        for (const subscriber of source.subscribers) subscriber.handlers()[name]?.(data)
      })
    },
    close: () => {
      if (retry) clearTimeout(retry)
      events?.close()
      sources.delete(url)
    },
  }
  const become = (state: LiveState) => {
    source.state = state
    for (const subscriber of source.subscribers) subscriber.onState(state)
  }
  const connect = () => {
    listening.clear()
    events = new EventSource(url)
    events.onopen = () => become('live')
    events.onerror = () => {
      become('reconnecting')
      // A refused request closes the source for good; a later try finds out whether the refusal lasts.
      if (events?.readyState === EventSource.CLOSED) retry = setTimeout(connect, retryMs)
    }
    events.addEventListener('end', (event) => {
      events?.close()
      become(JSON.parse((event as MessageEvent<string>).data) === 'finished' ? 'finished' : 'refused')
    })
    for (const subscriber of source.subscribers) for (const name of Object.keys(subscriber.handlers())) source.attach(name)
  }
  connect()
  sources.set(url, source)
  return source
}

/** Listens to a stream of server-sent events while mounted; null: not now. Handlers may change between renders; their names may not. */
export const useLive = <Stream extends object>(url: StreamAddress<Stream> | null, handlers: Handlers<Stream>): LiveState => {
  const [state, setState] = useState<LiveState>('connecting')
  const latest = useRef(handlers as AnyHandlers)
  latest.current = handlers as AnyHandlers
  useEffect(() => {
    if (url === null) return
    const source = sources.get(url) ?? open(url)
    const subscriber: Subscriber = { handlers: () => latest.current, onState: setState }
    source.subscribers.add(subscriber)
    for (const name of Object.keys(latest.current)) source.attach(name)
    setState(source.state)
    return () => {
      source.subscribers.delete(subscriber)
      if (source.subscribers.size === 0) source.close()
    }
  }, [url])
  return state
}
