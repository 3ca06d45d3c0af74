import { expect, use } from "chai";
import { getBytes, JsonRpcProvider, makeError, Result, type Contract, type TransactionResponse } from "ethers";
import { network } from "hardhat";

import { assertAcceptedByGuard, assertRejectedByGuard } from "../../src/assert/index.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import type { Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { failure, pass, type Both } from "../../tools/assertions.js";
import { deployProbe } from "../../tools/forks.js";
import { ACTUAL, CLAIMED, mismatch } from "../../tools/revertForms.js";

use(settlementGuardMatchers);

type Subject = () => unknown;

const claims = (subject: Subject): Record<"accepted" | "acceptedNot" | "rejected" | "rejectedNot", Both> => ({
  accepted: {
    chai: () => expect(subject()).to.be.acceptedByGuard(),
    plain: () => assertAcceptedByGuard(subject()),
  },
  acceptedNot: {
    chai: () => expect(subject()).not.to.be.acceptedByGuard(),
    plain: () => assertAcceptedByGuard.not(subject()),
  },
  rejected: {
    chai: () => expect(subject()).to.be.rejectedByGuard(),
    plain: () => assertRejectedByGuard(subject()),
  },
  rejectedNot: {
    chai: () => expect(subject()).not.to.be.rejectedByGuard(),
    plain: () => assertRejectedByGuard.not(subject()),
  },
});

/** Both claims and both negations fail, and say the same. */
async function showsNothing(subject: Subject, found: RegExp | string): Promise<void> {
  for (const claim of Object.values(claims(subject))) {
    const message = await failure(claim);
    const told = message.slice(message.indexOf(", but ") + ", but ".length);
    if (typeof found === "string") expect(told).to.equal(found);
    else expect(told).to.match(found);
  }
}

/** Accepted, and not rejected. */
async function showsSuccess(subject: Subject): Promise<void> {
  const { accepted, rejectedNot, rejected } = claims(subject);
  await pass(accepted);
  await pass(rejectedNot);
  expect(await failure(rejected)).to.contain("but it succeeded.");
}

/** Rejected, and not accepted. */
async function showsRejection(subject: Subject): Promise<void> {
  const { rejected, acceptedNot, accepted } = claims(subject);
  await pass(rejected);
  await pass(acceptedNot);
  expect(await failure(accepted)).to.contain("AnchorMismatch: ");
}

