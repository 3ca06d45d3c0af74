/**
 * Prints the commitment to a recent block: its anchor, its state anchor, the header that proves the state root, and the EIP-712 digests.
 *
 *   npm run commit -- [--rpc URL] [--depth N] [--name NAME --version V --contract ADDRESS]
 *
 * Without --rpc it reads an in-process chain. Exits with 2 where the input cannot be used, with 1 where the endpoint cannot be believed.
 */
import { parseArgs } from "node:util";

import { network } from "hardhat";

import {
  anchorDigest,
  latestStateAnchor,
  SettlementGuardError,
  type Connection,
  type TypedDataDomain,
} from "../src/index.js";
import { hardhatForks } from "../src/hardhat/index.js";
import { toBigInt } from "../src/bytes.js";
import { call } from "../src/rpc/request.js";
import { jsonRpc } from "./jsonRpc.js";

const USAGE = "usage: npm run commit -- [--rpc URL] [--depth N] [--name NAME] [--version V] [--contract ADDRESS]";

process.exit(await main());

async function main(): Promise<number> {
  let options: { rpc?: string; depth?: string; name?: string; version?: string; contract?: string };
  try {
    options = parseArgs({
      options: {
        rpc: { type: "string" },
        depth: { type: "string" },
        name: { type: "string" },
        version: { type: "string" },
        contract: { type: "string" },
      },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }

  try {
    const connection = options.rpc === undefined ? await inProcessChain() : jsonRpc(options.rpc);
    const chainId = toBigInt(await call(connection, "eth_chainId"), "chain id");
    const depth = options.depth === undefined ? {} : { depth: Number(options.depth) };
    const { anchor: stateAnchor, header } = await latestStateAnchor(connection, depth);
    const anchor = { number: stateAnchor.number, hash: stateAnchor.hash };
    const domain: TypedDataDomain = {
      name: options.name ?? "Settlement Guard",
      version: options.version ?? "1",
      chainId,
      ...(options.contract === undefined ? {} : { verifyingContract: options.contract }),
    };
    const commitment = {
      chainId,
      anchor,
      stateAnchor,
      header,
      domain,
      digests: { anchor: anchorDigest(domain, anchor), stateAnchor: anchorDigest(domain, stateAnchor) },
    };
    console.log(
      JSON.stringify(commitment, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value), 2),
    );
    return 0;
  } catch (error) {
    if (!SettlementGuardError.is(error)) throw error;
    console.error(`${error.code}: ${error.message}`);
    return error.code === "INVALID_ANCHOR" || error.code === "INVALID_HEX" || error.code === "INVALID_TYPED_DATA"
      ? 2
      : 1;
  }
}

/** A chain with a few blocks on it, to see what a commitment looks like. */
async function inProcessChain(): Promise<Connection> {
  const chain = await hardhatForks(network).create();
  await chain.mine(5);
  return chain;
}
