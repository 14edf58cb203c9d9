// Reads one JSON line per order and answers one: make ready for an algorithm, or run an operation n times.
const { createSigner, createVerifier } = require('fast-jwt')
const readline = require('node:readline')

const ready = {}

function prepare({ alg, privateKey, publicKey, claims, issuer, audience, now }) {
  const algorithm = alg === 'Ed25519' ? 'EdDSA' : alg
  const sign = createSigner({ key: privateKey, algorithm })
  const token = sign(claims)
  const options = { key: publicKey, algorithms: [algorithm], allowedIss: issuer, allowedAud: audience, clockTimestamp: now * 1000 }
  const verify = createVerifier(options)
  const cached = createVerifier({ ...options, cache: true, cacheTTL: 600000 })
  ready[alg] = { sign: () => sign(claims), verify: () => verify(token), cached: () => cached(token) }
  ready[alg].verify()
  return { ok: true }
}

function run({ alg, operation, count }) {
  const perform = ready[alg][operation]
  const start = process.hrtime.bigint()
  for (let i = 0; i < count; i++) perform()
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9 }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line)
  let answer
  try {
    answer = order.claims ? prepare(order) : run(order)
  } catch (error) {
    answer = { error: String(error.message) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
})
