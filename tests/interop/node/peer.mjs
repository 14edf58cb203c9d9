// One request per line on stdin, one answer per line on stdout: what tests/interop asks of npm's jose.
import { createInterface } from "node:readline";
import * as jose from "jose";

const bytes = (text) => Buffer.from(text, "base64");
const text = (data) => Buffer.from(data).toString("base64");
// A password is handed over as octets; every other key as a JWK.
const keyOf = async ({ jwk, alg, secret }) => (secret === undefined ? jose.importJWK(jwk, alg) : bytes(secret));

const operations = {
  sign: async (ask) =>
    new jose.CompactSign(bytes(ask.payload))
      .setProtectedHeader({ alg: ask.alg, ...(ask.header ?? {}) })
      .sign(await keyOf(ask)),
  verify: async (ask) =>
    text((await jose.compactVerify(ask.token, await keyOf(ask), { algorithms: [ask.alg] })).payload),
  encrypt: async (ask) =>
    new jose.CompactEncrypt(bytes(ask.payload))
      .setProtectedHeader({ alg: ask.alg, enc: ask.enc, ...(ask.header ?? {}) })
      .encrypt(await keyOf(ask)),
  decrypt: async (ask) =>
    text(
      (await jose.compactDecrypt(ask.token, await keyOf(ask), {
        keyManagementAlgorithms: [ask.alg],
        contentEncryptionAlgorithms: [ask.enc],
        maxPBES2Count: 1200000,
      })).plaintext,
    ),
  jwt: async (ask) => {
    const options = { issuer: ask.issuer, audience: ask.audience, typ: ask.typ, algorithms: [ask.alg] };
    options.currentDate = new Date(ask.now * 1000);
    return (await jose.jwtVerify(ask.token, await keyOf(ask), options)).payload;
  },
  generate: async (ask) => {
    const made = await jose.generateKeyPair(ask.alg, { ...(ask.crv && { crv: ask.crv }), extractable: true });
    return { private: await jose.exportJWK(made.privateKey), public: await jose.exportJWK(made.publicKey) };
  },
  thumbprint: async (ask) => jose.calculateJwkThumbprint(ask.jwk),
};

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await operations[ask.op](ask) };
  } catch (error) {
    answer = { error: `${error.code ?? error.name}: ${error.message}` };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
