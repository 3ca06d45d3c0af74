import { AssertionError, expect, use } from "chai";
import { BrowserProvider, Contract, Interface, JsonRpcApiProvider, Network, makeError } from "ethers";
import { artifacts, network } from "hardhat";

import type { GuardErrorName } from "../../src/explain/guardErrors.js";
import { settlementGuardMatchers, revertDataOf } from "../../src/chai/index.js";

use(settlementGuardMatchers);

const CLAIMED = `0x${"a1".repeat(32)}`;
const ACTUAL = `0x${"b2".repeat(32)}`;

/** The message of the assertion that fails; fails itself if none does. */
async function messageOf(assertion: () => PromiseLike<unknown>): Promise<string> {
  try {
    await assertion();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new AssertionError("the assertion passed");
}

describe("rejectedByGuard", () => {
  let abi: Interface;
  let mismatch: string;
  let deploy: () => Promise<Contract>;
  let probe: Contract;
  let provider: { request(args: { method: string; params: unknown[] }): Promise<unknown> };

  before(async () => {
    abi = new Interface((await artifacts.readArtifact("BranchProbe")).abi);
    mismatch = abi.encodeErrorResult("AnchorMismatch", [41n, CLAIMED, ACTUAL]);
    const connection = await network.create();
    provider = connection.provider as typeof provider;
    deploy = async () => (await connection.ethers.deployContract("BranchProbe")) as unknown as Contract;
    probe = await deploy();
  });

  const data = (bytes: string) => abi.encodeFunctionData("revertWith", [bytes]);

  it("passes for a transaction, a call, a gas estimate and a function, through hardhat-ethers", async () => {
    await expect(probe.getFunction("revertWith").send(mismatch)).to.be.rejectedByGuard("AnchorMismatch");
    await expect(probe.getFunction("revertWith").staticCall(mismatch)).to.be.rejectedByGuard("AnchorMismatch");
    await expect(probe.getFunction("revertWith").estimateGas(mismatch)).to.be.rejectedByGuard("AnchorMismatch");
    await expect(() => probe.getFunction("revertWith").send(mismatch)).to.be.rejectedByGuard();
    // A gas limit skips the estimate, so that the transaction is mined and reverts.
    await expect(probe.getFunction("revertWith").send(mismatch, { gasLimit: 100_000 })).to.be.rejectedByGuard(
      "AnchorMismatch",
    );
  });

  it("passes through plain ethers, and through a bare provider", async () => {
    const ethers = new BrowserProvider(provider);
    const plain = new Contract(await probe.getAddress(), abi, await ethers.getSigner(0));
    await expect(plain.getFunction("revertWith").send(mismatch)).to.be.rejectedByGuard("AnchorMismatch");
    await expect(plain.getFunction("revertWith").staticCall(mismatch)).to.be.rejectedByGuard("AnchorMismatch");
    const call = { to: await probe.getAddress(), data: data(mismatch) };
    await expect(provider.request({ method: "eth_call", params: [call, "latest"] })).to.be.rejectedByGuard(
      "AnchorMismatch",
    );
  });

  /** A transaction that was accepted into the pool, and reverted when it was mined. */
  async function sentAndMined() {
    await provider.request({ method: "evm_setAutomine", params: [false] });
    try {
      const sent = await probe.getFunction("revertWith").send(mismatch, { gasLimit: 100_000 });
      await provider.request({ method: "evm_mine", params: [] });
      return sent;
    } finally {
      await provider.request({ method: "evm_setAutomine", params: [true] });
    }
  }

  it("passes for a transaction that was accepted into the pool and reverts when it is mined", async () => {
    await expect(sentAndMined()).to.be.rejectedByGuard("AnchorMismatch").withValues(41, CLAIMED, ACTUAL);
  });

  it("passes with ethers against a node that reports errors the way geth does", async () => {
    // code 3 and the bytes under error.data, as JSON-RPC transports it.
    class Geth extends JsonRpcApiProvider {
      override async _send(payload: Parameters<JsonRpcApiProvider["_send"]>[0]) {
        const calls = Array.isArray(payload) ? payload : [payload];
        return calls.map(({ id }) => ({
          id,
          error: { code: 3, message: "execution reverted", data: mismatch },
        })) as never;
      }
    }
    const chain = Network.from(1);
    const geth = new Geth(chain, { staticNetwork: chain });
    await expect(geth.call({ to: `0x${"11".repeat(20)}` }))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues({ number: 41n });
  });

  it("F14: reads revert data that a node wrote as text, and says so where it cannot", async () => {
    const nethermind = (text: string) =>
      Promise.reject(Object.assign(new Error("VM execution error."), { code: -32015, data: text }));
    await expect(nethermind(`Reverted ${mismatch}`))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues({ number: 41n });
    for (const text of ["Reverted 0xabc", "Bad jump destination"])
      for (const assertion of [
        () => expect(nethermind(text)).to.be.rejectedByGuard("AnchorMismatch"),
        () => expect(nethermind(text)).not.to.be.rejectedByGuard("AnchorMismatch"),
      ])
        expect(await messageOf(assertion)).to.contain(`it reverted, and the revert data has a form that is not known here: "${text}"`); // prettier-ignore
    const nonce = Promise.reject(Object.assign(new Error("nonce too low"), { code: -32010, data: "nonce 5" }));
    expect(await messageOf(() => expect(nonce).not.to.be.rejectedByGuard())).to.contain("it never ran: nonce too low");
  });

  it("takes no receipt of a transaction that reverted for a success", async () => {
    for (const status of ["reverted", false, 0, 0n, "0x0"]) {
      const receipt = Promise.resolve({ transactionHash: CLAIMED, status });
      expect(await messageOf(() => expect(receipt).not.to.be.rejectedByGuard())).to.contain("does not say with what");
    }
    await expect(Promise.resolve({ transactionHash: CLAIMED, status: "success" })).not.to.be.rejectedByGuard();
  });

  it("finds the data wherever clients hide it", () => {
    const bytes = mismatch;
    for (const error of [
      { data: bytes },
      { error: { data: bytes } },
      { info: { error: { code: 3, data: bytes } } },
      { data: { data: bytes, message: "reverted" } },
      { data: null, info: { error: { data: { data: bytes } } } },
      Object.assign(new Error("outer"), { cause: Object.assign(new Error("inner"), { data: bytes }) }),
      { cause: { cause: { originalError: { data: bytes } } } },
    ])
      expect(revertDataOf(error)).to.equal(bytes);
    const circular: { cause?: unknown } = {};
    circular.cause = circular;
    expect(revertDataOf(circular)).to.equal(undefined);
    // The transaction's own input is not revert data.
    expect(revertDataOf({ transaction: { data: bytes }, info: { payload: { data: bytes } } })).to.equal(undefined);
  });

  it("compares values, by place, by name and by predicate", async () => {
    const rejected = () =>
      expect(probe.getFunction("revertWith").staticCall(mismatch)).to.be.rejectedByGuard("AnchorMismatch");
    await rejected().withValues(41n, CLAIMED.toUpperCase().replace("0X", "0x"), ACTUAL);
    await rejected().withValues({ actual: ACTUAL });
    await rejected().withValues({ number: (value) => value === 41n });

    const all = await messageOf(() => rejected().withValues(42, CLAIMED, CLAIMED));
    expect(all).to.equal(
      `Expected the guard error AnchorMismatch to carry other values: number is 41 instead of 42; actual is ${ACTUAL} instead of ${CLAIMED}.`,
    );
    expect(await messageOf(() => rejected().withValues(41))).to.contain(
      "it has 3 (number, claimed, actual), and 1 were expected",
    );
    for (const nothing of [{}, new Map() as unknown as Record<string, bigint>])
      expect(await messageOf(() => rejected().withValues(nothing))).to.contain("nothing was expected of it");
    expect(await messageOf(() => rejected().withValues({ depth: 1 }))).to.contain('it has no value "depth"');
    expect(await messageOf(() => rejected().withValues({ number: () => false }))).to.contain(
      "which the predicate refuses",
    );
    expect(await messageOf(() => rejected().withValues({ number: "forty-one" }))).to.contain("instead of forty-one");
  });

  it("says what happened instead", async () => {
    const shallow = abi.encodeErrorResult("AnchorTooShallow", [9n, 10n, 2n]);
    const revert = (bytes: string) =>
      expect(probe.getFunction("revertWith").staticCall(bytes)).to.be.rejectedByGuard("AnchorMismatch");

    expect(
      await messageOf(() => expect(probe.getFunction("set").send(1)).to.be.rejectedByGuard("AnchorMismatch")),
    ).to.equal("Expected the transaction to be rejected with the guard error AnchorMismatch, but it succeeded.");
    expect(await messageOf(() => revert(shallow))).to.contain(
      "AnchorTooShallow: the anchor at block 9 is 1 deep at block 10, and the least",
    );
    const reason = new Interface(["error Error(string)"]).encodeErrorResult("Error", ["no margin"]);
    expect(await messageOf(() => revert(reason))).to.contain(
      'Not a guard error: it reverted with the reason "no margin".',
    );
    expect(await messageOf(() => revert("0x"))).to.contain("the revert carries no data");
    expect(await messageOf(() => revert(mismatch.slice(0, -2)))).to.contain(
      "has the selector of AnchorMismatch and not its form",
    );
    const offline = Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
    expect(await messageOf(() => expect(offline).to.be.rejectedByGuard())).to.contain(
      "it never ran: connect ECONNREFUSED",
    );
  });

  it("sees a block that comes between a client's first look and its subscription", async () => {
    const sent = await sentAndMined();
    let looks = 0;
    const wait = (_confirms?: number, timeout?: number): Promise<{ status: number }> => {
      if (++looks > 1) return Promise.resolve({ status: 0 });
      return new Promise((_, reject) => {
        // Without a limit it never ends, for no block follows.
        if (timeout !== undefined) setTimeout(() => reject(makeError("wait for transaction timeout", "TIMEOUT")), 1);
      });
    };
    await expect(Promise.resolve({ hash: sent.hash, wait, provider: sent.provider })).to.be.rejectedByGuard(
      "AnchorMismatch",
    );
    expect(looks).to.equal(2);
    const unanswered = (): Promise<never> => Promise.reject(makeError("request timeout", "TIMEOUT"));
    const silent = Promise.resolve({ hash: sent.hash, wait: unanswered, provider: sent.provider });
    expect(await messageOf(() => expect(silent).to.be.rejectedByGuard())).to.contain("it never ran: request timeout");
  });

  it("fails one test where a check of values follows an error that did not come, and leaves no rejection to nobody", async () => {
    const stray: unknown[] = [];
    const listen = (reason: unknown): void => void stray.push(reason);
    // Mocha ends the run on a stray rejection; it must not get to see one here either.
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", listen);
    try {
      const message = await messageOf(() =>
        expect(probe.getFunction("set").send(1)).to.be.rejectedByGuard("AnchorMismatch").withValues(1n),
      );
      expect(message).to.contain("but it succeeded");
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of others) process.on("unhandledRejection", listener);
    }
    expect(stray).to.deep.equal([]);
  });

  it("negates: passes for success and for any other revert, and not for a transaction that never ran", async () => {
    const reason = new Interface(["error Error(string)"]).encodeErrorResult("Error", ["no margin"]);
    await expect(probe.getFunction("set").send(1)).not.to.be.rejectedByGuard();
    await expect(probe.getFunction("revertWith").staticCall(reason)).not.to.be.rejectedByGuard();
    await expect(probe.getFunction("revertWith").staticCall(mismatch)).not.to.be.rejectedByGuard("AnchorTooDeep");
    expect(
      await messageOf(() =>
        expect(probe.getFunction("revertWith").staticCall(mismatch)).not.to.be.rejectedByGuard("AnchorMismatch"),
      ),
    ).to.contain("but it reverted. AnchorMismatch: the action was prepared on another branch");
    expect(await messageOf(() => expect(Promise.reject(new Error("offline"))).not.to.be.rejectedByGuard())).to.contain(
      "it never ran: offline",
    );
    // A node that keeps the revert data to itself does not say that it was not the guard.
    const silent = Promise.reject(
      Object.assign(new Error("execution reverted"), { code: "CALL_EXCEPTION", data: null }),
    );
    expect(await messageOf(() => expect(silent).not.to.be.rejectedByGuard())).to.contain("does not say with what");
    const both = expect(probe.getFunction("set").send(1)).not.to.be.rejectedByGuard();
    expect(() => both.withValues(1)).to.throw(AssertionError, "Do not combine .not");
    await both;
  });

  it("refuses a name that is not a guard error's, instead of passing for ever", () => {
    expect(() => expect(Promise.resolve()).to.be.rejectedByGuard("AnchorMissmatch" as GuardErrorName)).to.throw(
      AssertionError,
      '"AnchorMissmatch" is not a guard error',
    );
  });
});