describe("what a subject shows about the guard", function () {
  let chain: HardhatChain;
  let probe: Contract;

  before(async () => {
    chain = await hardhatForks(network).create();
    probe = await deployProbe(chain);
    await chain.request({ method: "evm_setAutomine", params: [false] });
  });
  after(() => chain.close());

  const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
  const send = (name: string, ...args: unknown[]) =>
    probe.getFunction(name).send(...args, { gasLimit: 100_000 }) as Promise<TransactionResponse>;
  const set = () => send("set", 1);
  const refused = () => send("revertWith", mismatch);
  const mined = async (sent: Promise<TransactionResponse>): Promise<TransactionResponse> => {
    const response = await sent;
    await chain.mine();
    return response;
  };
  const call = (name: string, ...args: unknown[]) => probe.getFunction(name).staticCall(...args);

  it("takes a receipt of any client by its status", async () => {
    const [good, bad] = [await mined(set()), await mined(refused())];
    const raw = (await ask("eth_getTransactionReceipt", bad.hash)) as object;
    await showsSuccess(() => chain.tools.ethers.provider.getTransactionReceipt(good.hash));
    await showsSuccess(() => ask("eth_getTransactionReceipt", good.hash));
    // Ethers' receipt knows its node, which says why.
    await showsRejection(() => chain.tools.ethers.provider.getTransactionReceipt(bad.hash));
    await showsRejection(() => bad.wait());
    for (const receipt of [raw, { ...raw, status: "reverted" }, { hash: bad.hash, blockHash: CLAIMED, status: 0 }])
      await showsNothing(() => Promise.resolve(receipt), "it reverted, and its receipt does not say with what.");
    await showsSuccess(() => Promise.resolve({ ...raw, status: "success" }));
    await showsNothing(
      () => ({ ...raw, status: null }),
      "it shows nothing: what came back is a receipt without a status.",
    );
  });

  it("takes nothing for a success that is neither a transaction nor a call's result", async () => {
    const sent = await set();
    const bare = { ...((await ask("eth_getTransactionByHash", sent.hash)) as object) };
    const cases: [Subject, RegExp][] = [
      [() => undefined, /^it shows nothing: what came back is undefined, which a forgotten return gives as well\.$/],
      [() => async () => undefined, /undefined, which/],
      [() => () => void set().catch(() => undefined), /undefined, which/],
      [() => chain.tools.ethers.provider.getTransactionReceipt(sent.hash), /null, as for the receipt of a transaction that is in no block\.$/],
      [() => Promise.all([call("value"), ask("eth_getTransactionReceipt", sent.hash)]), /^call 1 of the batch shows nothing: what came back is null, as/],
      [() => "hello", /the text "hello"\.$/],
      [() => Promise.resolve(probe), /a contract: of its deployment, give the transaction\.$/],
      [() => ({ address: CLAIMED, abi: [], read: {} }), /a contract: /],
      [() => probe.getFunction("set").populateTransaction(1), /a transaction that was not sent\.$/],
      [() => ({ account: CLAIMED, data: "0x", gas: 1n, maxFeePerGas: 2n, nonce: 0, type: "eip1559" }), /that was not sent\.$/],
      [() => Promise.resolve(bare), /a transaction without its receipt: wait for that\.$/],
      [() => chain.tools.ethers.provider, /an object with methods, which no call returns\.$/],
      [() => ({ call: () => undefined }), /an object with methods/],
      [() => () => () => undefined, /a function\.$/],
      [() => [], /an empty list, as of a batch without a call\.$/],
      [() => [CLAIMED, ACTUAL], /a list of hashes of transactions, or of bytes32: wait for the receipts\.$/],
      [() => ({ id: CLAIMED, status: "pending" }), /pending\.$/],
    ]; // prettier-ignore
    for (const [subject, found] of cases) await showsNothing(subject, found);
    await chain.mine();
  });

  it("says of a call's bytes32 that it looks like a transaction's hash, and takes the whole result", async () => {
    const { hash } = chain.at(1n)!;
    await showsNothing(
      () => call("blockHash", 1),
      `it shows nothing: what came back is ${hash}, a transaction's hash or a call's bytes32: wait for the receipt, or give the call's whole result.`,
    );
    await showsSuccess(() => probe.getFunction("blockHash").staticCallResult(1));
    await showsSuccess(() => Promise.resolve({ result: hash, request: {} }));
  });

  it("takes what calls return for a success", async () => {
    const struct = { to: ACTUAL, data: "0x12", executed: false, hash: CLAIMED, status: 0 };
    const results: unknown[] = [0n, 5, true, false, "0x", "0x12345678", getBytes("0x12"), struct, { data: undefined }, [1n, CLAIMED, "text", []], new Result(), Result.fromItems([CLAIMED, ACTUAL, 0n], ["hash", "blockHash", "status"])]; // prettier-ignore
    for (const result of results) await showsSuccess(() => Promise.resolve(result));
    await showsSuccess(() => call("value"));
    await showsSuccess(() => ask("eth_call", { to: `0x${"11".repeat(20)}`, data: "0x" }, "latest"));
    await showsSuccess(() => ask("eth_blockNumber"));
    await showsSuccess(() => Promise.resolve([{ status: "success", result: undefined }]));
  });

  it("waits for the transactions of a list, and looks into what allSettled caught", async () => {
    const responses = await Promise.all([set(), refused()]);
    const waiting = assertAcceptedByGuard(responses).catch((error: Error) => error.message);
    await chain.mine();
    expect(await waiting).to.contain("but call 1 of the batch reverted. AnchorMismatch: ");
    await showsRejection(() => responses);
    await showsRejection(() => Promise.allSettled(responses.map((response) => Promise.resolve(response))));
    await showsRejection(() => Promise.allSettled([call("value"), call("revertWith", mismatch)]));
    await showsRejection(() => [call("value"), call("revertWith", mismatch)]);
    await showsSuccess(() => [responses[0], call("value")]);
    await showsSuccess(() => Promise.allSettled([Promise.resolve(responses[0]), call("value")]));
    const offline = () => Promise.allSettled([call("value"), Promise.reject(new Error("offline"))]);
    await showsNothing(offline, "call 1 of the batch never ran: offline.");
    await showsNothing(
      () => Promise.allSettled([Promise.resolve()]),
      /^call 0 of the batch shows nothing: what came back is undefined/,
    );
  });

  it("does not wait for a transaction that the node has dropped", async () => {
    const sent = await mined(set());
    await chain.reorg({ depth: 1, drop: [sent.hash as Hex] });
    await showsNothing(() => sent, `it shows nothing: the node does not know the transaction ${sent.hash} any more.`);
  });

  it("waits for a transaction for as long as the node has it", async () => {
    const sent = await set();
    const waiting = assertAcceptedByGuard(sent);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await chain.mine();
    await waiting;
  });

  it("reads an error that was caught, and an answer of JSON-RPC that is one", async () => {
    await showsRejection(() => call("revertWith", mismatch).catch((error: unknown) => error));
    const error = { code: 3, message: "execution reverted", data: mismatch };
    await showsRejection(() => Promise.resolve({ jsonrpc: "2.0", id: 1, error }));
    await showsSuccess(() => Promise.resolve({ jsonrpc: "2.0", id: 1, result: "0x" }));
  });

  it("says who keeps the revert data to itself: the error, the receipt, or the node", async () => {
    const bad = await mined(refused());
    const blind = new JsonRpcProvider();
    blind.send = () => Promise.reject(new Error("no such method"));
    const receipt = { hash: bad.hash, blockHash: CLAIMED, status: 0 };
    const error = makeError("transaction execution reverted", "CALL_EXCEPTION", { receipt } as never);
    await showsNothing(() => Promise.reject(error), "it reverted, and its receipt does not say with what.");
    await showsNothing(() => ({ ...receipt, provider: blind }), "it reverted, and the node does not say with what.");
    const silent = makeError("missing revert data", "CALL_EXCEPTION");
    await showsNothing(() => Promise.reject(silent), "it reverted, and the error does not say with what.");
  });
});
