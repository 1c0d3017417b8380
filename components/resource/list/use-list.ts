'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import { formatListQuery, type ListQuery, parseListQuery } from '@/lib/kernel/resource/query'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { ListPage } from '@/lib/shapes/list'
import { answerOf, reads } from '@/lib/shapes/reads'
import type { ListBoot } from './list-data'

export interface ListState {
  query: ListQuery
  data: ListPage
  /** A person waits for an answer. */
  isLoading: boolean
  /** Why the last request failed; the rows shown are then the ones before it. */
  problem: string | null
  /** Milliseconds of this browser's clock; the server's for the first page. */
  loadedAt: number
}

export type Change = (query: ListQuery) => ListQuery

const requestTimeoutMs = 20_000

/** Rows of a query, as JSON. Rejects with a sentence to show. */
const fetchRows = async (path: string, search: string, withFacets: boolean, signal: AbortSignal): Promise<ListPage> => {
  const address = reads.rows(path, search, withFacets)
  const response = await fetch(address, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    headers: { accept: 'application/json' },
  })
  if (response.ok) return answerOf(address, response)
  if (response.status === 401) throw new Error('Your session has ended. Sign in again; this page keeps its address.')
  const problem: { detail?: string; title?: string } = await response.json().catch(() => ({}))
  throw new Error(problem.detail ?? problem.title ?? `The console answered ${response.status}.`)
}

const sentenceOf = (error: unknown): string => {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'The console did not answer within 20 seconds.'
  if (error instanceof TypeError) return 'The console cannot be reached.'
  return error instanceof Error ? error.message : 'The list could not be read.'
}

const sameRows = (a: ListQuery, b: ListQuery): boolean => a.search === b.search && JSON.stringify(a.filters) === JSON.stringify(b.filters)

/** The list's state; the address bar says the same at any time. Every change asks for rows only. */
export const useList = (boot: ListBoot, onRows: (before: ListPage, after: ListPage, isQuiet: boolean) => ListPage) => {
  const { resource } = boot
  const [state, setState] = useState<ListState>(() => ({
    query: readQuery(resource, boot.query),
    data: boot.data,
    isLoading: false,
    problem: null,
    loadedAt: boot.now,
  }))
  const latest = useRef(state)
  latest.current = state
  const pending = useRef<AbortController | null>(null)
  const merge = useRef(onRows)
  merge.current = onRows

  const load = useCallback(
    async (query: ListQuery, isQuiet: boolean) => {
      // A quiet refresh never takes the place of something a person asked for.
      if (isQuiet && pending.current) return
      pending.current?.abort()
      const abort = new AbortController()
      pending.current = abort
      const before = latest.current
      if (!isQuiet) setState((now) => ({ ...now, query, isLoading: true, problem: null }))
      try {
        const withFacets = isQuiet || before.data.facets === null || !sameRows(before.query, query)
        const data = await fetchRows(resource.path, formatListQuery(resource, query), withFacets, abort.signal)
        if (abort.signal.aborted) return
        setState((now) => ({
          query,
          data: merge.current(now.data, data.facets ? data : { ...data, facets: now.data.facets }, isQuiet),
          isLoading: false,
          problem: null,
          loadedAt: Date.now(),
        }))
      } catch (error) {
        if (abort.signal.aborted) return
        setState((now) => ({ ...now, isLoading: false, problem: isQuiet ? now.problem : sentenceOf(error) }))
      } finally {
        if (pending.current === abort) pending.current = null
      }
    },
    [resource],
  )

  /** Goes to another query. `replace` keeps the back button for what a person would want to go back to. */
  const go = useCallback(
    (change: Change, options: { replace?: boolean } = {}) => {
      const query = change(latest.current.query)
      const search = formatListQuery(resource, query)
      const address = `/${resource.path}${search ? `?${search}` : ''}`
      if (options.replace) window.history.replaceState(null, '', address)
      else window.history.pushState(null, '', address)
      void load(query, false)
    },
    [resource, load],
  )

  const refresh = useCallback(() => void load(latest.current.query, true), [load])
  const retry = useCallback(() => void load(latest.current.query, false), [load])

  useEffect(() => {
    const follow = () => {
      if (window.location.pathname !== `/${resource.path}`) return
      const query = readQuery(resource, window.location.search)
      if (formatListQuery(resource, query) !== formatListQuery(resource, latest.current.query)) void load(query, false)
    }
    window.addEventListener('popstate', follow)
    return () => window.removeEventListener('popstate', follow)
  }, [resource, load])

  useEffect(() => {
    // The address wins: a page restored by the back button, or one whose link carried sentences about what was left out.
    const shown = formatListQuery(resource, latest.current.query)
    const params = new URLSearchParams(window.location.search)
    const hasNotice = params.has('dropped')
    params.delete('dropped')
    const isImplied = params.size === 0 && shown !== ''
    const asked = formatListQuery(resource, readQuery(resource, params.toString()))
    if (hasNotice || isImplied) window.history.replaceState(null, '', `/${resource.path}${shown ? `?${shown}` : ''}`)
    else if (asked !== shown) void load(readQuery(resource, asked), false)
    return () => pending.current?.abort()
  }, [resource, load])

  return { state, go, refresh, retry }
}

export const readQuery = (resource: ResourceDescription, search: string): ListQuery =>
  parseListQuery(resource, new URLSearchParams(search)).query
