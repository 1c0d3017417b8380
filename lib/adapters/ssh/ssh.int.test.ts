import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAlive, listenSilently } from '@/e2e/harness/daemons/silent'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { freePort } from '@/e2e/harness/free-port'
import { until } from '@/lib/playground/machine/processes'
import { faultOf } from '../contract/caught'
import { makeSshKey } from '../vault'
import { openSsh, type Ssh, type SshOptions } from './index'

let sshd: TestSshd
let ssh: Ssh
const quick = { timeoutMs: 20_000 }
const soon = { ...quick, everyMs: 10 }
const opened: Ssh[] = []
const open = (options: Partial<SshOptions> = {}): Ssh => {
  const made = openSsh({ keyFor: async () => sshd.privateKey, ...options })
  opened.push(made)
  return made
}
beforeAll(async () => {
  sshd = await startSshd()
  ssh = open()
})
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()))
  await sshd.stop()
})

describe('running a command', () => {
  test('output, error output, exit code and standard input arrive apart', async () => {
    const result = await ssh.exec(sshd.host(), ['sh', '-c', 'cat; echo no >&2; exit 7'], { ...quick, stdin: 'yes\n' })
    expect(result).toMatchObject({ exitCode: 7, signal: null, stdout: 'yes\n', stderr: 'no\n', isCut: false })
  })

  test('arguments with quotes, newlines, substitutions and unicode arrive as they are', async () => {
    const argv = [
      "it's",
      '"double"',
      'two\nlines',
      '$(touch /tmp/x) `id` $HOME',
      'back\\slash\\',
      '',
      ' ',
      '*',
      '-n',
      'Köln 🐘',
      '!!',
      '\t;|&<>#~',
    ]
    const result = await ssh.exec(sshd.host(), ['printf', '%s\\0', ...argv], quick)
    expect(result.stdout.split('\0').slice(0, -1)).toEqual(argv)
  })

  test('a command that does not exist is exit code 127, not a fault', async () => {
    const result = await ssh.exec(sshd.host(), ['no-such-command-anywhere'], quick)
    expect(result.exitCode).toBe(127)
    expect(result.stderr).toContain('no-such-command-anywhere')
  })

  test('a command that kills itself reports its signal', async () => {
    expect(await ssh.exec(sshd.host(), ['sh', '-c', 'kill -9 $$'], quick)).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
  })

  test('output is cut at a mebibyte and the command still runs to its end', async () => {
    const result = await ssh.exec(sshd.host(), ['sh', '-c', 'head -c 5000000 /dev/zero; exit 3'], quick)
    expect(result.exitCode).toBe(3)
    expect(result.isCut).toBe(true)
    expect(result.stdout.length).toBe(1024 * 1024)
  })

  test('output is heard as it comes', async () => {
    const heard: string[] = []
    const result = ssh.exec(sshd.host(), ['sh', '-c', 'echo first; read go; echo second'], {
      ...quick,
      stdin: 'go\n',
      onOutput: (stream, text) => heard.push(`${stream}: ${text}`),
    })
    await result
    expect(heard.join('')).toContain('first')
    expect(heard.every((line) => line.startsWith('stdout: '))).toBe(true)
  })

  test('a daemon that holds the output open does not hold up the command that started it', async () => {
    const result = await ssh.exec(sshd.host(), ['sh', '-c', 'setsid sleep 60 & echo $!'], quick)
    expect(result.exitCode).toBe(0)
    process.kill(Number(result.stdout), 'SIGKILL')
  })

  test('forty commands at once share one connection, eight at a time', async () => {
    const own = open()
    const folder = mkdtempSync(join(sshd.folder, 'forty-'))
    const script = 'cd "$1"; : >"on-$2"; ls | grep -c on-; sleep 0.05; rm "on-$2"'
    await own.exec(sshd.host(), ['true'], quick)
    chmodSync(folder, 0o777)
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, n) => own.exec(sshd.host(), ['sh', '-c', script, 'sh', folder, String(n)], quick)),
    )
    expect(results.every((result) => result.exitCode === 0)).toBe(true)
    const most = Math.max(...results.map((result) => Number(result.stdout)))
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
    expect(own.counts()).toMatchObject({ connections: 1, commands: 0, waiting: 0 })
    rmSync(folder, { recursive: true })
  })

  test.each([1, 2])(
    'a server that allows %i sessions is learnt, not failed on, even while it still frees the last one',
    async (sessions) => {
      const narrow = await startSshd({ lines: [`MaxSessions ${sessions}`] })
      const own = open({ keyFor: async () => narrow.privateKey })
      try {
        const results = await Promise.all(Array.from({ length: 24 }, () => own.exec(narrow.host(), ['sleep', '0.05'], quick)))
        expect(results.every((result) => result.exitCode === 0)).toBe(true)
      } finally {
        await narrow.stop()
      }
    },
  )
})

