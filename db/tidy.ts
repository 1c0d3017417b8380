import { getPool } from './pg/client'

const statements = [
  `delete from plans p where p.created_at < now() - interval '1 day' and not exists (select 1 from runs r where r.plan_id = p.id)
     and not exists (select 1 from scheduled_runs s where s.plan_id = p.id)`,
  `delete from leases where expires_at < now() - interval '1 hour'`,
  `delete from workers where seen_at < now() - interval '1 hour'`,
  `delete from enrolment_keys where expires_at < now() - interval '30 days'`,
  `delete from live_looks where wanted_until < now() - interval '10 minutes'`,
  `delete from fleet_events where at < now() - interval '400 days'`,
  `delete from sizing_decisions where occurrence < now() - interval '400 days'`,
  `delete from machine_spans where until_at < now() - interval '800 days' and not is_open`,
  `delete from host_checks where asked_at < now() - interval '1 hour'`,
  `delete from setting_changes where at < now() - interval '400 days'`,
  // The newest one stays, however long it has been in force.
  `delete from patroni_configs p where last_seen_at < now() - interval '400 days' and exists (
     select from patroni_configs n where n.herd_id = p.herd_id and n.first_seen_at > p.first_seen_at)`,
  `delete from setting_catalogues c where id < (select max(catalogue_id) from setting_looks)
     and not exists (select from setting_looks l where l.catalogue_id = c.id)`,
  `delete from statement_keys where seen_on < current_date - 15`,
  `delete from statement_samples where at < now() - interval '14 days'`,
  // Of older ones the first of each six hours stays.
  `delete from statement_samples s where s.at < now() - interval '2 days' and exists (
     select from statement_samples e where e.instance_id = s.instance_id and e.at < s.at and e.at >= date_bin('6 hours', s.at, '2000-01-01T00:00:00Z'))`,
  `delete from acknowledgements where until < now() - interval '1 day'`,
  // Without a mail server they wait for nothing.
  `delete from notices where finished_at < now() - interval '30 days' or created_at < now() - interval '31 days' or (finished_at is null and created_at < now() - interval '3 days')`,
  `delete from half_logins where expires_at < now()`,
  `delete from passkey_challenges where expires_at < now()`,
  `delete from second_factors where confirmed_at is null and created_at < now() - interval '1 day'`,
  `delete from sessions where expires_at < now() - interval '30 days'`,
  `delete from canary_strips s using jobs j where j.id = s.job_id and j.finished_at < now() - interval '90 days'`,
  // Of a subscription that is paused, or that could not send for days: what it would say is no news any more.
  `update deliveries set state = 'given-up', finished_at = now(), answer = coalesce(answer, 'It waited too long.')
     where state = 'waiting' and due_at < now() - interval '3 days' and (claimed_until is null or claimed_until < now())`,
  `delete from deliveries where finished_at < now() - interval '90 days'`,
  `delete from incidents i where ended_at < now() - interval '400 days' and not exists (select from deliveries d where d.incident_id = i.id)`,
  `delete from audit_trails where claimed_until < now() - interval '7 days' and breach is null`,
  `delete from login_attempts where first_at < now() - interval '1 day' and (blocked_until is null or blocked_until < now())`,
]

/** What nobody asks for any more: plans of yesterday that were not run, keys and logins long past, strips whose certificate shows them, messages of three months ago, leases of workers that died, workers that are gone; rows of statements older than `resultDays`. */
export const tidy = async ({ resultDays }: { resultDays: number }): Promise<void> => {
  for (const statement of statements) await getPool().query(statement)
  await getPool().query(`delete from result_grids where at < now() - $1 * interval '1 day'`, [resultDays])
}
