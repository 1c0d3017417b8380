import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { certify, makeAuthority, revocationList } from './authority'

export interface TakenMail {
  from: string
  to: string[]
  /** The whole text, headers included. */
  text: string
  /** Who had logged in. */
  user: string | null
}

export interface TestMailServer {
  port: number
  /** PEM of the authority that signed its certificate. */
  ca: string
  /** Its revocation list, with the server's certificate on it or without. */
  revocations: (isRevoked: boolean) => string
  /** What it has taken so far, oldest first. */
  taken: TakenMail[]
  stop: () => Promise<void>
}

const login = { user: 'console', password: 'console-secret' }

export { login as mailLogin }

/** Debian’s own Python has the package. Takes everything but for mailboxes that begin with “refused”. Its port, then each mail, is a line of JSON. */
const server = `
import json, socket, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('refused'):
            return '550 5.1.1 No such mailbox'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        user = session.auth_data.login.decode() if session.auth_data else None
        print(json.dumps({'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'text': envelope.content.decode(), 'user': user}), flush=True)
        return '250 2.0.0 Taken'

def known(server, session, envelope, mechanism, data):
    ok = data.login == b'${login.user}' and data.password == b'${login.password}'
    return AuthResult(success=ok, handled=ok, auth_data=data if ok else None)

options = dict(authenticator=known, auth_required=True, auth_require_tls=True)
if sys.argv[1] == 'starttls':
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('server.pem', 'server.key')
    options.update(tls_context=context, require_starttls=True)
elif sys.argv[1] == 'plain':
    options = {}
with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
control = Controller(Keep(), hostname='127.0.0.1', port=port, **options)
control.start()
print(port, flush=True)
sys.stdin.read()
control.stop()
`

/** A real SMTP server: with STARTTLS and AUTH, both required; or `plain`, which has neither. */
export const startMailServer = async (kind: 'starttls' | 'plain' = 'starttls'): Promise<TestMailServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'mmail-'))
  makeAuthority(folder, 'ca')
  certify(folder, 'ca', { name: 'server', commonName: 'mail', extension: 'subjectAltName=IP:127.0.0.1\n' })
  writeFileSync(join(folder, 'server.py'), server)
  const child: ChildProcess = spawn('/usr/bin/python3', ['server.py', kind], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
  const taken: TakenMail[] = []
  const lines = createInterface({ input: child.stdout! })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the mail server did not start')))
    lines.on('line', (line) => (line.startsWith('{') ? taken.push(JSON.parse(line) as TakenMail) : resolve(Number(line))))
  })
  return {
    port,
    ca: readFileSync(join(folder, 'ca.pem'), 'utf8'),
    revocations: (isRevoked) => revocationList(folder, 'ca', isRevoked ? ['server'] : []),
    taken,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin!.end()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
