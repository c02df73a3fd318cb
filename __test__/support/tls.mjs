// TLS for tests: the certificates of fixtures/tls (its make.sh says what each of them is), and the
// arguments that make a server use them.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The path of a file in fixtures/tls. */
export const tlsPath = (name) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** The text of a file in fixtures/tls. */
export const tlsText = (name) => readFileSync(tlsPath(name), "latin1");

/** The passphrase of client-encrypted.key and client.pfx. */
export const PASSPHRASE = "open sesame";

/** What a client's `tls` needs to trust the servers of our authority. */
export const TRUST = Object.freeze({ ca: tlsText("ca.crt") });

/** A certificate and its key as options of a client or a Node server. */
export const identity = (name) => ({ cert: tlsText(`${name}.crt`), key: tlsText(`${name}.key`) });

/**
 * The arguments by which redis-server, or a sentinel, speaks TLS only, on `port`.
 *
 * @param {{ certificate?: string, chain?: string, clients?: "no" | "yes" | "optional", authority?: string | null,
 *   protocols?: string }} options
 *   `certificate` names the pair in fixtures/tls, `chain` another .crt with the same key; `clients`: whether they must
 *   show a certificate; `authority` is what the server trusts, and it sends it along with its own certificate (`null`:
 *   nothing, no client can be checked); `protocols` as redis.conf has them: "TLSv1.2".
 */
export function tlsArgs(port, { certificate = "server", chain, clients = "no", authority = "ca", protocols } = {}) {
  return [
    ...["--port", 0, "--tls-port", port, "--tls-auth-clients", clients],
    ...["--tls-cert-file", tlsPath(`${chain ?? certificate}.crt`), "--tls-key-file", tlsPath(`${certificate}.key`)],
    ...(authority === null ? [] : ["--tls-ca-cert-file", tlsPath(`${authority}.crt`)]),
    ...(protocols === undefined ? [] : ["--tls-protocols", protocols]),
  ];
}
