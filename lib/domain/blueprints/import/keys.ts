import { emptyBlueprint, type ImportedField } from '../blueprint'
import { bound, count, families, flag, lines, list, money, oneOf, parameters, type Reader, tags, text } from './read-value'

/** Where a key of pg-spot-operator goes: into a field; kept as it is, without effect; or nowhere, for it is no part of a blueprint. */
export type Target = { field: ImportedField; read: Reader } | { keeps: string } | { drops: string }

export interface Key {
  /** Of the command line; its variable is the same in UPPER_SNAKE, earlier with `PGSO_` before it. null: the manifest alone has it. */
  flag: string | null
  /** Takes no value on the command line. */
  isSwitch?: true
  /** Dotted, as the manifest nests it. */
  paths: readonly string[]
  /** Earlier spellings of the variable, without `PGSO_`; `inverted`: it meant the opposite. */
  earlier?: readonly { variable: string; inverted?: true }[]
  isSecret?: true
  to: Target
}

const into = (field: ImportedField, read: Reader): Target => ({ field, read })
const keeps = (because: string): Target => ({ keeps: because })
const drops = (because: string): Target => ({ drops: because })

const engine = drops('It steers the program pg-spot-operator itself.')
const asked = drops('It asks for something to be done at once, and describes no herd.')
const account = drops('The keys of the AWS account belong to the cloud account.')
const sealed = drops('A secret, and nothing here would use it: it is not kept.')
const backups = keeps('Backups are not part of a blueprint.')
const grafana = keeps('The console monitors its herds itself.')
const outputs = keeps('The console shows how to connect.')

const architectures = {
  '': null,
  arm: 'arm64',
  arm64: 'arm64',
  aarch64: 'arm64',
  x86: 'x86_64',
  x86_64: 'x86_64',
  intel: 'x86_64',
  amd64: 'x86_64',
  amd: 'x86_64',
}
const strategies = { balanced: 'balanced', cheapest: 'cheapest', 'eviction-rate': 'eviction-rate', random: 'random' }
const tunings = { none: 'none', default: 'general', oltp: 'oltp', web: 'web', analytics: 'analytics', throwaway: 'throwaway' }
const kinds = Object.fromEntries(['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1'].map((one) => [one, one]))
const versions = { 14: '14', 15: '15', 16: '16', 17: '17', 18: '18' }

/** −1 is no data volume at all. */
const size: Reader = (value, source) =>
  Number(value) === -1
    ? { problem: 'Without a data volume the data would be lost with each machine: give the size in GB.' }
    : bound(value, source)

const region: Reader = (value, source) => {
  const read = text(value, source)
  return 'value' in read ? { ...read, value: read.value === null ? [] : [read.value] } : read
}

/** A flag of one word is a switch only if `isSwitch` says so. */
const key = (flagName: string | null, paths: string, to: Target, more: Partial<Key> = {}): Key => ({
  flag: flagName,
  paths: paths === '' ? [] : paths.split(' '),
  to,
  ...more,
})
const on = { isSwitch: true } as const

