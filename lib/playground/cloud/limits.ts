import { CloudFault } from './fault'
import type { RateLimit } from './state'

/** EC2's own; other services have words of theirs. */
const tooMany = () => new CloudFault('RequestLimitExceeded', 'Request limit exceeded.', 503)

/** Token buckets, one for each key: a request without a token is refused. */
export class Limits {
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>()
  private forced = 0
  /** How many requests were refused. */
  refused = 0

  /** The next so many requests are refused, whoever asks. */
  force(requests: number): void {
    this.forced = requests
  }

  take(key: string, { burst, perSecond }: RateLimit, nowMs: number, refusal = tooMany): void {
    const bucket = this.buckets.get(key) ?? { tokens: burst, atMs: nowMs }
    const tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
    const isRefused = this.forced > 0 || tokens < 1
    this.buckets.set(key, { tokens: isRefused ? tokens : tokens - 1, atMs: nowMs })
    if (!isRefused) return
    this.forced = Math.max(0, this.forced - 1)
    this.refused += 1
    throw refusal()
  }
}
