import { bigint, doublePrecision, index, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

const moment = (name: string) => timestamp(name, { withTimezone: true })

/**
 * A view over herds with more than one member, under the herd's id; read-only. It is left out of `index.ts`, so that no migration is generated for it:
 * its text is in the migrations. The trigram index is that of `herds`, which the view's column leads to.
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
