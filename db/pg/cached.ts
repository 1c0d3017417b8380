import { listen } from './client'

interface Entry<T> {
  value: Promise<T>
  /** Milliseconds of the process's clock; Infinity while it is being made. */
  until: number
  weight: number
}

/** Next loads this module once per bundle; a save in one must be seen by all. */
const holder = globalThis as unknown as { __matriarchFresh?: Set<Pick<Fresh<unknown>, 'forget'>> }
holder.__matriarchFresh ??= new Set()
const all = holder.__matriarchFresh

/**
 * Answers that may be used again for a moment. They are kept per topic (a resource's name) and forgotten the instant this process, or through
 * PostgreSQL's notification any other, saves something of that topic; what the observer writes shows after at most the given time.
 * Callers that ask for the same thing at once share one answer in the making.
 */
export class Fresh<T> {
  readonly #entries = new Map<string, Entry<T>>()
  #weight = 0

  constructor(private readonly options: { weightMax: number; weightOf?: (value: T) => number }) {
    all.add(this)
  }

  /** `make` gets the answer that has just become too old, where one is still kept. */
  get(topic: string, key: string, make: (before?: Promise<T>) => Promise<T>, lifeMs: (tookMs: number) => number): Promise<T> {
    hear()
    const full = `${topic}\0${key}`
    const found = this.#entries.get(full)
    if (found && found.until > performance.now()) return found.value
    if (found) this.#drop(full)
    const startedAt = performance.now()
    const entry: Entry<T> = { value: make(found?.value), until: Number.POSITIVE_INFINITY, weight: 1 }
    this.#entries.set(full, entry)
    this.#weight += 1
    entry.value.then(
      (value) => {
        if (this.#entries.get(full) !== entry) return
        const now = performance.now()
        entry.until = now + lifeMs(now - startedAt)
        this.#weight -= entry.weight
        entry.weight = this.options.weightOf?.(value) ?? 1
        this.#weight += entry.weight
        this.#shrink()
      },
      () => {
        if (this.#entries.get(full) === entry) this.#drop(full)
      },
    )
    return entry.value
  }

  /** Forgets a topic; `null` forgets everything. An answer in the making is not kept either. */
  forget(topic: string | null): void {
    for (const key of this.#entries.keys()) if (topic === null || key.startsWith(`${topic}\0`)) this.#drop(key)
  }

  #drop(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0
    this.#entries.delete(key)
  }

  /** The oldest go first. */
  #shrink(): void {
    for (const key of this.#entries.keys()) {
      if (this.#weight <= this.options.weightMax) return
      this.#drop(key)
    }
  }
}

/** Called after a save has committed, before its caller hears of it: who saved sees it at once. */
export const forget = (topic: string | null): void => {
  for (const fresh of all) fresh.forget(topic)
}

let isHearing = false
const hear = (): void => {
  if (isHearing) return
  isHearing = true
  // An empty payload says that notifications were lost.
  listen('records', (payload) => forget(payload === '' ? null : payload)).catch(() => {
    isHearing = false
  })
}
