// node-oidc-provider with everything in memory: nothing of what it holds outlives the process.
// (Its own memory adapter forgets all but the last thousand things, so this one stands in for it.)
// Refresh tokens rotate; access tokens are JWTs of ES256 for a resource, or opaque for introspection.
import { existsSync, writeFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

const [port, seedFile, sessions] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])]
const resource = 'urn:clinic'
const issuer = 'http://127.0.0.1:8000'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const held = new Map()

class Memory {
  constructor(model) { this.model = model }
  key(id) { return `${this.model}:${id}` }
  async upsert(id, payload) { held.set(this.key(id), payload) }
  async find(id) { return held.get(this.key(id)) }
  async findByUid(uid) { return this.find(uid) }
  async findByUserCode() { return undefined }
  async consume(id) { held.get(this.key(id)).consumed = Math.floor(Date.now() / 1000) }
  async destroy(id) { held.delete(this.key(id)) }
  async revokeByGrantId() {}
}

const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [{
    client_id: 'clinic', client_secret: 'secret', grant_types: ['refresh_token', 'authorization_code'],
    redirect_uris: ['https://clinic.example/cb'], id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'node' }] },
  cookies: { keys: ['not a browser in sight'] },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, RefreshToken: 86400, Grant: 86400, IdToken: 3600 },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: async () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => resource,
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => ({
        scope: 'appointments:read', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 3600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})

async function seed() {
  const client = await provider.Client.find('clinic')
  const refresh = [], access = []
  for (let i = 0; i < sessions; i++) {
    const accountId = `user${Math.floor(i / 10)}`
    const grant = new provider.Grant({ accountId, clientId: 'clinic' })
    grant.addOIDCScope('offline_access')
    grant.addResourceScope(resource, 'appointments:read')
    const grantId = await grant.save()
    const common = { accountId, client, grantId, gty: 'authorization_code' }
    const token = new provider.RefreshToken({
      ...common, scope: 'offline_access appointments:read', resource, claims: {}, rotations: 0, iiat: Math.floor(Date.now() / 1000),
    })
    const text = await token.save()
    if (i % Math.max(1, Math.floor(sessions / 1000)) === 0) {
      refresh.push(text)
      access.push(await new provider.AccessToken({ ...common, scope: 'offline_access' }).save())
    }
  }
  writeFileSync(seedFile, JSON.stringify({ refresh, access }))
}

if (!existsSync(seedFile)) await seed()
provider.listen(port, '127.0.0.1')
