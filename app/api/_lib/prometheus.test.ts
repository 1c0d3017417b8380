import { expect, test } from 'vitest'
import { prometheusText } from './prometheus'
import { countRequest, requestCounts } from './requests'

const empty = { instances: [], lag: [], ages: [], jobs: [], workers: 0, workerJobs: 0 }

test('labels are escaped, what is not known has no sample, and every line is one Prometheus reads', () => {
  const text = prometheusText(
    {
      ...empty,
      instances: [{ environment: 'pr"o\\d\n', state: 'online', role: 'primary', count: 3 }],
      lag: [
        { environment: 'dev', bytes: null, seconds: null },
        { environment: 'prod', bytes: 16, seconds: 0.5 },
      ],
    },
    [{ of: 'instance', environment: 'prod', title: 'shop on a', figures: { walBytes: 7 } }],
    [],
  )
  expect(text).toContain('matriarch_instance_wal_bytes{environment="prod",instance="shop on a"} 7\n')
  expect(text).not.toContain('matriarch_instance_active{')
  expect(text).toContain('matriarch_instances{environment="pr\\"o\\\\d\\n",state="online",role="primary"} 3\n')
  expect(text).not.toContain('bytes_max{environment="dev"}')
  expect(text).toContain('matriarch_lag_bytes_max{environment="prod"} 16\n')
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? [0-9.e+-]+)$/)
})

test('durations are a cumulative histogram whose last bucket is the count', () => {
  for (const seconds of [0.001, 0.02, 0.02, 99]) countRequest('GET', '/api/v1/{resource}', 200, seconds)
  const text = prometheusText(empty, [], requestCounts())
  const value = (le: string) => Number(new RegExp(`le="${le.replace('+', '\\+')}"} (\\d+)`).exec(text)?.[1])
  expect([value('0.005'), value('0.025'), value('10'), value('+Inf')]).toEqual([1, 3, 3, 4])
  expect(text).toContain('matriarch_request_duration_seconds_count{method="GET",path="/api/v1/{resource}",status="200"} 4')
})