describe('who is let in', () => {
  test('a host that shows another key than the pinned one is refused, and says which key it showed', async () => {
    const fault = await faultOf(ssh.exec(sshd.host({ hostKey: `SHA256:${'A'.repeat(43)}` }), ['true'], quick))
    expect(fault.code).toBe('shell.host-key-changed')
    expect(fault.facts).toMatchObject({ expected: `SHA256:${'A'.repeat(43)}`, offered: sshd.hostKey })
  })

  test('a host without a pinned key is refused before a connection is made', async () => {
    const fault = await faultOf(ssh.exec(sshd.host({ hostKey: null, port: 1 }), ['true'], quick))
    expect(fault.code).toBe('shell.host-key-unknown')
  })

  test('the key a host shows can be seen without logging in', async () => {
    expect(await ssh.showHostKey(sshd.host(), quick)).toEqual({ fingerprint: sshd.hostKey, keyType: 'ssh-ed25519' })
  })

  test('a pin of another of the host’s keys is found though the host would rather show its first', async () => {
    const folder = mkdtempSync('/tmp/matriarch-ecdsa-')
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', join(folder, 'key')])
    const pin = execFileSync('ssh-keygen', ['-lf', join(folder, 'key.pub')], { encoding: 'utf8' }).split(' ')[1]!
    chownSync(folder, sshd.uid, sshd.gid)
    chownSync(join(folder, 'key'), sshd.uid, sshd.gid)
    const two = await startSshd({ lines: [`HostKey ${join(folder, 'key')}`] })
    try {
      const own = open({ keyFor: async () => two.privateKey })
      expect((await own.exec(two.host({ hostKey: pin }), ['true'], quick)).exitCode).toBe(0)
    } finally {
      await two.stop()
      rmSync(folder, { recursive: true })
    }
  })

  test('a key the host does not know is denied, with the account named', async () => {
    const own = open({ keyFor: async () => makeSshKey('nobody').privateKey })
    const fault = await faultOf(own.exec(sshd.host(), ['true'], quick))
    expect(fault.code).toBe('shell.denied')
    expect(fault.message).toContain(sshd.user)
  })

  test('a refused port is unreachable, and is not asked again at once', async () => {
    const host = sshd.host({ port: await freePort() })
    const first = await faultOf(ssh.exec(host, ['true'], quick))
    expect(first.code).toBe('shell.unreachable')
    expect(first.message).toContain('refused')
    const second = await faultOf(ssh.exec(host, ['true'], quick))
    expect(second.message).toContain('asks again in')
  })

  test('a dead host does not hold up the others, nor is it asked once per caller', async () => {
    let calls = 0
    const silent = await listenSilently(() => {
      calls += 1
    })
    const own = open({ connectTimeoutMs: 700 })
    const dead = Promise.all(Array.from({ length: 30 }, () => faultOf(own.exec(sshd.host({ port: silent.port }), ['true'], quick))))
    expect((await own.exec(sshd.host(), ['echo', 'alive'], quick)).stdout).toBe('alive\n')
    expect((await dead).every((fault) => fault.code === 'shell.unreachable')).toBe(true)
    expect(calls).toBe(1)
    silent.close()
  })

  test('a host that accepts and never answers is unreachable at the deadline of the caller', async () => {
    const silent = await listenSilently(() => undefined)
    const fault = await faultOf(ssh.exec(sshd.host({ port: silent.port }), ['true'], { timeoutMs: 300 }))
    expect(fault.code).toBe('shell.unreachable')
    silent.close()
  })
})

