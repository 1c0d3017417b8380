import { expect, test } from 'vitest'
import { blueprintOf } from '../blueprint'
import { isManifest, readCommand } from './command'
import { keys } from './keys'
import { manifestOf, readManifest } from './manifest'

const manifest = {
  api_version: 'v1',
  kind: 'pg_spot_operator_instance',
  cloud: 'aws',
  availability_zone: 'eu-north-1b',
  instance_name: 'shop',
  user_tags: { team: 'orders', stage: 'dev' },
  vm: { cpu_min: 2, ram_min: 4, storage_min: 100, cpu_arch: 'arm', instance_family: 'r6|r7', persistent_vms: false, stripes: 4 },
  postgres: {
    version: 16,
    config_lines: { work_mem: '64MB', jit: false },
    extensions: ['pg_stat_statements'],
    admin_password: 'secret-of-mine',
  },
  backup: { type: 'pgbackrest', s3_bucket: 'b', cipher_password: 'hidden-cipher', pgbackrest: { global_settings: { 'repo1-x': 'y' } } },
  aws: { access_key_id: 'AKIA', secret_access_key: 'hidden-key' },
}

test('a manifest of pg-spot-operator is read key by key, and every key is accounted for', () => {
  const { values, taken, kept, dropped, unknown, problems } = readManifest(manifest)
  expect(values).toMatchObject({
    name: 'shop',
    regions: ['eu-north-1'],
    zones: ['eu-north-1b'],
    vcpusMin: 2,
    memoryGibMin: 4,
    storageGb: 100,
    architecture: 'arm64',
    families: ['r6*', 'r7*'],
    market: 'spot',
    major: '16',
    settings: "work_mem = '64MB'\njit = 'off'",
    tags: ['team=orders', 'stage=dev'],
    adminPassword: 'secret-of-mine',
    imported: { 'vm.stripes': 4, 'backup.type': 'pgbackrest', 'backup.pgbackrest.global_settings': { 'repo1-x': 'y' } },
  })
  expect([unknown, problems]).toEqual([[], []])
  expect(taken.length + kept.length + dropped.length).toBe(23 + 1)
})

test('no secret is shown, or kept where nothing uses it', () => {
  const { values, ...told } = readManifest(manifest)
  expect(JSON.stringify(told)).not.toMatch(/secret-of-mine|hidden-/)
  expect(JSON.stringify({ ...values, adminPassword: null })).not.toMatch(/hidden-/)
})

test('an unknown key is named with the nearest known one', () => {
  expect(readManifest({ vm: { cpu_mim: 2 }, postgress: {} }).unknown).toEqual([
    { key: 'vm.cpu_mim', nearest: 'vm.cpu_min' },
    { key: 'postgress', nearest: null },
  ])
  expect(readCommand('pg_spot_operator --regon=eu-north-1 --storage-mim 10').unknown).toEqual([
    { key: '--regon', nearest: '--region' },
    { key: '--storage-mim', nearest: '--storage-min' },
  ])
  expect(readCommand('PGSO_CPU_MINN=2').unknown).toEqual([{ key: 'PGSO_CPU_MINN', nearest: 'PGSO_CPU_MIN' }])
})

test('flags, variables of today and variables of earlier releases say the same', () => {
  const wanted = {
    name: 'shop',
    regions: ['eu-north-1'],
    vcpusMin: 2,
    architecture: 'arm64',
    isPrivate: true,
    major: '17',
    market: 'on-demand',
  }
  const flags = `pg_spot_operator --instance-name shop --region=eu-north-1 --cpu_min 2 --cpu-arch arm --private-ip-only \\
    --postgres-version 17 --persistent-vms`
  const now =
    'INSTANCE_NAME=shop\nREGION="eu-north-1"\nCPU_MIN=2\nCPU_ARCH=arm\nPRIVATE_IP_ONLY=true\nPOSTGRES_VERSION=17\nPERSISTENT_VMS=on'
  const seed =
    `docker run --rm --name db -e PGSO_INSTANCE_NAME=shop -e PGSO_REGION=eu-north-1 -e PGSO_CPU_MIN=2 -e PGSO_CPU_ARCHITECTURE=arm
    -e PGSO_ASSIGN_PUBLIC_IP=false -e PGSO_POSTGRESQL_VERSION=17 -e PGSO_PERSISTENT_VMS=t pgspotops/pg-spot-operator:latest`.replaceAll(
      '\n',
      ' ',
    )
  for (const text of [flags, now, seed]) {
    const { values, unknown, problems } = readCommand(text)
    expect({ ...wanted, ...values }).toEqual(values)
    expect(values).toMatchObject(wanted)
    expect([unknown, problems]).toEqual([[], []])
  }
})

test('a variable that pg-spot-operator reads otherwise than people would is read as it does, and said', () => {
  const { values, taken } = readCommand('ALLOW_BURSTABLE=1')
  expect(values.allowsBurstable).toBe(false)
  expect(taken[0]!.note).toBe('pg-spot-operator reads “1” as false.')
})

test('what cannot be said exactly is a problem that names the key, never a guess', () => {
  const because = (text: string) => readCommand(text).problems.map(({ key }) => key)
  expect(because('--instance-family "(r6|m[67])g.*" --storage-min -1 --user-tags a=b=c --cpu-min many')).toEqual([
    '--instance-family',
    '--storage-min',
    '--user-tags',
    '--cpu-min',
  ])
  expect(readManifest({ postgres: { admin_password: '$ANSIBLE_VAULT;1.1;AES256\n6162' } }).problems).toHaveLength(1)
})

test('every flag, path and variable of pg-spot-operator is known once', () => {
  const spellings = keys.flatMap(({ flag, paths, earlier }) => [
    ...(flag ? [`--${flag}`] : []),
    ...paths,
    ...(earlier ?? []).map(({ variable }) => variable),
  ])
  expect(new Set(spellings).size).toBe(spellings.length)
  expect(keys.filter(({ flag }) => flag !== null).length).toBe(94 + 1)
})

test('a blueprint written as a manifest is the same when it is read again', () => {
  const { values } = readManifest(manifest)
  const { adminPassword: _secret, ...rest } = values
  const blueprint = blueprintOf(rest)
  expect(blueprintOf(readManifest(manifestOf({ ...blueprint })).values)).toEqual(blueprint)
  expect(readManifest({ kind: 'matriarch_blueprint', vcpuMin: 2 }).unknown).toEqual([{ key: 'vcpuMin', nearest: 'vcpusMin' }])
})

test('a text is taken for what it is', () => {
  expect(['---\na: 1', '# c\ninstance_name: x', '{"a": 1}'].map(isManifest)).toEqual([true, true, true])
  expect(['INSTANCE_NAME=x', 'pg_spot_operator --region x', 'export A=b'].map(isManifest)).toEqual([false, false, false])
})
