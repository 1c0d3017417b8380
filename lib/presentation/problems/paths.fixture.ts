/** As the resources have them. */
export const paths = {
  herd: 'herds',
  instance: 'instances',
  server: 'servers',
  pooler: 'poolers',
  name: 'names',
  run: 'runs',
  'dr-pair': 'dr-pairs',
  'scheduled-run': 'scheduled-runs',
  subscription: 'subscriptions',
  token: 'tokens',
  'enrolment-key': 'enrolment-keys',
}
