/** Whether the queue's own server answers. */
export interface QueueHealth {
  /** Milliseconds the answer took. Throws `queue.down` within two seconds. */
  ping: () => Promise<number>
}
