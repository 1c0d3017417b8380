import { z } from 'zod'
import { roles } from '@/lib/kernel/access/access'
import { defineCall } from '../call'

const tag = 'system'

export const systemCalls = {
  health: defineCall({
    method: 'GET',
    path: '/api/health',
    tag,
    caller: 'open',
    summary: 'Liveness of the web process',
    output: z.object({ status: z.literal('ok') }),
  }),
  ready: defineCall({
    method: 'GET',
    path: '/api/ready',
    tag,
    caller: 'open',
    summary: 'Readiness: database, queue and a worker answer',
    description: '503 with the same body when one of them does not.',
    output: z.object({
      status: z.enum(['ready', 'not ready']),
      parts: z.array(z.object({ name: z.string(), ok: z.boolean(), because: z.string() })),
    }),
  }),
  openapi: defineCall({ method: 'GET', path: '/api/openapi.json', tag, caller: 'open', summary: 'This document' }),
  metrics: defineCall({
    method: 'GET',
    path: '/metrics',
    tag,
    caller: 'actor',
    summary: 'Prometheus metrics',
    description: 'Counts only what the token may view.',
    contentType: 'text/plain',
  }),
  me: defineCall({
    method: 'GET',
    path: '/api/v1/me',
    tag,
    caller: 'actor',
    summary: 'The owner of the token or session, with the current grants',
    output: z.object({
      kind: z.enum(['person', 'token', 'system']),
      name: z.string(),
      personId: z.uuid().nullable(),
      grants: z.array(z.object({ role: z.enum(roles), environmentId: z.uuid().nullable() })),
    }),
  }),
  verifyAudit: defineCall({
    method: 'GET',
    path: '/api/v1/audit/verify',
    tag,
    caller: 'actor',
    summary: 'Recompute the audit log’s hash chain',
    output: z.object({
      ok: z.boolean(),
      lines: z.int(),
      head: z.string(),
      firstBroken: z.int().optional(),
      because: z.string().optional(),
    }),
    faults: ['access.denied'],
  }),
}
