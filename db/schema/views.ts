import { bigint, doublePrecision, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns'
import { herdColumns } from './fleet'

/**
 * A view over herds with more than one member, under the herd's id; read-only. It is left out of `index.ts`, so that no migration is generated for it:
 * its text is in the migrations. The trigram index is that of `herds`, which the view's column comes from.
 */
export const drPairs = pgTable(
  'dr_pairs',
  {
    id: uuid('id').primaryKey(),
    herdId: uuid('herd_id').notNull(),
    environmentId: uuid('environment_id').notNull(),
    name: text('name').notNull(),
    searchText: text('search_text'),
    verdict: text('verdict').notNull(),
    members: integer('members').notNull(),
    primaryId: uuid('primary_id'),
    primaryState: text('primary_state'),
    candidateId: uuid('candidate_id'),
    candidateSite: text('candidate_site'),
    lagBytes: bigint('lag_bytes', { mode: 'number' }),
    lagSeconds: doublePrecision('lag_seconds'),
    candidates: integer('candidates').notNull(),
    timeline: integer('timeline'),
    preferredSite: text('preferred_site').notNull(),
    lastFailoverAt: moment('last_failover_at'),
    lastFailoverId: uuid('last_failover_id'),
    failBack: text('fail_back').notNull(),
    failBackBecause: text('fail_back_because'),
    failBackId: uuid('fail_back_id'),
    observedAt: moment('observed_at'),
  },
  (t) => [index('herds_search_trgm').using('gin', t.searchText.op('gin_trgm_ops'))],
)

/**
 * A view over herds, under their ids and with all their columns: what is registered, and what was seen of members, poolers, names and the last move. Left
 * out of `index.ts` as the one above is.
 */
export const herdList = pgTable(
  'herd_list',
  {
    ...herdColumns(),
    state: text('state').notNull(),
    primaryId: uuid('primary_id'),
    memberCount: integer('member_count').notNull(),
    /** `2/3`: online of all. */
    members: text('members').notNull(),
    /** The worst of its standbys. */
    lagBytes: bigint('lag_bytes', { mode: 'number' }),
    lagSeconds: doublePrecision('lag_seconds'),
    version: text('version'),
    versionKey: integer('version_key').array(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    manager: text('manager').notNull(),
    poolerCount: integer('pooler_count').notNull(),
    /** The worst of its poolers, and of its names. */
    poolerState: text('pooler_state'),
    dnsState: text('dns_state'),
    certificateId: uuid('certificate_id'),
    certificateVerdict: text('certificate_verdict'),
    movedAt: moment('moved_at'),
    health: text('health').notNull(),
    /** Of the member that was looked at longest ago. */
    observedAt: moment('observed_at'),
  },
  (t) => [index('herds_search_trgm').using('gin', t.searchText.op('gin_trgm_ops'))],
)
