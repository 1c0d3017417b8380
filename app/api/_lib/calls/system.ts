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
    also: { 503: 'One of them does not.' },
    output: z.object({
      status: z.enum(['ready', 'not ready']),
      parts: z.array(z.object({ name: z.string(), ok: z.boolean(), because: z.string() })),
    }),
  }),
  openapi: defineCall({
    method: 'GET',
    path: '/api/openapi.json',
    tag,
    caller: 'open',
    summary: 'This document',
    output: z.looseObject({ openapi: z.string() }),
  }),
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
    summary: 'Recompute the audit log’s hash chain and hold it against the signed checkpoints',
    description:
      'To do it yourself: GET /api/v1/audit?format=ndjson&sort=seq gives every line with everything its hash covers. The text of a line is its JSON without `hash` and `previousHash`, in canonical form: keys sorted by their UTF-16 code units at every depth, no blanks, UTF-8, strings and numbers as ECMAScript’s JSON.stringify writes them. `hash` is the SHA-256, in lower-case hexadecimal, of `previousHash` (its 64 digits as text; 64 zeros in the first line) followed by that text. `previousHash` is the `hash` of the line before, and `seq` rises by one. GET /api/v1/audit-checkpoints?format=ndjson&sort=number gives what was signed: each `document` is a line of canonical JSON with `checkpoint` (`lines`, `head`, `previous`: the SHA-256 of the document before it in its `trail`) and an Ed25519 `signature` over `matriarch audit checkpoint v1`, a line break and the canonical checkpoint. `checkpoints` counts those that agree.',
    output: z.object({
      ok: z.boolean(),
      lines: z.int(),
      head: z.string(),
      checkpoints: z.int(),
      firstBroken: z.int().optional(),
      because: z.string().optional(),
    }),
    faults: ['access.denied'],
  }),
}