export const keys: readonly Key[] = [
  ...['check-price', 'check-manifest', 'dry-run', 'list-regions', 'list-strategies', 'list-instances', 'list-instances-cmdb'].map((one) =>
    key(one, '', asked, on),
  ),
  ...['list-vm-creates', 'list-avg-spot-savings', 'stop', 'resume', 'teardown', 'teardown-region'].map((one) => key(one, '', asked, on)),
  key('expiration-date', 'expiration_date', keeps('Say it under Expires of the blueprint.')),
  key('self-termination', 'self_termination', keeps('The console tears an expired herd down itself.'), {
    ...on,
    earlier: [{ variable: 'SELF_TERMINATE' }],
  }),
  ...['destroy-file-base-path', 'manifest', 'manifest-path', 'config-dir', 'main-loop-interval-s', 'ansible-path'].map((one) =>
    key(one, '', engine),
  ),
  key('vault-password-file', 'vault_password_file', engine),
  ...['verbose', 'debug'].map((one) => key(one, '', engine, on)),
  key(null, 'api_version', engine),
  key(null, 'kind', engine),
  key('cloud', 'cloud', drops('A blueprint is of a cloud account, and so of AWS.')),
  key('instance-name', 'instance_name', into('name', text)),
  key(null, 'description', into('note', text)),
  key('primary-instance-name', 'primary_instance_name', keeps('A standby is launched with its herd: say how many.')),
  key('region', 'region', into('regions', region)),
  key('zone', 'availability_zone', into('zones', region)),
  key('user-tags', 'user_tags', into('tags', tags)),
  key(null, 'is_paused', keeps('A blueprint does nothing by itself.')),

  key('cpu-min', 'vm.cpu_min', into('vcpusMin', bound)),
  key('cpu-max', 'vm.cpu_max', into('vcpusMax', bound)),
  key('ram-min', 'vm.ram_min', into('memoryGibMin', bound)),
  key('ram-max', 'vm.ram_max', into('memoryGibMax', bound)),
  key('cpu-arch', 'vm.cpu_arch', into('architecture', oneOf(architectures)), { earlier: [{ variable: 'CPU_ARCHITECTURE' }] }),
  key('instance-types', 'vm.instance_types', into('types', list)),
  key('instance-family', 'vm.instance_family', into('families', families)),
  key('allow-burstable', 'vm.allow_burstable', into('allowsBurstable', flag()), on),
  key('selection-strategy', 'vm.instance_selection_strategy', into('strategy', oneOf(strategies))),
  key('max-price', 'vm.max_price', into('priceMaxUsd', money)),
  key('persistent-vms', 'vm.persistent_vms', into('market', persistent), on),
  key('vm-only', 'vm_only', keeps('A blueprint always has PostgreSQL.'), on),
  key('no-mount-disks', 'no_mount_disks vm.no_mount_disks', keeps('A blueprint always has PostgreSQL.'), on),
  key('vm-host', 'vm.host', keeps('A host that exists is registered as a server.')),
  key('vm-login-user', 'vm.login_user', keeps('The login is the one of the image.'), { earlier: [{ variable: 'LOGIN_USER' }] }),
  key(null, 'vm.detailed_monitoring', keeps('The console measures the hosts itself.')),

  key('storage-min', 'vm.storage_min', into('storageGb', size)),
  key('storage-type', 'vm.storage_type', into('storage', oneOf({ network: 'network', local: 'local' }))),
  key('storage-speed-class', 'vm.storage_speed_class', keeps('The kind of volume says how fast it is.')),
  key('os-disk-size', 'vm.os_disk_size', into('rootGb', count)),
  key('volume-type', 'vm.volume_type', into('volumeKind', oneOf(kinds))),
  key('volume-iops', 'vm.volume_iops', into('volumeIops', bound)),
  key('volume-throughput', 'vm.volume_throughput', into('volumeMibs', bound)),
  key('stripes', 'vm.stripes', keeps('The data is on one volume.')),
  key('stripe-size-kb', 'vm.stripe_size_kb', keeps('The data is on one volume.')),

  key('private-ip-only', 'private_ip_only', into('isPrivate', flag()), {
    ...on,
    earlier: [{ variable: 'ASSIGN_PUBLIC_IP', inverted: true }],
  }),
  key('static-ip-addresses', 'static_ip_addresses', keeps('An Elastic IP is not part of a blueprint.'), on),
  key('aws-access-key-id', 'aws.access_key_id', account, { isSecret: true }),
  key('aws-secret-access-key', 'aws.secret_access_key', account, { isSecret: true }),
  key(null, 'aws.profile_name', account),
  key('aws-key-pair-name', 'aws.key_pair_name', into('keyName', text)),
  key('aws-security-group-ids', 'aws.security_group_ids', into('securityGroupIds', list)),
  key('aws-vpc-id', 'aws.vpc_id', into('vpcId', text)),
  key('aws-subnet-id', 'aws.subnet_id', into('subnetId', text)),
  key('self-termination-access-key-id', 'aws.self_termination_access_key_id', sealed, {
    isSecret: true,
    earlier: [{ variable: 'SELF_TERMINATE_ACCESS_KEY_ID' }],
  }),
  key('self-termination-secret-access-key', 'aws.self_termination_secret_access_key', sealed, {
    isSecret: true,
    earlier: [{ variable: 'SELF_TERMINATE_SECRET_ACCESS_KEY' }],
  }),
  key('ssh-keys', 'os.ssh_pub_keys', keeps('The console reaches a herd with its own key.')),
  key(null, 'os.ssh_pub_key_paths', keeps('pg-spot-operator does not use it either.')),
  key('ssh-private-key', 'ansible.private_key', engine, { isSecret: true }),

  key('postgres-version', 'postgres.version', into('major', oneOf(versions)), { earlier: [{ variable: 'POSTGRESQL_VERSION' }] }),
  key('admin-user', 'postgres.admin_user', into('adminUser', text)),
  key('admin-password', 'postgres.admin_password', into('adminPassword', text), {
    isSecret: true,
    earlier: [{ variable: 'ADMIN_USER_PASSWORD' }],
  }),
  key('admin-is-superuser', 'postgres.admin_is_superuser', into('isSuperuser', flag())),
  key('app-db-name', 'postgres.app_db_name', into('database', text)),
  key('tuning-profile', 'postgres.tuning_profile', into('tuning', oneOf(tunings))),
  key('extensions', 'postgres.extensions', into('extensions', list)),
  key('shared-preload-libraries', 'postgres.shared_preload_libraries', into('preload', list)),
  key('pg-hba-lines', 'postgres.pg_hba_lines', into('accessRules', lines)),
  key(null, 'postgres.config_lines', into('settings', parameters)),
  key(null, 'postgres.initdb_opts', keeps('pg-spot-operator does not use it either.')),
  ...['primary_host', 'primary_replication_user'].map((one) => key(null, `postgres.${one}`, keeps('A standby is launched with its herd.'))),
  key(null, 'postgres.primary_replication_password', sealed, { isSecret: true }),
  key('os-extra-packages', 'os.extra_packages', keeps('Packages belong to the image.')),
  ...['unattended_security_upgrades', 'kernel_tuning', 'ssh_brute_force_protection'].map((one) =>
    key(null, `os.${one}`, keeps('It belongs to the image.')),
  ),

  key('backup-s3-bucket', 'backup.s3_bucket', backups),
  key('backup-retention-days', 'backup.retention_days', backups),
  key('backup-cipher', 'backup.cipher_password', sealed, { isSecret: true }),
  key('backup-s3-key', 'backup.s3_key', sealed, { isSecret: true }),
  key('backup-s3-key-secret', 'backup.s3_key_secret', sealed, { isSecret: true }),
  ...'type destroy_backups wal_archiving_max_interval schedule_full schedule_diff encryption cipher_password_file s3_key_file s3_key_secret_file pgbackrest.global_settings pgbackrest.archive_push_overrides pgbackrest.backup_overrides pgbackrest.restore_overrides'
    .split(' ')
    .map((one) => key(null, `backup.${one}`, backups)),

  key('monitoring', '', grafana, on),
  key('grafana-externally-accessible', 'monitoring.grafana.externally_accessible', grafana, on),
  key('grafana-anonymous', 'monitoring.grafana.anonymous_access', grafana, on),
  key(null, 'monitoring.grafana.admin_password', sealed, { isSecret: true }),
  ...'prometheus_node_exporter.enabled prometheus_node_exporter.externally_accessible grafana.enabled grafana.admin_user grafana.protocol pgwatch.enabled'
    .split(' ')
    .map((one) => key(null, `monitoring.${one}`, grafana)),

  key('connstr-only', '', asked, { ...on, earlier: [{ variable: 'CONNSTR_OUTPUT_ONLY' }] }),
  ...['connstr-format', 'connstr-output-path'].map((one) => key(one, '', outputs)),
  key('setup-finished-callback', 'integrations.setup_finished_callback', outputs),
  key('connstr-bucket', 'integrations.connstr_bucket', outputs),
  key('connstr-bucket-key', 'integrations.connstr_bucket_filename', outputs),
  key('connstr-bucket-region', 'integrations.connstr_bucket_region', outputs),
  key('connstr-bucket-endpoint', 'integrations.connstr_bucket_endpoint', outputs),
  key('connstr-bucket-access-key', 'integrations.connstr_bucket_key', sealed, { isSecret: true }),
  key('connstr-bucket-access-secret', 'integrations.connstr_bucket_secret', sealed, { isSecret: true }),
  key('show-help', '', asked, on),
]

function persistent(...given: Parameters<Reader>): ReturnType<Reader> {
  const read = flag()(...given)
  return 'value' in read ? { ...read, value: read.value ? 'on-demand' : 'spot' } : read
}

/** By the path in a manifest. */
export const keyByPath: ReadonlyMap<string, Key> = new Map(keys.flatMap((one) => one.paths.map((path) => [path, one] as const)))

export const keyByFlag: ReadonlyMap<string, Key> = new Map(keys.flatMap((one) => (one.flag === null ? [] : [[one.flag, one] as const])))

/** By the variable, without `PGSO_`. */
export const keyByVariable: ReadonlyMap<string, { key: Key; inverts: boolean }> = new Map(
  keys.flatMap((one) => {
    const own = one.flag === null ? [] : [[one.flag.toUpperCase().replaceAll('-', '_'), { key: one, inverts: false }] as const]
    return [...own, ...(one.earlier ?? []).map(({ variable, inverted }) => [variable, { key: one, inverts: inverted ?? false }] as const)]
  }),
)

/** The fields of the console's own manifest. */
export const ownFields: readonly string[] = Object.keys(emptyBlueprint)
