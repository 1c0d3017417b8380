import { describe, expect, test } from 'vitest'
import type { InstanceAddress } from '@/lib/ports'
import { probeOfLook } from './probe-script'
import { type ProbeAnswer, probeOfAnswer, stateOfRefusal } from './probe-sql'

const answer: ProbeAnswer = {
  isInRecovery: true,
  versionNumber: 150_018,
  systemIdentifier: '7400000000000000001',
  controlTimeline: 1,
  recoveryTimeline: 2,
  walFile: null,
  currentLsn: null,
  receivedLsn: '0/5000000',
  replayedLsn: '0/4000000',
  replayedSecondsAgo: 12,
  isReplayPaused: false,
  startedAt: '2026-01-01T00:00:00.123456+00:00',
  confLoadedAt: '2026-01-01T01:00:00+01:00',
  receiver: null,
  slotName: '',
  standbys: [],
  slots: [],
  activity: { clients: 1, transactions: 0, longest: null },
  maxConnections: 100,
  canRewind: true,
  pendingRestart: [],
}
const at = '2026-01-01T00:00:00.000Z'
const probe = (more: Partial<ProbeAnswer>) => probeOfAnswer({ ...answer, ...more }, at)

describe('an answer of a server', () => {
  test('from 13 on the receiver tells host and port; 10 tells them in its connection string alone', () => {
    const new13 = {
      status: 'streaming',
      sender_host: '10.0.0.1',
      sender_port: 5433,
      slot_name: 's',
      received_tli: 3,
      written_lsn: '0/1',
      conninfo: 'host=vip port=1',
    }
    expect(probe({ receiver: new13, isReceiving: true })).toMatchObject({
      upstream: { host: '10.0.0.1', port: 5433, slotName: 's', status: 'streaming' },
      timeline: 3,
    })
    const old10 = {
      status: 'streaming',
      slot_name: null,
      received_tli: 1,
      received_lsn: '0/1',
      conninfo: "user=r password=x host='10.0.0.2' port=5434",
    }
    expect(probe({ receiver: old10 }).upstream).toEqual({ host: '10.0.0.2', port: 5434, slotName: null, status: 'starting' })
  })

  test('without a receiver the upstream is the configured one: a setting from 12 on, recovery.conf before', () => {
    expect(probe({ primaryConninfo: 'host=a.example user=r', slotName: 'slot_b' }).upstream).toEqual({
      host: 'a.example',
      port: 5432,
      slotName: 'slot_b',
      status: null,
    })
    const recoveryConf = "standby_mode = 'on'\nprimary_conninfo = 'host=b.example port=6000 password=''x'''\nprimary_slot_name = 's1'"
    expect(probe({ slotName: null, recoveryConf }).upstream).toEqual({ host: 'b.example', port: 6000, slotName: 's1', status: null })
    expect(probe({}).upstream).toBe(null)
  })

  test('the timeline of a primary is that of the WAL it writes, which the control file learns later', () => {
    expect(probe({ isInRecovery: false, walFile: '0000000A0000000000000005', currentLsn: '0/5' })).toMatchObject({
      role: 'primary',
      timeline: 10,
    })
  })

  test('all that was received is replayed: no delay, however long ago the last transaction was', () => {
    expect(probe({ receivedLsn: '0/1', replayedLsn: '0/1' })).toMatchObject({ replaySeconds: 0, replayedSecondsAgo: 12 })
    expect(probe({}).replaySeconds).toBe(12)
    expect(probe({ replayedSecondsAgo: null }).replaySeconds).toBe(null)
  })
})

test('a login that is refused tells the state', () => {
  expect(stateOfRefusal('57P03', 'the database system is starting up').state).toBe('starting')
  expect(stateOfRefusal('57P03', 'the database system is shutting down').state).toBe('stopping')
  expect(stateOfRefusal('57P03', 'the database system is not accepting connections').state).toBe('starting')
  expect(stateOfRefusal('53300', 'sorry, too many clients already').state).toBe('refused')
})

describe('a look at the files', () => {
  const instance = {
    dataDirectory: '/data',
    socketDirectory: '/run',
    port: 5432,
    host: { hostname: 'h', user: 'postgres' },
  } as InstanceAddress
  const look = (...lines: string[]) => probeOfLook(lines.join('\n'), instance, at, null)
  const control = (state: string) => [
    `control.Database cluster state:               ${state}`,
    'control.Database system identifier:           74',
    "control.Latest checkpoint's TimeLineID:       4",
  ]

  test.each([
    ['shut down', 'stopped'],
    ['shut down in recovery', 'stopped'],
    ['in production', 'crashed'],
    ['in archive recovery', 'crashed'],
    ['in crash recovery', 'crashed'],
  ])('no process and “%s” means %s', (controlState, state) => {
    expect(look('data=present', 'major=15', ...control(controlState))).toMatchObject({
      state,
      role: 'unknown',
      systemIdentifier: '74',
      timeline: 4,
      version: '15',
      postmasterPid: null,
    })
  })

  test('a postmaster that runs and is not ready says what it does', () => {
    expect(look('data=present', 'pid=7', 'status=starting').state).toBe('starting')
    expect(look('data=present', 'pid=7', 'status=stopping').state).toBe('stopping')
    expect(look('data=present', 'pid=7', 'status=ready', 'socket=yes', 'process=T')).toMatchObject({ state: 'unknown', postmasterPid: 7 })
  })

  test('a server whose socket is elsewhere than registered says where', () => {
    const because = (sockets: string) => look('data=present', 'pid=7', 'status=ready', `sockets=${sockets}`).because
    expect(because('/tmp')).toBe(
      'The server runs (process 7), but has no socket for port 5432 in /run. Its postmaster.pid names /tmp: enter that as its socket directory.',
    )
    expect(because('/run')).toBe('The server runs (process 7), but has no socket for port 5432 in /run.')
  })

  test('what is not there, and what may not be seen, are told apart', () => {
    expect(look('data=absent').state).toBe('absent')
    expect(look('data=empty').state).toBe('absent')
    expect(look('data=hidden').state).toBe('unknown')
    expect(look('').state).toBe('unknown')
  })

  test('a stopped standby up to 11 is known by its recovery.conf', () => {
    expect(
      look(
        'data=present',
        'major=11',
        'signal=yes',
        "conf=primary_conninfo = 'host=up.example port=5433'",
        ...control('shut down in recovery'),
      ),
    ).toMatchObject({
      hasStandbySignal: true,
      upstream: { host: 'up.example', port: 5433, status: null },
    })
  })
})
