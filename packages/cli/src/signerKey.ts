import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable, type Readable } from "node:stream";

import type { BaseWallet } from "ethers";
import type { LedgerTypedData } from "settlement-guard";

import { unusable, type CliError } from "./errors.js";
import { unusableFile } from "./jsonFile.js";
import { missing } from "./peers.js";
import { systemReason } from "./terminal.js";

export const KEY_VARIABLE = "SETTLEMENT_GUARD_SIGNER_KEY";
export const PASSWORD_VARIABLE = "SETTLEMENT_GUARD_KEYSTORE_PASSWORD";

/** A key that signs commitments. */
export interface SignerKey {
  readonly address: string;
  sign(typedData: LedgerTypedData): Promise<string>;
  /** Whether a signature of a digest is this key's. */
  hasSigned(digest: string, signature: string): boolean;
}

/**
 * The key that the environment or an encrypted keystore holds. Nothing of a key or a password is repeated in an error.
 *
 * @param keystore path of the file; undefined where the key itself is in the environment
 * @throws UNUSABLE_INPUT
 */
export async function readKey(
  keystore: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<SignerKey> {
  const { recoverAddress, Wallet } = await import("ethers").catch(missing("signing", "ethers"));
  const signerOf = (wallet: BaseWallet): SignerKey => ({
    address: wallet.address,
    sign: ({ domain, types, message }) => wallet.signTypedData(domain, types, message),
    hasSigned: (digest, signature) => recoverAddress(digest, signature) === wallet.address,
  });
  if (keystore !== undefined) return signerOf(await decrypted(keystore, environment));
  const key = environment[KEY_VARIABLE]?.trim() ?? "";
  if (key === "")
    throw unusable("signing", "there is no key", `give --keystore, put a key into ${KEY_VARIABLE}, or give --dry-run`);
  try {
    return signerOf(new Wallet(key));
  } catch {
    throw unusable(KEY_VARIABLE, "it is no private key", "expected 32 bytes in hexadecimal; it is not repeated");
  }
}

async function decrypted(path: string, environment: NodeJS.ProcessEnv): Promise<BaseWallet> {
  const { isKeystoreJson, Wallet } = await import("ethers");
  const json = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unusableFile(path, systemReason(cause), "give a file that can be read");
  });
  if (!isKeystoreJson(json)) throw unusableFile(path, "it is no keystore", "expected encrypted JSON, version 3");
  const password = environment[PASSWORD_VARIABLE] ?? (await askPassword(path));
  try {
    return await Wallet.fromEncryptedJson(json, password);
  } catch {
    throw unusableFile(path, "it does not open", "is the password the right one?");
  }
}

/**
 * Asks for a password on a terminal, which does not show it.
 *
 * @throws UNUSABLE_INPUT where the input is no terminal, or ends
 */
export async function askPassword(
  path: string,
  input: Readable & { isTTY?: boolean } = process.stdin,
  output: Writable = process.stderr,
): Promise<string> {
  if (input.isTTY !== true) throw noPassword("there is no terminal to ask for its password");
  output.write(`Password of ${path}: `);
  // What is typed is echoed into nothing.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: silent, terminal: true });
  try {
    const closed = new Promise<never>((_, reject) => {
      terminal.once("close", () => reject(noPassword("no password was given")));
    });
    return await Promise.race([terminal.question(""), closed]);
  } finally {
    terminal.close();
    output.write("\n");
  }
}

function noPassword(reason: string): CliError<"UNUSABLE_INPUT"> {
  return unusable("--keystore", reason, `put it into ${PASSWORD_VARIABLE}`);
}