describe('deadlines, cancelling and losing the connection', () => {
  const family = 'echo $$; sleep 300 & echo $!; wait'
  const startFamily = async (options: { timeoutMs: number; signal?: AbortSignal }) => {
    let text = ''
    const ending = faultOf(
      ssh.exec(sshd.host(), ['sh', '-c', family], {
        ...options,
        onOutput: (_, piece) => {
          text += piece
        },
      }),
    )
    await until('both to tell their numbers', () => text.split('\n').length === 3, soon)
    return { ending, pids: text.trim().split('\n').map(Number) }
  }

  test('a cancelled command dies on the host, with its children', async () => {
    const abort = new AbortController()
    const { ending, pids } = await startFamily({ ...quick, signal: abort.signal })
    expect(pids.every(isAlive)).toBe(true)
    abort.abort()
    const fault = await ending
    expect(fault.code).toBe('shell.cancelled')
    expect(fault.facts.isOver).toBe(true)
    expect(pids.some(isAlive)).toBe(false)
  })

  test('a command past its deadline dies on the host, and its fate is said to be unknown', async () => {
    const { ending, pids } = await startFamily({ timeoutMs: 3000 })
    const fault = await ending
    expect(fault.code).toBe('shell.timeout')
    expect(fault.facts.isOver).toBe(true)
    expect(pids.some(isAlive)).toBe(false)
  })

  test('a command that ignores a polite signal is killed by force', async () => {
    const fault = await faultOf(ssh.exec(sshd.host(), ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'], { timeoutMs: 2000 }))
    expect(fault).toMatchObject({ code: 'shell.timeout', facts: { isOver: true } })
  })

  test('a daemon that the command had set free survives the kill', async () => {
    let text = ''
    const fault = await faultOf(
      ssh.exec(sshd.host(), ['sh', '-c', "setsid sh -c 'echo $$; exec sleep 300' & sleep 300"], {
        timeoutMs: 2500,
        onOutput: (_, piece) => {
          text += piece
        },
      }),
    )
    expect(fault.facts.isOver).toBe(true)
    const daemon = Number(text.trim())
    expect(isAlive(daemon)).toBe(true)
    process.kill(daemon, 'SIGKILL')
  })

  test('an abort before the start runs nothing', async () => {
    const fault = await faultOf(
      ssh.exec(sshd.host(), ['touch', join(sshd.folder, 'never-made')], { ...quick, signal: AbortSignal.abort() }),
    )
    expect(fault.code).toBe('shell.cancelled')
    expect((await ssh.exec(sshd.host(), ['ls', sshd.folder], quick)).stdout).not.toContain('never-made')
  })

  test('a connection that breaks under a command leaves its outcome unknown; the next command reconnects', async () => {
    const own = await startSshd()
    const pool = open({ keyFor: async () => own.privateKey, backOffMs: 1 })
    try {
      let text = ''
      const ending = faultOf(
        pool.exec(own.host(), ['sh', '-c', 'echo $$; exec sleep 300'], {
          ...quick,
          onOutput: (_, piece) => {
            text += piece
          },
        }),
      )
      await until('its number', () => text.endsWith('\n'), soon)
      await own.restart()
      const fault = await ending
      expect(fault.code).toBe('shell.timeout')
      expect(fault.message).toContain('connection')
      // It was found again by number and age over a new connection, and ended.
      expect(fault.facts.isOver).toBe(true)
      expect(isAlive(Number(text))).toBe(false)
      expect((await pool.exec(own.host(), ['echo', 'back'], quick)).stdout).toBe('back\n')
    } finally {
      await own.stop()
    }
  })

  test('a warm command takes no new login', async () => {
    const own = open()
    await own.exec(sshd.host(), ['true'], quick)
    const before = readFileSync(join(sshd.folder, 'log'), 'utf8').split('Accepted publickey').length
    for (let n = 0; n < 20; n += 1) await own.exec(sshd.host(), ['true'], quick)
    expect(readFileSync(join(sshd.folder, 'log'), 'utf8').split('Accepted publickey').length).toBe(before)
  })

  test('an unused connection is closed', async () => {
    const own = open({ idleMs: 50 })
    await own.exec(sshd.host(), ['true'], quick)
    expect(own.counts().connections).toBe(1)
    await until('no connection', () => own.counts().connections === 0, soon)
  })
})
