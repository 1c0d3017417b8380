import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { webCommand } from '@/lib/playground/start/web-command'
import { freePort } from '../harness/free-port'

const run = promisify(execFile)

export interface Peer {
  origins: string[]
  /** Of somebody who is signed in and may see everything. */
  cookie: string
  stop: () => Promise<void>
}

const start = (command: string, args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }) => {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => {
    said = (said + piece.toString()).slice(-4_000)
  })
  return { child, said: () => said }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else {
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    }
  })

const untilUp = async (url: string, server: { child: ChildProcess; said: () => string }): Promise<void> => {
  const endsAt = Date.now() + 60_000
  while (Date.now() < endsAt && server.child.exitCode === null) {
    const isUp = await fetch(url, { redirect: 'manual' }).then(
      (response) => response.status < 500,
      () => false,
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${url} does not answer:\n${server.said()}`)
}

/** Keeps cookies between calls, as a browser does while somebody signs in. */
const browser = (origin: string) => {
  const jar = new Map<string, string>()
  const header = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(`${origin}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie: header(), origin, referer: `${origin}${path}` },
    })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0]!.split(/=(.*)/s)
      jar.set(name!, value ?? '')
    }
    return response
  }
  const post = (path: string, form: Record<string, string>) =>
    call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    })
  return { call, post, header, jar }
}

/** Two web processes of the built console, with the administrator `admin` signed in. */
export const startConsole = async (databaseUrl: string, password: string): Promise<Peer> => {
  const authSecret = 'bench-secret-of-at-least-32-characters'
  const ports = [await freePort(), await freePort()]
  const [command, ...args] = webCommand
  const servers = ports.map((port) =>
    start(command, args, {
      cwd: projectRoot,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        DATABASE_URL: databaseUrl,
        AUTH_SECRET: authSecret,
        NEXTAUTH_SECRET: authSecret,
        MATRIARCH_URL: `http://127.0.0.1:${ports[0]}`,
        NEXTAUTH_URL: `http://127.0.0.1:${ports[0]}`,
        HOSTNAME: '127.0.0.1',
        PORT: String(port),
        LOG_LEVEL: 'error',
      },
    }),
  )
  const origins = ports.map((port) => `http://127.0.0.1:${port}`)
  const stop = async () => {
    await Promise.all(servers.map(({ child }) => ended(child)))
  }
  try {
    await Promise.all(origins.map((origin, index) => untilUp(`${origin}/api/health`, servers[index]!)))
    const { call, post, header } = browser(origins[0]!)
    const { csrfToken } = (await (await call('/api/auth/csrf')).json()) as { csrfToken: string }
    await post('/api/auth/callback/credentials', { csrfToken, userName: 'admin', password, json: 'true' })
    for (const origin of origins) {
      const page = await fetch(`${origin}/instances?per=100`, { redirect: 'manual', headers: { cookie: header() } })
      if (page.status !== 200) throw new Error(`The console’s list answered ${page.status} after signing in.\n${servers[0]!.said()}`)
    }
    return { origins, cookie: header(), stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

export const djangoPackages = ['python3-django', 'gunicorn', 'python3-psycopg2']
export const python = '/usr/bin/python3'

const djangoVersion = (): Promise<string | null> =>
  run(python, ['-c', 'import django, gunicorn, psycopg2; print(django.get_version())']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )

/** Debian's packages; installed when they are missing and this is root. */
export const ensureDjango = async (): Promise<string> => {
  const found = await djangoVersion()
  if (found) return found
  const command = ['install', '-y', '--no-install-recommends', ...djangoPackages]
  if (process.getuid?.() !== 0) throw new Error(`The peer is missing. Install it: apt-get ${command.join(' ')}`)
  console.log(`  installing ${djangoPackages.join(', ')}`)
  await run('apt-get', command, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  const installed = await djangoVersion()
  if (!installed) throw new Error(`The packages ${djangoPackages.join(', ')} were installed, but ${python} does not find them.`)
  return installed
}

/** Where a Django process of the bench finds the database. */
export const djangoEnvironment = (databaseUrl: string): NodeJS.ProcessEnv => {
  const url = new URL(databaseUrl.replace('@/', '@localhost/'))
  return {
    ...process.env,
    BENCH_DATABASE: url.pathname.slice(1),
    BENCH_USER: url.username,
    BENCH_HOST: url.searchParams.get('host') ?? url.hostname,
    PYTHONDONTWRITEBYTECODE: '1',
  }
}

/** Django admin under gunicorn with two workers, over the same tables, with a superuser signed in. */
export const startDjango = async (databaseUrl: string, password: string): Promise<Peer> => {
  const cwd = join(projectRoot, 'e2e/bench/django')
  const env = { ...djangoEnvironment(databaseUrl), DJANGO_SUPERUSER_PASSWORD: password }
  await run(python, ['manage.py', 'migrate', '--verbosity', '0'], { cwd, env })
  await run(python, ['manage.py', 'createsuperuser', '--noinput', '--username', 'admin', '--email', 'admin@example.org'], { cwd, env })
  const port = await freePort()
  const server = start(python, ['-m', 'gunicorn', '--workers', '2', '--bind', `127.0.0.1:${port}`, '--log-level', 'error', 'wsgi'], {
    cwd,
    env,
  })
  const origin = `http://127.0.0.1:${port}`
  const stop = () => ended(server.child)
  try {
    await untilUp(`${origin}/admin/login/`, server)
    const { call, post, header, jar } = browser(origin)
    await call('/admin/login/')
    await post('/admin/login/', { username: 'admin', password, csrfmiddlewaretoken: jar.get('csrftoken') ?? '', next: '/admin/' })
    const page = await call('/admin/fleet/instance/')
    if (page.status !== 200) throw new Error(`Django’s list answered ${page.status} after signing in.\n${server.said()}`)
    return { origins: [origin], cookie: header(), stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}
