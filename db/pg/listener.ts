import pg from 'pg'

type Handler = (payload: string) => void

const firstPauseMs = 200
const longestPauseMs = 5_000

/** One LISTEN connection for a whole process; it comes back by itself. */
export class Listener {
  readonly #handlers = new Map<string, Set<Handler>>()
  #client: pg.Client | null = null
  #connecting: Promise<void> | null = null
  #listening: Promise<unknown> = Promise.resolve()
  #isClosed = false
  #retry: NodeJS.Timeout | null = null

  constructor(private readonly connectionString: string) {}

  async add(channel: string, handler: Handler): Promise<() => void> {
    const handlers = this.#handlers.get(channel) ?? new Set()
    const isNew = handlers.size === 0
    handlers.add(handler)
    this.#handlers.set(channel, handlers)
    if (!this.#client) {
      // A database that is down now does not stop the caller: the retry picks the channel up.
      if (!this.#retry) this.#connecting ??= this.#connect(firstPauseMs, false)
      await this.#connecting
    } else if (isNew) await this.#listenLater(this.#client, channel)
    return () => {
      handlers.delete(handler)
    }
  }

  /** One after the other: a client takes no second statement while it works on the first. */
  #listenLater(client: pg.Client, channel: string): Promise<unknown> {
    this.#listening = this.#listening.catch(() => {}).then(() => client.query(`listen ${pg.escapeIdentifier(channel)}`))
    return this.#listening
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#retry) clearTimeout(this.#retry)
    await this.#connecting?.catch(() => {})
    const client = this.#client
    this.#client = null
    await client?.end().catch(() => {})
  }

  async #connect(pauseMs: number, isAgain: boolean): Promise<void> {
    const client = new pg.Client({
      connectionString: this.connectionString,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      application_name: 'matriarch listen',
    })
    let isDone = false
    const lost = () => {
      if (isDone) return
      isDone = true
      if (this.#client === client) this.#client = null
      client.end().catch(() => {})
      if (this.#isClosed) return
      this.#retry = setTimeout(() => {
        this.#retry = null
        this.#connecting = this.#connect(Math.min(pauseMs * 2, longestPauseMs), true)
      }, pauseMs)
      this.#retry.unref()
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', ({ channel, payload }) => {
      for (const handler of this.#handlers.get(channel) ?? []) handler(payload ?? '')
    })
    try {
      await client.connect()
      // Channels may be added while the ones before are being listened to.
      const listening = new Set<string>()
      for (let missing = this.#missing(listening); missing.length > 0; missing = this.#missing(listening))
        for (const channel of missing) {
          await client.query(`listen ${pg.escapeIdentifier(channel)}`)
          listening.add(channel)
        }
      if (isDone) return
      this.#client = client
      if (isAgain) for (const handlers of this.#handlers.values()) for (const handler of handlers) handler('')
    } catch {
      lost()
    } finally {
      this.#connecting = null
    }
  }

  #missing(listening: ReadonlySet<string>): string[] {
    return [...this.#handlers.keys()].filter((channel) => !listening.has(channel))
  }
}
