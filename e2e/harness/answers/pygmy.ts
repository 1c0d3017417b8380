import { expect } from 'vitest'
import type { DescribedApi } from '../described-api'

/** Every call of `/v1/api` once, as scripts that were written for pygmy make them. */
export const pygmyIsAnswered = async (stage: DescribedApi): Promise<void> => {
  const ask = async (method: string, path: string, body?: object) => stage.ask(method, `/v1/api${path}`, body ? { body } : {})
  const clusters = (await ask('GET', '/clusters')).body as { id: number; name: string }[]
  const { id: cluster } = clusters.find(({ name }) => name === 'shop')!
  const [standby] = (await ask('GET', '/instances')).body
  const { id: management } = (await ask('POST', '/cluster/management', { cluster_id: cluster, avg_load: 12 })).body
  for (const method of ['PUT', 'PATCH'])
    await ask(method, `/cluster/management/${management}`, { cluster_id: String(cluster), avg_load: 1 })
  expect((await ask('GET', `/cluster/management/${management}`)).body.avg_load).toBe('1')
  await ask('GET', '/cluster/management')
  const entry = { match_type: 'MATCH_INSTANCE', instance: standby.id, dns_name: 'shop-ro', hosted_zone_name: 'n/a' }
  const { id: dns } = (await ask('POST', '/dns', entry)).body
  expect((await ask('GET', '/dns')).body).toHaveLength(1)
  expect((await ask('DELETE', `/dns/${dns}`)).status).toBe(204)
  const rule = {
    name: 'r',
    cluster_id: cluster,
    action: 'SCALE_DOWN',
    typeTime: 'DAILY',
    dailyTime: ['22:30'],
    ec2_default_type: 'm5.large',
  }
  expect((await ask('POST', '/rules', rule)).body).toEqual({ success: true })
  const [{ id }] = (await ask('GET', '/rules')).body.filter(({ name }: { name: string }) => name === 'r')
  const reversed = { ...rule, enableReverse: 'on', reverse_action: 'SCALE_UP', reverseDailyTime: '06:00' }
  expect((await ask('PUT', `/rules/${id}`, reversed)).body).toEqual({ success: true })
  expect((await ask('DELETE', `/rules/${id}`)).body).toEqual({ success: true })
  await ask('POST', '/exceptions', { dates: '2031-04-06, 2031-04-03', clusterIds: [cluster] })
  const [{ id: exception }] = (await ask('GET', '/exceptions')).body
  await ask('PUT', `/exceptions/${exception}`, { dates: '2031-04-07', clusterIds: [cluster] })
  await ask('DELETE', `/exceptions/${exception}`)
  for (const enabled of ['false', 'true']) await ask('PUT', '/cluster/toggle/shop', { enabled })
  await ask('GET', '/progressing/shop')
  expect((await ask('GET', '/logs')).status).toBe(403)
  const known = { id: cluster, name: 'shop', primaryNodeIp: '', enabled: true, type: 'EC2' }
  const content = { clusters: [known], nodes: [], managements: [], rules: [], dns: [], exceptions: [] }
  const dry = (await stage.ask('POST', '/api/v1/pygmy-imports', { body: { content } })).body
  expect(dry.items).toEqual([{ kind: 'cluster', number: cluster, name: 'shop', act: 'same', because: 'Herd shop.' }])
  expect((await ask('DELETE', `/cluster/management/${management}`)).status).toBe(204)
}
