/**
 * Prints the commitment to a recent block: anchor, state anchor, the header that proves the state
 * root. The EIP-712 digests follow.
 *
 *   npm run commit -- [--rpc URL] [--header "Name: value"]... [--timeout SECONDS] [--depth N] [--name NAME --version V --contract ADDRESS]
 *
 * The endpoint may stand in the environment, as for the command line. Without any it reads an in-process chain. Exits with 2 where the
 * input cannot be used, with 1 where the endpoint cannot be believed.
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
import { toBigInt } from "../src/core/bytes.js";
import { readEndpoint, RPC_VARIABLE, type EndpointOptions } from "../packages/cli/src/endpoint.js";
import { jsonRpc } from "../packages/cli/src/jsonRpc.js";
import { CliError } from "../packages/cli/src/errors.js";
import { Terminal } from "../packages/cli/src/terminal.js";
import { withoutValues } from "../packages/cli/src/text.js";
import { call } from "../src/rpc/request.js";

const USAGE =
  "usage: npm run commit -- [--rpc URL] [--header LINE]... [--timeout SECONDS] [--depth N] [--name NAME] [--version V] [--contract ADDRESS]";
const UNUSABLE = ["INVALID_ANCHOR", "INVALID_HEX", "INVALID_TYPED_DATA", "UNUSABLE_INPUT"];

interface Options extends EndpointOptions {
  depth?: string;
  name?: string;
  version?: string;
  contract?: string;
}

const terminal = new Terminal(process.stdout, process.stderr);
process.exit(await main());

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseArgs({
      options: {
        rpc: { type: "string" },
        header: { type: "string", multiple: true },
        timeout: { type: "string" },
        depth: { type: "string" },
        name: { type: "string" },
        version: { type: "string" },
        contract: { type: "string" },
      },
    }).values;
  } catch (error) {
    terminal.note(withoutValues(error instanceof Error ? error.message : String(error)));
    terminal.note(USAGE);
    return 2;
  }
  try {
    await commit(options);
    return 0;
  } catch (error) {
    if (!SettlementGuardError.is(error) && !(error instanceof CliError)) throw error;
    terminal.note(`${error.code}: ${error.message}`);
    return UNUSABLE.includes(error.code) ? 2 : 1;
  }
}

async function commit(options: Options): Promise<void> {
  const isElsewhere = (options.rpc ?? process.env[RPC_VARIABLE]) !== undefined;
  const endpoint = isElsewhere ? readEndpoint(options) : undefined;
  const connection = endpoint === undefined ? await inProcessChain() : jsonRpc(endpoint);
  const chainId = toBigInt(await call(connection, "eth_chainId"), "chain id");
  const { anchor: stateAnchor, header } = await latestStateAnchor(connection, {
    ...(options.depth === undefined ? {} : { depth: Number(options.depth) }),
    ...(endpoint === undefined ? {} : { timeout: endpoint.timeout }),
  });
  const anchor = { number: stateAnchor.number, hash: stateAnchor.hash };
  const domain: TypedDataDomain = {
    name: options.name ?? "Settlement Guard",
    version: options.version ?? "1",
    chainId,
    ...(options.contract === undefined ? {} : { verifyingContract: options.contract }),
  };
  const digests = { anchor: anchorDigest(domain, anchor), stateAnchor: anchorDigest(domain, stateAnchor) };
  await terminal.printJson({ chainId, anchor, stateAnchor, header, domain, digests }, 2);
}

/** A chain with a few blocks on it, to see what a commitment looks like. */
async function inProcessChain(): Promise<Connection> {
  const chain = await hardhatForks(network).create();
  await chain.mine(5);
  return chain;
}
